//! A JSONPath query (RFC 9535), as far as it can be checked before there is a document.

use grep_regex::RegexMatcher;

use super::number::Decimal;
use std::collections::BTreeMap;

/// What a query goes through, step by step.
#[derive(Debug)]
pub struct Query {
    /// Whether it begins at the root (`$`) or at the node that a filter looks at (`@`).
    pub from_root: bool,
    pub segments: Vec<Segment>,
}

impl Query {
    /// Whether it selects one node at most.
    pub fn is_singular(&self) -> bool {
        let one = |selector: &Selector| matches!(selector, Selector::Name(_) | Selector::Index(_));
        let single =
            |segment: &Segment| !segment.descendants && segment.selectors.len() == 1 && one(&segment.selectors[0]);
        self.segments.iter().all(single)
    }
}

#[derive(Debug)]
pub struct Segment {
    pub descendants: bool,
    pub selectors: Vec<Selector>,
}

#[derive(Debug)]
pub enum Selector {
    Name(Vec<u8>),
    Wildcard,
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    Filter(Test),
}

/// What a filter asks of a node.
#[derive(Debug)]
pub enum Test {
    Any(Vec<Test>),
    All(Vec<Test>),
    Not(Box<Test>),
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    /// Whether a text matches a regular expression, as a whole or somewhere.
    Matches {
        text: Operand,
        pattern: Pattern,
        whole: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug)]
pub enum Pattern {
    /// Nothing matches an expression that can't be read.
    Fixed(Option<RegexMatcher>),
    OfEach(Operand),
}

/// Something that has a value, or none.
#[derive(Debug)]
pub enum Operand {
    Literal(Plain),
    /// A query for one node.
    Node(Query),
    Length(Box<Operand>),
    Count(Query),
    Value(Query),
}

/// A value that is compared. Texts are UTF-8 with lone surrogates as they would be encoded, so that their bytes are in
/// the order of their characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Vec<u8>),
    Array(Vec<Plain>),
    Object(BTreeMap<Vec<u8>, Plain>),
}

//! What a query selects, by RFC 9535 and in its order: found by going through the stored bytes as often as it needs.

use std::{cmp::Ordering, ops::Range};

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;

use super::{
    number::Decimal,
    parse::expression,
    query::{Comparison, Operand, Pattern, Plain, Query, Segment, Selector, Test},
    reader::{Children, Kind, Node, Reader},
};
use porthole_base::error::Result;

/// Children between two that are remembered, where an array is gone through backwards.
const EVERY: u64 = 1024;

/// Takes a node that was found; whether to go on.
pub type Take<'t> = &'t mut dyn FnMut(&mut Evaluator<'_, '_>, Node) -> Result<bool>;

/// Evaluates queries on one document.
pub struct Evaluator<'r, 'b> {
    pub reader: &'r mut Reader<'b>,
    root: Node,
    /// The last expression that was read from a document.
    expression: Option<(Vec<u8>, bool, Option<RegexMatcher>)>,
}

impl<'r, 'b> Evaluator<'r, 'b> {
    pub fn new(reader: &'r mut Reader<'b>, root: Node) -> Self {
        Self { reader, root, expression: None }
    }

    /// Passes on what a query selects, until it is enough.
    pub fn evaluate(&mut self, query: &Query, take: Take<'_>) -> Result<bool> {
        self.select(&query.segments, self.root, take)
    }

    fn select(&mut self, segments: &[Segment], node: Node, take: Take<'_>) -> Result<bool> {
        let Some((segment, rest)) = segments.split_first() else { return take(self, node) };
        if segment.descendants {
            return self.descend(segment, rest, node, take);
        }
        self.children(segment, rest, node, take)
    }

    /// Nodes are visited before what is in them.
    fn descend(&mut self, segment: &Segment, rest: &[Segment], node: Node, take: Take<'_>) -> Result<bool> {
        if !self.children(segment, rest, node, take)? {
            return Ok(false);
        }
        let mut children = Children::of(self.reader, node)?;
        while let Some(child) = children.next(self.reader)? {
            let is_container = matches!(self.reader.kind(child.node)?, Kind::Array | Kind::Object);
            if is_container && !self.descend(segment, rest, child.node, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn children(&mut self, segment: &Segment, rest: &[Segment], node: Node, take: Take<'_>) -> Result<bool> {
        let kind = self.reader.kind(node)?;
        if !matches!(kind, Kind::Array | Kind::Object) {
            return Ok(true);
        }
        for selector in &segment.selectors {
            let on = match selector {
                Selector::Name(name) if kind == Kind::Object => match self.named(node, name)? {
                    Some(found) => self.select(rest, found, take)?,
                    None => true,
                },
                Selector::Index(index) if kind == Kind::Array => self.at(node, *index, rest, take)?,
                Selector::Slice { start, end, step } if kind == Kind::Array => {
                    self.slice(node, (*start, *end, *step), rest, take)?
                }
                Selector::Wildcard => self.each(node, None, rest, take)?,
                Selector::Filter(test) => self.each(node, Some(test), rest, take)?,
                Selector::Name(_) | Selector::Index(_) | Selector::Slice { .. } => true,
            };
            if !on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The member with this name; of several the last one, as in JavaScript.
    fn named(&mut self, node: Node, name: &[u8]) -> Result<Option<Node>> {
        let (mut found, mut children) = (None, Children::of(self.reader, node)?);
        while let Some(child) = children.next(self.reader)? {
            if let Some(key) = child.key
                && self.reader.is_named(key, name)?
            {
                found = Some(child.node);
            }
        }
        Ok(found)
    }

    fn each(&mut self, node: Node, test: Option<&Test>, rest: &[Segment], take: Take<'_>) -> Result<bool> {
        let mut children = Children::of(self.reader, node)?;
        while let Some(child) = children.next(self.reader)? {
            let passes = test.map_or(Ok(true), |test| self.passes(test, child.node))?;
            if passes && !self.select(rest, child.node, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn length(&mut self, node: Node) -> Result<u64> {
        let (mut length, mut children) = (0, Children::of(self.reader, node)?);
        while children.next(self.reader)?.is_some() {
            length += 1;
        }
        Ok(length)
    }

    fn at(&mut self, node: Node, index: i64, rest: &[Segment], take: Take<'_>) -> Result<bool> {
        let index = if index < 0 { self.length(node)? as i64 + index } else { index };
        if index < 0 {
            return Ok(true);
        }
        self.forward(node, index as u64..index as u64 + 1, 1, rest, take)
    }

    /// As RFC 9535 computes it (2.3.4.2.2).
    fn slice(
        &mut self,
        node: Node,
        (start, end, step): (Option<i64>, Option<i64>, i64),
        rest: &[Segment],
        take: Take<'_>,
    ) -> Result<bool> {
        if step == 0 {
            return Ok(true);
        }
        let length = self.length(node)? as i64;
        let from_start = |n: i64| if n < 0 { length + n } else { n };
        if step > 0 {
            let lower = from_start(start.unwrap_or(0)).clamp(0, length);
            let upper = from_start(end.unwrap_or(length)).clamp(0, length);
            return self.forward(node, lower as u64..upper as u64, step as u64, rest, take);
        }
        let upper = start.map_or(length - 1, from_start).clamp(-1, length - 1);
        let lower = end.map_or(-1, from_start).clamp(-1, length - 1);
        self.backward(node, (upper, lower), step.unsigned_abs(), rest, take)
    }

    fn forward(&mut self, node: Node, of: Range<u64>, step: u64, rest: &[Segment], take: Take<'_>) -> Result<bool> {
        let mut children = Children::of(self.reader, node)?;
        while let Some(child) = children.next(self.reader)? {
            if child.index >= of.end {
                break;
            }
            let chosen = child.index.checked_sub(of.start).is_some_and(|past| past % step == 0);
            if chosen && !self.select(rest, child.node, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// From one child down to another, which isn't among them: a block of children at a time is in memory.
    fn backward(
        &mut self,
        node: Node,
        (upper, lower): (i64, i64),
        step: u64,
        rest: &[Segment],
        take: Take<'_>,
    ) -> Result<bool> {
        let (mut blocks, mut children) = (Vec::new(), Children::of(self.reader, node)?);
        for index in 0..=upper.max(0) as u64 {
            if index.is_multiple_of(EVERY) {
                blocks.push(children);
            }
            if children.next(self.reader)?.is_none() {
                break;
            }
        }
        let (mut index, mut block, mut nodes) = (upper, usize::MAX, Vec::new());
        while index > lower && index >= 0 {
            let (needed, within) = ((index as u64 / EVERY) as usize, (index as u64 % EVERY) as usize);
            if needed != block {
                let Some(mut children) = blocks.get(needed).copied() else { break };
                nodes.clear();
                while nodes.len() < EVERY as usize
                    && let Some(child) = children.next(self.reader)?
                {
                    nodes.push(child.node);
                }
                block = needed;
            }
            if let Some(found) = nodes.get(within).copied()
                && !self.select(rest, found, take)?
            {
                return Ok(false);
            }
            index = index.saturating_sub_unsigned(step);
        }
        Ok(true)
    }

    fn passes(&mut self, test: &Test, node: Node) -> Result<bool> {
        match test {
            Test::Any(tests) => {
                for test in tests {
                    if self.passes(test, node)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Test::All(tests) => {
                for test in tests {
                    if !self.passes(test, node)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Test::Not(test) => Ok(!self.passes(test, node)?),
            Test::Exists(query) => Ok(self.first(query, node)?.is_some()),
            Test::Compare(left, comparison, right) => {
                let (left, right) = (self.value(left, node)?, self.value(right, node)?);
                Ok(compare(left.as_ref(), *comparison, right.as_ref()))
            }
            Test::Matches { text, pattern, whole } => {
                let Some(Plain::Text(text)) = self.value(text, node)? else { return Ok(false) };
                let is_match = |matcher: &RegexMatcher| matcher.is_match(&text).unwrap_or(false);
                let operand = match pattern {
                    Pattern::Fixed(matcher) => return Ok(matcher.as_ref().is_some_and(is_match)),
                    Pattern::OfEach(operand) => operand,
                };
                let Some(Plain::Text(pattern)) = self.value(operand, node)? else { return Ok(false) };
                if self.expression.as_ref().is_none_or(|(last, of_whole, _)| *last != pattern || of_whole != whole) {
                    let matcher = expression(&pattern, *whole);
                    self.expression = Some((pattern, *whole, matcher));
                }
                let matcher = self.expression.as_ref().and_then(|(_, _, matcher)| matcher.as_ref());
                Ok(matcher.is_some_and(is_match))
            }
        }
    }

    fn nodes_of(&mut self, query: &Query, current: Node, take: Take<'_>) -> Result<bool> {
        self.select(&query.segments, if query.from_root { self.root } else { current }, take)
    }

    fn first(&mut self, query: &Query, current: Node) -> Result<Option<Node>> {
        let mut first = None;
        self.nodes_of(query, current, &mut |_, node| {
            first = Some(node);
            Ok(false)
        })?;
        Ok(first)
    }

    fn value(&mut self, operand: &Operand, current: Node) -> Result<Option<Plain>> {
        match operand {
            Operand::Literal(value) => Ok(Some(value.clone())),
            Operand::Node(query) => {
                let node = self.first(query, current)?;
                node.map(|node| self.reader.plain(node)).transpose()
            }
            Operand::Count(query) => {
                let mut count = 0;
                self.nodes_of(query, current, &mut |_, _| {
                    count += 1;
                    Ok(true)
                })?;
                Ok(Some(Plain::Number(Decimal::from(count))))
            }
            Operand::Value(query) => {
                let (mut only, mut more) = (None, false);
                self.nodes_of(query, current, &mut |_, node| {
                    more = only.replace(node).is_some();
                    Ok(!more)
                })?;
                only.filter(|_| !more).map(|node| self.reader.plain(node)).transpose()
            }
            Operand::Length(of) => {
                // An array that is counted may be longer than what is compared.
                if let Operand::Node(query) = &**of {
                    let Some(node) = self.first(query, current)? else { return Ok(None) };
                    if matches!(self.reader.kind(node)?, Kind::Array | Kind::Object) {
                        return Ok(Some(Plain::Number(Decimal::from(self.length(node)?))));
                    }
                    return Ok(length(&self.reader.plain(node)?));
                }
                Ok(self.value(of, current)?.as_ref().and_then(length))
            }
        }
    }
}

fn length(value: &Plain) -> Option<Plain> {
    let length = match value {
        Plain::Text(text) => text.iter().filter(|byte| **byte & 0xc0 != 0x80).count(),
        Plain::Array(items) => items.len(),
        Plain::Object(members) => members.len(),
        Plain::Null | Plain::Bool(_) | Plain::Number(_) => return None,
    };
    Some(Plain::Number(Decimal::from(length as u64)))
}

fn compare(left: Option<&Plain>, comparison: Comparison, right: Option<&Plain>) -> bool {
    let order = match (left, right) {
        (Some(Plain::Number(left)), Some(Plain::Number(right))) => Some(left.cmp(right)),
        (Some(Plain::Text(left)), Some(Plain::Text(right))) => Some(left.cmp(right)),
        _ => None,
    };
    let equal = left == right;
    match comparison {
        Comparison::Equal => equal,
        Comparison::NotEqual => !equal,
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::LessOrEqual => equal || order == Some(Ordering::Less),
        Comparison::GreaterOrEqual => equal || order == Some(Ordering::Greater),
    }
}

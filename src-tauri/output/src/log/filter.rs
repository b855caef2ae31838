//! The language of a log's filter: `level:error took>100 name=web "not found" -health`, all of which must match.

use super::{
    Level, level,
    record::{self, Field},
};
use crate::json::Decimal;
use porthole_base::error::{Code, Error, Result};

/// Parts of a filter.
const MOST: usize = 50;

/// What a line must be like.
#[derive(Debug, Default)]
pub(super) struct Filter {
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    negated: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    Levels(Vec<Level>),
    /// In lower case.
    Text(String),
    Field {
        name: String,
        compared: Option<(Comparison, String)>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Is,
    IsNot,
    Contains,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// The longest first: `>=` isn't `>`.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("!=", Comparison::IsNot),
    (">=", Comparison::AtLeast),
    ("<=", Comparison::AtMost),
    ("=", Comparison::Is),
    ("~", Comparison::Contains),
    (">", Comparison::Above),
    ("<", Comparison::Below),
];

impl Filter {
    /// Reads a filter.
    pub fn read(text: &str) -> Result<Self> {
        let terms = words(text)?.into_iter().map(|word| term(&word)).collect::<Result<Vec<_>>>()?;
        if terms.len() > MOST {
            return Err(invalid(format!("The filter has more than {MOST} parts")));
        }
        Ok(Self { terms })
    }

    /// Whether the text of lines is needed, and not only their levels.
    pub fn reads_text(&self) -> bool {
        self.terms.iter().any(|term| !matches!(term.test, Test::Levels(_)))
    }

    /// Whether a line with what belongs to it passes. Fields are those of the line; text may be in any of them.
    pub fn passes(&self, level: Level, lines: &[String]) -> bool {
        let mut fields = None;
        self.terms.iter().all(|term| {
            let passes = match &term.test {
                Test::Levels(levels) => levels.contains(&level),
                Test::Text(text) => lines.iter().any(|line| contains(line, text)),
                Test::Field { name, compared } => {
                    let line = lines.first().map_or("", String::as_str);
                    let fields = fields.get_or_insert_with(|| record::fields(line).unwrap_or_default());
                    has(fields, name, &|field| compared.as_ref().is_none_or(|(by, value)| compare(field, *by, value)))
                }
            };
            passes != term.negated
        })
    }
}

/// Whether a text has another, which is in lower case.
fn contains(text: &str, lower: &str) -> bool {
    let (text_bytes, wanted) = (text.as_bytes(), lower.as_bytes());
    let Some(first) = wanted.first().filter(|_| lower.is_ascii()) else {
        return text.to_lowercase().contains(lower);
    };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text_bytes)
        .any(|at| text_bytes.get(at..at + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted)))
}

/// Whether a field of this name passes a test. `a.b` is also the member `b` of the object `a`.
fn has(fields: &[Field<'_>], name: &str, test: &dyn Fn(&Field<'_>) -> bool) -> bool {
    fields.iter().any(|field| {
        if field.key == name {
            return test(field);
        }
        let inner = name.strip_prefix(field.key.as_ref()).and_then(|rest| rest.strip_prefix('.'));
        inner.is_some_and(|inner| {
            field.json && record::members(field.value).is_some_and(|members| has(&members, inner, test))
        })
    })
}

fn compare(field: &Field<'_>, by: Comparison, wanted: &str) -> bool {
    let value = field.plain();
    if by == Comparison::Contains {
        return contains(&value, &wanted.to_lowercase());
    }
    let is_level = level::is_key(&field.key) && matches!(by, Comparison::Is | Comparison::IsNot);
    let order = match (number(&value), number(wanted)) {
        (Some(value), Some(wanted)) => Some(value.cmp(&wanted)),
        // A text is above or below no number.
        (Some(_), None) | (None, Some(_)) => None,
        (None, None) if is_level => Some(value.to_lowercase().cmp(&wanted.to_lowercase())),
        (None, None) => Some(value.as_ref().cmp(wanted)),
    };
    match by {
        Comparison::Is => order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::IsNot => order.is_none_or(std::cmp::Ordering::is_ne),
        Comparison::Above => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
        Comparison::Below => order.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Contains => false,
    }
}

/// A number as JSON writes it, whatever its size.
fn number(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
        && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
    is_number.then(|| Decimal::read(text.as_bytes()))
}

/// A word of a filter: what is outside of quotes, and all of it without them.
#[derive(Debug, Default)]
struct Word {
    text: String,
    /// Bytes of `text` before the first quote.
    bare: usize,
}

fn words(text: &str) -> Result<Vec<Word>> {
    let mut words: Vec<Word> = Vec::new();
    let (mut word, mut quoted, mut was_quoted) = (Word::default(), false, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                was_quoted = true;
                continue;
            }
            '\\' if quoted => word.text.push(chars.next().unwrap_or('\\')),
            _ if c.is_whitespace() && !quoted => {
                if !word.text.is_empty() || was_quoted {
                    words.push(std::mem::take(&mut word));
                }
                was_quoted = false;
                continue;
            }
            _ => word.text.push(c),
        }
        if !was_quoted {
            word.bare = word.text.len();
        }
    }
    if quoted {
        return Err(invalid("The filter has a quote without an end".to_owned()));
    }
    if !word.text.is_empty() || was_quoted {
        words.push(word);
    }
    Ok(words)
}

fn term(word: &Word) -> Result<Term> {
    // `--flag` is an option in a command line, not a negation.
    let negated = word.bare > 0 && word.text.len() > 1 && word.text.starts_with('-') && !word.text.starts_with("--");
    let skipped = usize::from(negated);
    let (text, bare) = (&word.text[skipped..], word.bare - skipped.min(word.bare));
    let test = test(text, bare)?;
    Ok(Term { negated, test })
}

fn test(text: &str, bare: usize) -> Result<Test> {
    if let Some(levels) = text.strip_prefix("level:").filter(|_| bare >= 6) {
        return read_levels(levels).map(Test::Levels);
    }
    let explicit = text.strip_prefix("field:").filter(|_| bare >= 6);
    let (rest, bare) = explicit.map_or((text, bare), |rest| (rest, bare - 6));
    let name = rest[..bare].find(|c: char| !(c.is_alphanumeric() || "_.-@/".contains(c))).unwrap_or(bare);
    let named = rest[..name].starts_with(|c: char| c.is_alphabetic() || "_@".contains(c));
    let operator = COMPARISONS.iter().find(|(sign, _)| rest[name..bare.max(name)].starts_with(sign));
    let field = |compared| Test::Field { name: rest[..name].to_owned(), compared };
    match (operator, explicit.is_some()) {
        (Some((sign, by)), _) if named => Ok(field(Some((*by, rest[name + sign.len()..].to_owned())))),
        (None, true) if named && name == rest.len() => Ok(field(None)),
        (_, true) => Err(invalid(format!("`{text}` isn't a filter by a field"))
            .hint("Write `field:name`, `field:name=value` or `field:name>100`.")),
        _ => Ok(Test::Text(text.to_lowercase())),
    }
}

/// `error`, `error,warning` or `>=warning`.
fn read_levels(text: &str) -> Result<Vec<Level>> {
    let named = |name: &str| {
        let other = name.eq_ignore_ascii_case("other") || name.eq_ignore_ascii_case("none");
        level::of_word(name).or(other.then_some(Level::Other)).ok_or_else(|| {
            invalid(format!("`{name}` isn't a level")).hint(
                "Levels are error, warning, info, debug, trace and other. `level:>=warning` includes more severe levels.",
            )
        })
    };
    if let Some(least) = text.strip_prefix(">=") {
        let least = named(least)?;
        return Ok(Level::ALL.into_iter().filter(|level| *level <= least).collect());
    }
    text.split(',').map(named).collect()
}

fn invalid(what: String) -> Error {
    Error::new(Code::SearchInvalid, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str, line: &str) -> bool {
        let level = level::find(line).map_or(Level::Other, |found| found.level);
        Filter::read(filter).unwrap().passes(level, &[line.to_owned()])
    }

    #[test]
    fn all_parts_of_a_filter_must_match() {
        let line =
            r#"{"level":"error","msg":"Not found","took":150,"id":9007199254740993,"http":{"status":404},"a.b":"x y"}"#;
        for yes in [
            "",
            "level:error",
            "level:error,info",
            "level:>=warning",
            "not",
            "\"not found\"",
            "took>100",
            "took>=150",
            "took<1.6e2",
            "took=150.0",
            "took!=151",
            "id=9007199254740993",
            "http.status=404",
            "field:http",
            "field:http.status",
            "a.b=\"x y\"",
            "field:a.b~Y",
            "msg=\"Not found\"",
            "msg~found",
            "level=ERROR",
            "-level:info -nothing took>100",
            "FOUND took>100 level:error",
            "\"took\\\":150\"",
        ] {
            assert!(passes(yes, line), "{yes}");
        }
        for no in [
            "level:info",
            "-level:error",
            "gone",
            "took>150",
            "took=15",
            "id=9007199254740992",
            "field:nothing",
            "http.status=40",
            "msg=found",
            "msg>1",
            "took>x",
            "-not",
            "\"found not\"",
        ] {
            assert!(!passes(no, line), "{no}");
        }
    }

    #[test]
    fn what_is_no_field_is_text() {
        assert!(passes("http://host:80/?a=1", "GET http://host:80/?a=1"));
        assert!(passes("--flag", "run --flag"));
        assert!(passes("10>5", "is 10>5"));
        assert!(passes("\"a=b\"", "x a=b"));
        assert!(passes("ÄRGER", "viel ärger"));
        assert!(passes("level:other -level:error", "plain"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for bad in ["level:loud", "level:", "\"open", "field:", "field:a%b", &"x ".repeat(51)] {
            assert_eq!(Filter::read(bad).unwrap_err().code, Code::SearchInvalid, "{bad}");
        }
    }
}

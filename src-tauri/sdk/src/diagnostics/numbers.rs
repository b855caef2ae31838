//! Numbers in JSON text that a JavaScript number cannot hold: found in the text itself, with the
//! way to them.

/// A number that `JSON.parse` changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inexact {
    /// As written in the text.
    pub text: String,
    /// What JavaScript makes of it.
    pub becomes: String,
    /// The way to it: `$.items[3].id`.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// How many more there are after it.
    pub more: usize,
}

/// Levels of brackets that a path names.
const DEEPEST: usize = 64;
/// Bytes of a path.
const LONGEST: usize = 200;

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a [u8]),
    Index(usize),
}

/// The first of them, in one JSON value or several after each other. `whole` says that the text
/// does not go on: a number at the very end of a part may be longer.
pub(super) fn inexact(text: &[u8], whole: bool) -> Option<Inexact> {
    let mut first: Option<Inexact> = None;
    let (mut open, mut at): (Vec<Step<'_>>, usize) = (Vec::new(), 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                let end = string_end(text, at);
                let after = text[end.min(text.len())..].iter().find(|byte| !byte.is_ascii_whitespace());
                if after == Some(&b':')
                    && let Some(Step::Key(key)) = open.last_mut()
                {
                    *key = &text[at + 1..end - 1];
                }
                at = end;
                continue;
            }
            b'{' => open.push(Step::Key(b"")),
            b'[' => open.push(Step::Index(0)),
            b'}' | b']' => drop(open.pop()),
            b',' => {
                if let Some(Step::Index(n)) = open.last_mut() {
                    *n += 1;
                }
            }
            b'-' | b'0'..=b'9' => {
                let number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let end = at + text[at..].iter().take_while(number).count();
                if (whole || end < text.len())
                    && let Some(becomes) = changed(&text[at..end])
                {
                    match &mut first {
                        Some(first) => first.more += 1,
                        None => first = Some(found(text, at, end, &open, becomes)),
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    first
}

fn found(text: &[u8], at: usize, end: usize, open: &[Step<'_>], becomes: String) -> Inexact {
    let mut path = String::from("$");
    for step in open.iter().take(DEEPEST) {
        match step {
            Step::Key(key) if key.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_') => {
                path.push('.');
                path.push_str(&String::from_utf8_lossy(key));
            }
            Step::Key(key) => path.push_str(&format!("[\"{}\"]", String::from_utf8_lossy(key))),
            Step::Index(n) => path.push_str(&format!("[{n}]")),
        }
        if path.chars().count() > LONGEST {
            path = path.chars().take(LONGEST).chain(['…']).collect();
            break;
        }
    }
    let line = memchr::memchr_iter(b'\n', &text[..at]).count() + 1;
    Inexact { text: String::from_utf8_lossy(&text[at..end]).into_owned(), becomes, path, line, more: 0 }
}

/// The place after the closing quote, or the end.
fn string_end(text: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(next) = memchr::memchr2(b'"', b'\\', text.get(at..).unwrap_or_default()) {
        at += next;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// What JavaScript writes for a number, when that is another: whole numbers beyond 2^53, and
/// whatever is too large for any number. Decimals are rounded as everywhere and are no trap.
fn changed(number: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(number).ok()?;
    // Up to fifteen digits every whole number is exact.
    if number.len() <= 15 && !text.contains(['e', 'E']) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if value.is_infinite() {
        return Some(if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned());
    }
    let whole = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    // The shortest digits that mean this value, with zeros up to the point: as JavaScript has it
    // below 1e21.
    (whole && format!("{value}") != text).then(|| javascript(value))
}

fn javascript(value: f64) -> String {
    if value.abs() < 1e21 { format!("{value}") } else { format!("{value:e}").replace('e', "e+") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_that_change_are_found_with_the_way_to_them() {
        for (text, number, becomes, path, line, more) in [
            ("9007199254740993", "9007199254740993", "9007199254740992", "$", 1, 0),
            (
                "{\"a\":\n[1, {\"b c\": -9223372036854775807}]}",
                "-9223372036854775807",
                "-9223372036854776000",
                "$.a[1][\"b c\"]",
                2,
                0,
            ),
            (
                "{\"id\":1}\n{\"id\":18446744073709551615}\n",
                "18446744073709551615",
                "18446744073709552000",
                "$.id",
                2,
                0,
            ),
            ("[1e999, 9007199254740993, -1e400]", "1e999", "Infinity", "$[0]", 1, 2),
            (
                "[123456789012345678901234567890]",
                "123456789012345678901234567890",
                "1.2345678901234568e+29",
                "$[0]",
                1,
                0,
            ),
            (
                "{\"a\\\"b\": {\"n\": 9007199254740993}}",
                "9007199254740993",
                "9007199254740992",
                "$[\"a\\\"b\"].n",
                1,
                0,
            ),
        ] {
            let found = inexact(text.as_bytes(), true).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.text.as_str(), found.becomes.as_str(), found.path.as_str()), (number, becomes, path));
            assert_eq!((found.line, found.more), (line, more), "{text}");
        }
    }

    #[test]
    fn numbers_that_stay_as_they_are_and_digits_in_strings_are_none() {
        for text in [
            "9007199254740991",
            "[9007199254740992, 100000000000000000000]",
            "{\"id\": \"9007199254740993\", \"9007199254740993\": 1}",
            "[0.1000000000000000055511151231257827, 1.0, 1e21, -0, 1e-400]",
            "\"9007199254740993",
            "\"\\",
            "",
        ] {
            assert_eq!(inexact(text.as_bytes(), true), None, "{text}");
        }
        assert_eq!(inexact(b"[9007199254740993", false), None, "it may go on, with a point even");
    }

    proptest! {
        #[test]
        fn any_bytes_are_gone_through(text in prop::collection::vec(prop::sample::select(b"{}[]\",:\\-19e.\n \xff".to_vec()), 0..60), whole in any::<bool>()) {
            let _ = inexact(&text, whole);
        }

        #[test]
        fn safe_integers_are_never_told(n in -9_007_199_254_740_991_i64..=9_007_199_254_740_991) {
            prop_assert_eq!(inexact(n.to_string().as_bytes(), true), None);
        }

        #[test]
        fn beyond_them_it_is_told_unless_the_digits_stay(n in 9_007_199_254_740_993_u64..) {
            let found = inexact(n.to_string().as_bytes(), true);
            prop_assert_eq!(found.is_none(), format!("{}", n as f64) == n.to_string());
        }
    }
}

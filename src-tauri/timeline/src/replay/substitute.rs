//! Values of earlier responses in later requests and commands.

use std::{cmp::Reverse, ops::Range};

use crate::compare::{Capture, json::Json, path::PathPattern};
use porthole_http::exchange::{Body, PartContent, Request};
use porthole_process::{Command, Stdin};

/// A captured value: what it was in the recording, and what it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Captured {
    name: String,
    recorded: Option<String>,
    now: String,
}

/// Takes a value from a response; none where the response has none there.
pub(super) fn captured(capture: &Capture, recorded: Option<&str>, now: Option<&str>) -> Option<Captured> {
    let path = PathPattern::read(&capture.path).ok()?;
    let value = |body: &str| {
        let document = Json::read(body)?;
        let raw = path.first_in(&document)?;
        Some(serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned()))
    };
    Some(Captured { name: capture.name.clone(), recorded: recorded.and_then(value), now: now.and_then(value)? })
}

/// Puts captured values in: for `{{name}}`, and for the recorded value where it is a whole word. All at once: what one
/// value puts in may be what another one was when it was recorded.
fn filled(text: &str, values: &[Captured]) -> String {
    let (mut out, mut from) = (String::new(), 0);
    while let Some((place, now)) = first_place(text, from, values) {
        out.push_str(&text[from..place.start]);
        out.push_str(now);
        from = place.end;
    }
    out.push_str(&text[from..]);
    out
}

/// Where the next value belongs; of two at the same place the longer one.
fn first_place<'v>(text: &str, from: usize, values: &'v [Captured]) -> Option<(Range<usize>, &'v str)> {
    let places = values.iter().flat_map(|Captured { name, recorded, now }| {
        let name = format!("{{{{{name}}}}}");
        let named = text[from..].find(&name).map(|at| from + at..from + at + name.len());
        let recorded = recorded.as_deref().filter(|recorded| recorded != now && !recorded.is_empty());
        let again = recorded.and_then(|recorded| whole_word(text, from, recorded));
        [named, again].into_iter().flatten().map(move |place| (place, now.as_str()))
    });
    // The first of equal ones.
    places.min_by_key(|(place, _)| (place.start, Reverse(place.end)))
}

/// The next place of a text where no letter or digit is next to it: the id 7 isn't in `/items/17`.
fn whole_word(text: &str, from: usize, word: &str) -> Option<Range<usize>> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text[from..]
        .match_indices(word)
        .map(|(at, _)| from + at..from + at + word.len())
        .find(|place| !is_word(text[..place.start].chars().next_back()) && !is_word(text[place.end..].chars().next()))
}

/// A request with the values in its path, query, headers and body.
pub(super) fn request(mut request: Request, values: &[Captured]) -> Request {
    if values.is_empty() {
        return request;
    }
    let fill = |text: &mut String| *text = filled(text, values);
    fill(&mut request.path);
    request.query.iter_mut().for_each(|param| fill(&mut param.value));
    request.headers.iter_mut().for_each(|header| fill(&mut header.value));
    match &mut request.body {
        Body::Json { text } | Body::Text { text } => fill(text),
        Body::Form { fields } => fields.iter_mut().for_each(|field| fill(&mut field.value)),
        Body::Multipart { parts } => {
            for part in parts {
                if let PartContent::Text { text } = &mut part.content {
                    fill(text);
                }
            }
        }
        Body::None | Body::File { .. } => {}
    }
    request
}

/// A command with the values in its arguments, variables and standard input.
pub(super) fn command(mut command: Command, values: &[Captured]) -> Command {
    if values.is_empty() {
        return command;
    }
    let fill = |text: &mut String| *text = filled(text, values);
    command.args.iter_mut().for_each(fill);
    command.env.iter_mut().for_each(|variable| fill(&mut variable.value));
    if let Some(Stdin::Text { text }) = &mut command.stdin {
        fill(text);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(recorded: &str, now: &str) -> Captured {
        Captured { name: "id".to_owned(), recorded: Some(recorded.to_owned()), now: now.to_owned() }
    }

    #[test]
    fn a_captured_value_takes_the_place_of_the_recorded_one() {
        for (text, filled_in) in [
            ("/items/7", "/items/42"),
            ("/items/7/tags", "/items/42/tags"),
            ("/items/17", "/items/17"),
            ("/items/77", "/items/77"),
            ("/items/{{id}}?x=7", "/items/42?x=42"),
            (r#"{"id":7,"n":"7a"}"#, r#"{"id":42,"n":"7a"}"#),
            ("7", "42"),
            ("é7", "é7"),
            ("7-7", "42-42"),
        ] {
            assert_eq!(filled(text, &[value("7", "42")]), filled_in, "{text}");
        }
        assert_eq!(filled("/x", &[value("", "42")]), "/x");
    }

    /// The second request went to the item of the third.
    #[test]
    fn what_one_value_puts_in_is_not_taken_for_another_ones_recorded_value() {
        let one = |name: &str, recorded: &str, now: &str| Captured {
            name: name.to_owned(),
            recorded: Some(recorded.to_owned()),
            now: now.to_owned(),
        };
        let values = [one("a", "1", "2"), one("b", "2", "3"), one("long", "2-x", "y")];
        for (text, filled_in) in [
            ("/items/1", "/items/2"),
            ("/items/2", "/items/3"),
            ("/items/1,2,1", "/items/2,3,2"),
            ("{{a}}{{b}}", "23"),
            ("/{{a}}/1/{{b}}/2", "/2/2/3/3"),
            ("/2-x/2", "/y/3"),
            ("12 21 é1", "12 21 é1"),
        ] {
            assert_eq!(filled(text, &values), filled_in, "{text}");
        }
        // A value with the name of another in it stays a value.
        assert_eq!(filled("{{a}}", &[one("a", "7", "{{b}}"), one("b", "8", "9")]), "{{b}}");
    }

    #[test]
    fn values_are_taken_from_json() {
        let capture = |path: &str| Capture { name: "id".to_owned(), call: 1, path: path.to_owned() };
        let take = |path: &str, before: &str, now: &str| captured(&capture(path), Some(before), Some(now));
        assert_eq!(take("$.id", r#"{"id":7}"#, r#"{"id":"a b"}"#), Some(value("7", "a b")));
        assert_eq!(take("$..id", r#"[{"id":7}]"#, r#"{"x":{"id":42}}"#), Some(value("7", "42")));
        assert_eq!(take("$.id", r#"{"id":7}"#, "{}"), None);
        assert_eq!(take("$.id", r#"{"id":7}"#, "not JSON"), None);
        assert_eq!(take("id", r#"{"id":7}"#, r#"{"id":7}"#), None);
    }
}

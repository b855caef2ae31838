//! Values of earlier responses in later requests and commands.

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

/// Puts captured values in: for `{{name}}`, and for the recorded value where it is a whole word.
fn filled(text: &str, values: &[Captured]) -> String {
    values.iter().fold(text.to_owned(), |text, Captured { name, recorded, now }| {
        let text = text.replace(&format!("{{{{{name}}}}}"), now);
        match recorded {
            Some(recorded) if recorded != now && !recorded.is_empty() => whole_words(&text, recorded, now),
            _ => text,
        }
    })
}

/// Replaces a text where no letter or digit is next to it: the id 7 isn't in `/items/17`.
fn whole_words(text: &str, word: &str, by: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let last = before.chars().next_back().or_else(|| out.chars().next_back());
        let is_whole = !is_word(last) && !is_word(after.chars().next());
        out.push_str(before);
        out.push_str(if is_whole { by } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
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

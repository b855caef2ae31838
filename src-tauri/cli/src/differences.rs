//! Two calls that were compared, in lines for people.

use porthole_base::terminal;
use porthole_timeline::compare::{
    CallPart, ChangeKind, ComparedExtent, ComparedLine, ComparedPart, Comparison, Difference, FieldDifference, Hunk,
    JsonChange,
};

/// Characters of a value in the words about the first difference.
const SHOWN: usize = 100;

/// The lines about what differs, without control characters, whatever the calls have in their values. `-` marks the first call and `+` the second.
pub fn lines(comparison: &Comparison) -> Vec<String> {
    comparison.parts.iter().flat_map(of_part).collect()
}

fn of_part(part: &ComparedPart) -> Vec<String> {
    let mut found = match &part.difference {
        Difference::Same | Difference::Times { .. } => Vec::new(),
        Difference::Fields { fields } => fields.iter().flat_map(field).collect(),
        Difference::Json { changes, more } => {
            let mut lines: Vec<String> = changes.iter().flat_map(json).collect();
            if *more > 0 {
                lines.push(format!("and {more} more"));
            }
            lines
        }
        Difference::Text { hunks, more } => {
            let mut lines: Vec<String> = hunks.iter().flat_map(hunk).collect();
            if *more > 0 {
                lines.push(format!("and {more} more groups of lines"));
            }
            lines
        }
        Difference::Bytes { offset, first_length, second_length } => {
            vec![format!("bytes differ from offset {offset} on ({first_length} and {second_length} bytes)")]
        }
    };
    if let Some(ComparedExtent { first, second, callbacks }) = part.partial {
        let unit = if callbacks { "callbacks" } else { "bytes" };
        found.push(format!("compared the first {first} and {second} {unit}; the rest is unknown"));
    }
    if found.is_empty() {
        return found;
    }
    let runtime = part.runtime.map(|runtime| format!(" ({runtime})")).unwrap_or_default();
    let title = format!("{}{runtime}:", name(part.part));
    std::iter::once(title).chain(found.into_iter().map(|line| format!("  {line}"))).collect()
}

fn name(part: CallPart) -> &'static str {
    match part {
        CallPart::Request => "request",
        CallPart::Outcome => "outcome",
        CallPart::Headers => "headers",
        CallPart::Trailers => "trailers",
        CallPart::Body => "body",
        CallPart::Stdout => "stdout",
        CallPart::Stderr => "stderr",
        CallPart::Callbacks => "callbacks",
        CallPart::InYourCode => "in your code",
        CallPart::Timing => "timing",
    }
}

/// A value in lines that all begin with its sign: what a call wrote mustn't look like a line of Porthole.
fn signed(sign: char, name: &str, value: &str) -> Vec<String> {
    let line = |(n, line): (usize, &str)| match n {
        0 => format!("{sign} {}: {}", terminal::line(name), terminal::line(line)),
        _ => format!("{sign}   {}", terminal::line(line)),
    };
    value.split('\n').enumerate().map(line).collect()
}

fn field(FieldDifference { name, first, second }: &FieldDifference) -> Vec<String> {
    let lines = |sign: char, value: &Option<String>| value.as_ref().map(|value| signed(sign, name, value));
    [lines('-', first), lines('+', second)].into_iter().flatten().flatten().collect()
}

fn json(JsonChange { kind, path, from, first, second }: &JsonChange) -> Vec<String> {
    let value =
        |sign: char, path: &str, value: &Option<String>| signed(sign, path, value.as_deref().unwrap_or_default());
    let old = from.as_ref().unwrap_or(path);
    match kind {
        ChangeKind::Added => value('+', path, second),
        ChangeKind::Removed => value('-', path, first),
        ChangeKind::Changed => [value('-', old, first), value('+', path, second)].concat(),
        ChangeKind::Moved => vec![moved(old, path)],
    }
}

fn moved(from: &str, to: &str) -> String {
    format!("~ {} moved to {}", terminal::line(from), terminal::line(to))
}

fn hunk(Hunk { lines }: &Hunk) -> Vec<String> {
    let line = |line: &ComparedLine| {
        let sign = match (line.first, line.second) {
            (Some(_), None) => '-',
            (None, Some(_)) => '+',
            _ => ' ',
        };
        let end = line.end.as_deref().map(|end| format!("\\ {}", end_in_words(end)));
        std::iter::once(format!("{sign} {}", terminal::lines(&text_of(line)))).chain(end)
    };
    let first = lines.iter().find_map(|line| line.first.or(line.second)).unwrap_or_default();
    std::iter::once(format!("@ line {first}")).chain(lines.iter().flat_map(line)).collect()
}

fn text_of(line: &ComparedLine) -> String {
    line.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

fn end_in_words(end: &str) -> String {
    if end.is_empty() { "no newline at the end".to_owned() } else { format!("ends with {}", terminal::line(end)) }
}

/// The first difference in one line, for a report of many calls.
pub fn first(comparison: &Comparison) -> String {
    let words = comparison.parts.iter().find_map(|part| {
        let runtime = part.runtime.map(|runtime| format!(" ({runtime})")).unwrap_or_default();
        in_words(&part.difference).map(|words| format!("{}{runtime}: {words}", name(part.part)))
    });
    terminal::line(&words.unwrap_or_default()).into_owned()
}

fn in_words(difference: &Difference) -> Option<String> {
    match difference {
        Difference::Same | Difference::Times { .. } => None,
        Difference::Fields { fields } => fields
            .first()
            .map(|FieldDifference { name, first, second }| expected(name, first.as_deref(), second.as_deref())),
        Difference::Json { changes, .. } => changes.first().map(|JsonChange { kind, path, from, first, second }| {
            let old = from.as_ref().unwrap_or(path);
            match kind {
                ChangeKind::Moved => format!("{old} moved to {path}"),
                _ => expected(path, first.as_deref(), second.as_deref()),
            }
        }),
        Difference::Text { hunks, .. } => hunks.first().map(first_line),
        Difference::Bytes { offset, .. } => Some(format!("bytes differ from offset {offset} on")),
    }
}

/// The first line that only one of the two has, with the next one that only the other has.
fn first_line(Hunk { lines }: &Hunk) -> String {
    let old = lines.iter().find(|line| line.first.is_some() && line.second.is_none());
    let new = lines.iter().find(|line| line.first.is_none() && line.second.is_some());
    let number = old.and_then(|line| line.first).or(new.and_then(|line| line.second)).unwrap_or_default();
    let text = |line: &ComparedLine| match &line.end {
        Some(end) => format!("{} ({})", text_of(line), end_in_words(end)),
        None => text_of(line),
    };
    expected(&format!("line {number}"), old.map(text).as_deref(), new.map(text).as_deref())
}

fn expected(name: &str, first: Option<&str>, second: Option<&str>) -> String {
    let cut = |text: &str| match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    };
    match (first, second) {
        (Some(first), Some(second)) => format!("{name}: expected {}, got {}", cut(first), cut(second)),
        (Some(first), None) => format!("{name}: expected {}, got nothing", cut(first)),
        (None, Some(second)) => format!("{name}: expected nothing, got {}", cut(second)),
        (None, None) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use porthole_timeline::compare::LinePiece;

    use super::*;

    fn of(part: CallPart, difference: Difference) -> Comparison {
        let part = ComparedPart { part, runtime: None, difference, allowed: 0, partial: None };
        Comparison { parts: vec![part] }
    }

    fn field(name: &str, first: &str, second: &str) -> FieldDifference {
        FieldDifference { name: name.to_owned(), first: Some(first.to_owned()), second: Some(second.to_owned()) }
    }

    /// A session could forge lines of the report: `echo $'x\n1 same, 0 different'`.
    #[test]
    fn a_value_with_line_breaks_has_a_sign_and_an_indent_on_each_line() {
        let many = Difference::Fields { fields: vec![field("X-Many", "1\n2", "1\n3\n1 same, 0 different\u{1b}[2J")] };
        let expected =
            ["headers:", "  - X-Many: 1", "  -   2", "  + X-Many: 1", "  +   3", "  +   1 same, 0 different\\x1b[2J"];
        assert_eq!(lines(&of(CallPart::Headers, many)), expected);
        let change = JsonChange {
            kind: ChangeKind::Changed,
            path: "$.a".to_owned(),
            from: None,
            first: Some("1".to_owned()),
            second: Some("{\n\"b\": 1\n}".to_owned()),
        };
        let json = Difference::Json { changes: vec![change], more: 0 };
        let expected = ["body:", "  - $.a: 1", "  + $.a: {", "  +   \"b\": 1", "  +   }"];
        assert_eq!(lines(&of(CallPart::Body, json)), expected);
    }

    #[test]
    fn lines_that_differ_only_in_their_end_say_so() {
        let line = |first: Option<u64>, second: Option<u64>, end: &str| ComparedLine {
            first,
            second,
            pieces: vec![LinePiece { text: "a".to_owned(), differs: false }],
            end: Some(end.to_owned()),
        };
        let hunk = Hunk { lines: vec![line(Some(1), None, "\r\n"), line(None, Some(1), "")] };
        let comparison = of(CallPart::Stdout, Difference::Text { hunks: vec![hunk], more: 0 });
        let expected =
            ["stdout:", "  @ line 1", "  - a", "  \\ ends with \\r\\n", "  + a", "  \\ no newline at the end"];
        assert_eq!(lines(&comparison), expected);
        let words = "stdout: line 1: expected a (ends with \\r\\n), got a (no newline at the end)";
        assert_eq!(first(&comparison), words);
    }

    /// The message of a failure in JUnit was `headers:`.
    #[test]
    fn the_first_difference_is_told_in_one_line() {
        let status = Difference::Fields { fields: vec![field("status", "200", "404"), field("failure", "a", "b")] };
        assert_eq!(first(&of(CallPart::Outcome, status)), "outcome: status: expected 200, got 404");
        let header = FieldDifference { second: None, ..field("X-A", "1\n2", "") };
        let headers = Difference::Fields { fields: vec![header] };
        assert_eq!(first(&of(CallPart::Headers, headers)), "headers: X-A: expected 1\\n2, got nothing");
    }
}

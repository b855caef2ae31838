//! Two calls that were compared, in lines for people.

use porthole_timeline::compare::{
    CallPart, ChangeKind, ComparedExtent, ComparedLine, ComparedPart, Comparison, Difference, FieldDifference, Hunk,
    JsonChange,
};

/// The lines about what differs. `-` marks the first call and `+` the second.
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

fn field(FieldDifference { name, first, second }: &FieldDifference) -> Vec<String> {
    let line = |sign: char, value: &Option<String>| value.as_ref().map(|value| format!("{sign} {name}: {value}"));
    [line('-', first), line('+', second)].into_iter().flatten().collect()
}

fn json(JsonChange { kind, path, from, first, second }: &JsonChange) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let old = from.as_ref().unwrap_or(path);
    match kind {
        ChangeKind::Added => vec![format!("+ {path}: {}", text(second))],
        ChangeKind::Removed => vec![format!("- {path}: {}", text(first))],
        ChangeKind::Changed => vec![format!("- {old}: {}", text(first)), format!("+ {path}: {}", text(second))],
        ChangeKind::Moved => vec![format!("~ {old} moved to {path}")],
    }
}

fn hunk(Hunk { lines }: &Hunk) -> Vec<String> {
    let line = |ComparedLine { first, second, pieces }: &ComparedLine| {
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let sign = match (first, second) {
            (Some(_), None) => '-',
            (None, Some(_)) => '+',
            _ => ' ',
        };
        format!("{sign} {text}")
    };
    let first = lines.iter().find_map(|line| line.first.or(line.second)).unwrap_or_default();
    std::iter::once(format!("@ line {first}")).chain(lines.iter().map(line)).collect()
}

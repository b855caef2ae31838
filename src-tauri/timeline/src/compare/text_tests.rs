use proptest::prelude::*;

use super::*;
use crate::compare::rules::{Allow, Rules};
use porthole_output::DiskQuota;

fn source(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> Source {
    let output = Arc::new(Output::new(folder.path().join(name), Arc::new(DiskQuota::unlimited())));
    for piece in bytes.chunks(1 << 20) {
        output.append(Stream::Stdout, piece, 1).unwrap();
    }
    output.end();
    Source::new(output, Stream::Stdout)
}

fn compared(first: &[u8], second: &[u8], rules: &Rules) -> Compared {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (source(&folder, "1", first), source(&folder, "2", second));
    compare(&first, &second, &rules.read().unwrap(), &CancellationToken::new()).unwrap()
}

fn without(pattern: &str) -> Rules {
    Rules { allow: vec![Allow::Lines { pattern: pattern.to_owned() }], ..Rules::default() }
}

/// The lines as a patch has them: `-2 text` of the first, `+3 text` of the second, with what differs in brackets.
fn patch(difference: &Difference) -> Vec<String> {
    let Difference::Text { hunks, .. } = difference else { return Vec::new() };
    let line = |ComparedLine { first, second, pieces, .. }: &ComparedLine| {
        let text: String = pieces
            .iter()
            .map(|LinePiece { text, differs }| if *differs { format!("[{text}]") } else { text.clone() })
            .collect();
        match (first, second) {
            (Some(first), None) => format!("-{first} {text}"),
            (None, Some(second)) => format!("+{second} {text}"),
            (first, _) => format!(" {} {text}", first.unwrap_or_default()),
        }
    };
    hunks.iter().flat_map(|hunk| &hunk.lines).map(line).collect()
}

#[test]
fn lines_and_words_that_differ_are_found() {
    let found = compared(b"a\nb\nthe old one\nd\ne\nf\n", b"a\nb\nthe new one\nd\ne\nf\n", &Rules::default());
    assert_eq!(patch(&found.difference), [" 1 a", " 2 b", "-3 the [old] one", "+3 the [new] one", " 4 d", " 5 e"]);
    let found = compared(b"a\nb\n", b"a\nx\nb\n", &Rules::default());
    assert_eq!(patch(&found.difference), [" 1 a", "+2 x", " 2 b"]);
    let found = compared(b"a\nb", b"a\nb\n", &Rules::default());
    assert_ne!(found.difference, Difference::Same);
}

#[test]
fn lines_that_differ_only_in_their_end_looked_the_same() {
    let ends = |first: &[u8], second: &[u8]| {
        let Difference::Text { hunks, .. } = compared(first, second, &Rules::default()).difference else {
            panic!("{first:?} {second:?}")
        };
        hunks[0].lines.iter().map(|line| line.end.clone()).collect::<Vec<_>>()
    };
    let end = |text: &str| Some(text.to_owned());
    assert_eq!(ends(b"a\n", b"a"), [end("\n"), end("")]);
    assert_eq!(ends(b"x\r\n", b"x\n"), [end("\r\n"), end("\n")]);
    assert_eq!(ends(b"x\r\r\n", b"x\r\n"), [end("\r\r\n"), end("\r\n")]);
    assert_eq!(ends(b"same\na\nb", b"same\na\nc\n"), [None, None, None, None]);
}

#[test]
fn the_newline_before_a_line_that_is_left_out_was_a_difference() {
    let rules = without("^took");
    for (first, second) in [
        ("x\ndone", "x\ndone\ntook 5 ms"),
        ("x\r\ndone", "x\r\ndone\r\ntook 5 ms"),
        ("done\n", "done\ntook 5 ms\ntook 6 ms\n"),
        ("done", "done\ntook 5 ms\n"),
    ] {
        for (first, second) in [(first, second), (second, first)] {
            let found = compared(first.as_bytes(), second.as_bytes(), &rules);
            assert_eq!(found.difference, Difference::Same, "{first:?} {second:?}");
        }
    }
    for (first, second) in [("x\ndone", "x\ndone\n"), ("done", "done\nmore\ntook 5 ms"), ("", "\ntook 5 ms")] {
        let found = compared(first.as_bytes(), second.as_bytes(), &rules);
        assert_ne!(found.difference, Difference::Same, "{first:?} {second:?}");
    }
    let found = compared(b"b\ntook 1 ms\n", b"b\nc\ntook 2 ms\n", &rules);
    assert_eq!(patch(&found.difference), [" 1 b", "+2 c"]);
}

#[test]
fn bytes_that_are_no_text_are_compared_as_bytes() {
    for (first, second, offset) in
        [(&b"\x00\x01\x02"[..], &b"\x00\x01\x03"[..], 2), (b"abc\xff", b"abd\xff", 2), (b"\x00", b"", 0)]
    {
        let Difference::Bytes { offset: found, .. } = compared(first, second, &Rules::default()).difference else {
            panic!("{first:?}")
        };
        assert_eq!(found, offset);
    }
}

#[test]
fn one_line_in_the_middle_of_very_many_is_found_with_all_compared() {
    let text = |changed: &str| {
        let mut text: Vec<String> = (0..400_000).map(|n| format!("line {n}")).collect();
        text[200_000] = changed.to_owned();
        text.join("\n").into_bytes()
    };
    let found = compared(&text("line one"), &text("line two"), &Rules::default());
    let lines = patch(&found.difference);
    assert_eq!(lines[2..4], ["-200001 line [one]", "+200001 line [two]"]);
    assert_eq!((lines.len(), lines[0].as_str()), (6, " 199999 line 199998"));
    assert_eq!(found.partial, None);
}

#[test]
fn a_comparison_that_stops_at_its_limit_says_how_far_it_went() {
    let text = |seed: usize| (0..400_000).map(|n| format!("{} {}\n", n * seed, n % 7)).collect::<String>().into_bytes();
    let found = compared(&text(1), &text(3), &Rules::default());
    let Some(ComparedExtent { first, second, callbacks: false }) = found.partial else { panic!("it is whole") };
    assert!(first <= MOST + 20 && second <= MOST + 20);
}

#[test]
fn lines_that_are_left_out_are_left_out_of_any_length() {
    let many =
        |stamp: &str| (0..100_000).map(|n| format!("{stamp} up {}\nstays {n}\n", n * stamp.len())).collect::<String>();
    let rules = without("^[0-9:]+ up");
    let found = compared(many("12:00").as_bytes(), many("9:07").as_bytes(), &rules);
    assert_eq!((found.difference, found.partial), (Difference::Same, None));
    assert_eq!(found.allowed, 100_000);
    let other = format!("{}stays, but not as long\n", many("9:07"));
    let found = compared(many("12:00").as_bytes(), other.as_bytes(), &rules);
    assert_eq!(patch(&found.difference).last().unwrap(), "+200001 stays, but not as long");
}

#[test]
fn a_long_line_is_compared_to_its_end() {
    let long = |end: &str| format!("{}{end}", "é".repeat(200_000)).into_bytes();
    assert_ne!(compared(&long("x"), &long("y"), &Rules::default()).difference, Difference::Same);
    let shifted = |start: &str| format!("{start}{}", "é".repeat(200_000)).into_bytes();
    assert_ne!(compared(&shifted("x"), &shifted("y"), &Rules::default()).difference, Difference::Same);
}

#[test]
fn a_canceled_comparison_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (source(&folder, "1", b"a"), source(&folder, "2", b"b"));
    let stop = CancellationToken::new();
    stop.cancel();
    let ended = compare(&first, &second, &Rules::default().read().unwrap(), &stop);
    assert_eq!(ended.map(|_| ()).unwrap_err().code, Code::Cancelled);
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{0,2}", 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    /// The lines of a patch put the second text together from the first.
    #[test]
    fn texts_are_the_same_exactly_when_nothing_is_found(first in text(), second in text()) {
        let found = compared(first.as_bytes(), second.as_bytes(), &Rules::default());
        prop_assert_eq!(found.difference == Difference::Same, first == second);
    }

    /// What is left out changes nothing else.
    #[test]
    fn left_out_lines_do_not_count(first in text(), second in text()) {
        let is_left_out = |line: &&str| line.starts_with('a');
        let ends_left_out = |text: &str| text.split_inclusive('\n').next_back().is_some_and(|line| is_left_out(&line));
        let is_ended = ends_left_out(&first) || ends_left_out(&second);
        let kept = |text: &str| {
            let mut lines: Vec<String> =
                text.split_inclusive('\n').filter(|line| !is_left_out(line)).map(str::to_owned).collect();
            if let Some(last) = lines.last_mut().filter(|last| is_ended && !last.ends_with('\n')) {
                last.push('\n');
            }
            lines
        };
        let found = compared(first.as_bytes(), second.as_bytes(), &without("^a"));
        prop_assert_eq!(found.difference == Difference::Same, kept(&first) == kept(&second));
    }
}

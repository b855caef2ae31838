use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{DiskQuota, Output, RenderOptions, View};

fn body(text: &[u8]) -> (tempfile::TempDir, Output) {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::new(directory.path().join("1"), Arc::new(DiskQuota::unlimited()));
    output.append(Stream::Stdout, text, 0).unwrap();
    (directory, output)
}

/// All rows, a few at a time, when the body has been read.
fn rows(output: &Output, at_once: u64) -> Vec<Line> {
    while output.window(View::Pretty, 0, 1, RenderOptions::default()).unwrap().making.is_some() {}
    let mut rows = Vec::new();
    loop {
        let window = output.window(View::Pretty, rows.len() as u64, at_once, RenderOptions::default()).unwrap();
        if window.lines.is_empty() {
            assert_eq!(window.total, rows.len() as u64);
            return rows;
        }
        rows.extend(window.lines);
    }
}

fn indented(text: &str) -> String {
    let (_directory, output) = body(text.as_bytes());
    rows(&output, 5).into_iter().map(|row| row.text + "\n").collect()
}

/// Each row as its number and how many lines are folded into it.
fn folded(output: &Output) -> Vec<(u64, u64)> {
    let row = |line: Line| match line.row {
        Some(Row::Json { folded, .. }) => (line.n, folded),
        other => panic!("{other:?}"),
    };
    rows(output, 3).into_iter().map(row).collect()
}

#[test]
fn tokens_stand_as_they_were_sent() {
    assert_eq!(
        indented(r#"{"big":9007199254740993,"f" : 1.0,"e":1E+2,"s":"a\"{,:\u00e9\\","n":[ ],"o":{},"l":[1,[2]]}"#),
        "{\n  \"big\": 9007199254740993,\n  \"f\": 1.0,\n  \"e\": 1E+2,\n  \"s\": \"a\\\"{,:\\u00e9\\\\\",\n  \"n\": [],\n  \"o\": {},\n  \"l\": [\n    1,\n    [\n      2\n    ]\n  ]\n}\n",
    );
}

#[test]
fn values_after_each_other_have_a_line_each() {
    assert_eq!(indented("{\"a\":1}\n{}\n3 4\n\"x\"\"y\"[]\n"), "{\n  \"a\": 1\n}\n{}\n3\n4\n\"x\"\n\"y\"\n[]\n");
}

#[test]
fn brackets_fold_and_unfold() {
    let (_directory, output) = body(br#"{"a":[1,2,{"b":3}],"c":{"d":[]},"e":{"f":{"g":1}}}"#);
    let lines: Vec<String> = rows(&output, 9).into_iter().map(|row| row.text).collect();
    assert_eq!(lines.len(), 17, "{lines:#?}");
    let all: Vec<(u64, u64)> = (0..17).map(|n| (n, 0)).collect();
    output.fold(1, Fold::Close).unwrap();
    assert_eq!(folded(&output)[..3], [(0, 0), (1, 6), (8, 0)]);
    output.fold(4, Fold::Close).unwrap();
    output.fold(1, Fold::Open).unwrap();
    assert_eq!(folded(&output)[..6], [(0, 0), (1, 0), (2, 0), (3, 0), (4, 2), (7, 0)], "a fold in a fold stays");
    output.fold(0, Fold::OpenInside).unwrap();
    assert_eq!(folded(&output), all);
    output.fold(0, Fold::CloseInside).unwrap();
    assert_eq!(folded(&output), [(0, 0), (1, 6), (8, 2), (11, 4), (16, 0)]);
    output.fold(0, Fold::Close).unwrap();
    assert_eq!(folded(&output), [(0, 16)]);
    assert_eq!(output.fold(2, Fold::Close).unwrap_err().code, Code::NoBracket);
    assert_eq!(output.fold(99, Fold::Close).unwrap_err().code, Code::LineNotFound);
}

#[test]
fn brackets_above_the_limit_of_folds_are_not_folded_and_say_so() {
    let (_directory, output) = body(b"[[1],[1],[1],[1]]");
    let of_at_most = |most_folds| {
        let (bytes, length) = output.bytes(Stream::Stdout);
        let json = Json::begin(bytes, length, output.path(Stream::Stdout), most_folds);
        while json.window(0, 1, None).unwrap().making.is_some() {}
        json
    };
    of_at_most(4).fold(0, Fold::CloseInside).unwrap();
    assert_eq!(of_at_most(3).fold(0, Fold::CloseInside).unwrap_err().code, Code::TooManyFolds);
}

#[test]
fn a_large_body_is_folded_by_the_block_and_read_from_anywhere() {
    let item = |n: usize| format!("{{\"id\":{n},\"tags\":[\"a\",\"b\"],\"text\":\"{}\"}}", "x".repeat(n % 7));
    let items: Vec<String> = (0..20_000).map(item).collect();
    let (_directory, output) = body(format!("{{\"items\":[{}],\"end\":true}}", items.join(",")).as_bytes());
    assert_eq!(folded(&output).len(), 4 + 20_000 * 8 + 1);
    let at = |row: u64| output.window(View::Pretty, row, 1, RenderOptions::default()).unwrap().lines[0].text.clone();
    assert_eq!(at(2 + 8 * 12_345 + 1), "      \"id\": 12345,");
    output.fold(1, Fold::CloseInside).unwrap();
    assert_eq!(folded(&output).len(), 4 + 20_000 + 1);
    assert_eq!(at(2 + 12_345), "    {");
    output.fold(1, Fold::Close).unwrap();
    assert_eq!(
        rows(&output, 9).into_iter().map(|row| row.text).collect::<Vec<_>>(),
        ["{", "  \"items\": [", "  \"end\": true", "}"]
    );
}

#[test]
fn a_string_of_megabytes_is_cut_where_it_is_drawn_and_found_past() {
    let long = "y".repeat(3_000_000);
    let (_directory, output) = body(format!("[\"{long}\",1,{{\"k\":2}}]").as_bytes());
    let rows = rows(&output, 9);
    assert!(rows[1].cut && rows[1].bytes > 3_000_000);
    assert_eq!(
        rows[2..].iter().map(|row| row.text.as_str()).collect::<Vec<_>>(),
        ["  1,", "  {", "    \"k\": 2", "  }", "]"]
    );
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 120, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map("[ -~]{0,4}", inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_value_is_the_same_and_the_form_is_that_of_serde(value in json(), loose: bool) {
        let text = if loose { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(indented(&text), format!("{value:#}\n"));
    }

    /// A fold hides what stands deeper up to the bracket that closes it, and nothing else.
    #[test]
    fn a_fold_hides_what_is_in_it(value in json(), at: prop::sample::Index) {
        let (_directory, output) = body(value.to_string().as_bytes());
        let before = rows(&output, 7);
        let openers: Vec<usize> = (0..before.len()).filter(|n| matches!(before[*n].row, Some(Row::Json { opens: true, .. }))).collect();
        prop_assume!(!openers.is_empty());
        let opener = openers[at.index(openers.len())];
        let depth = |n: usize| before[n].text.len() - before[n].text.trim_start().len();
        let close = (opener + 1..before.len()).find(|n| depth(*n) <= depth(opener)).unwrap();
        output.fold(opener as u64, Fold::Close).unwrap();
        let numbers: Vec<u64> = folded(&output).into_iter().map(|(n, _)| n).collect();
        let expected: Vec<u64> = (0..before.len() as u64).filter(|n| *n <= opener as u64 || *n > close as u64).collect();
        prop_assert_eq!(numbers, expected);
    }
}

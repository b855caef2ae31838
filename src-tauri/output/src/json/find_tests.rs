use std::sync::Arc;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{DiskQuota, Fold, Query, RenderOptions, Search, Stream, View};

fn body(text: &[u8]) -> (tempfile::TempDir, Arc<Output>) {
    let directory = tempfile::tempdir().unwrap();
    let output = Arc::new(Output::new(directory.path().join("1"), Arc::new(DiskQuota::unlimited())));
    output.append(Stream::Stdout, text, 0).unwrap();
    (directory, output)
}

/// Folds where it can be when all of the body is read.
fn fold(output: &Output, line: u64) -> Result<()> {
    while output.window(View::Pretty, 0, 1, RenderOptions::default()).unwrap().making.is_some() {}
    output.fold(line, Fold::Close)
}

fn query(text: &str, regex: bool) -> Query {
    Query { view: View::Pretty, text: text.into(), regex, match_case: true, inverse: false }
}

fn search(output: &Arc<Output>, query: &Query) -> Search {
    let search = Search::new(Arc::clone(output), query).unwrap();
    search.advance(|| true).unwrap();
    search
}

/// All places in order, by going from one to the next, each with what is drawn there.
fn gone_through(output: &Arc<Output>, search: &Search, after: bool) -> Vec<(u64, u64, String)> {
    let mut hits = Vec::new();
    let (mut line, mut column) = if after { (u64::MAX, None) } else { (0, Some(0)) };
    for _ in 0..search.hits() {
        let hit = search.near(line, column, after).unwrap().unwrap();
        (line, column) = (hit.line, hit.column);
        let row = output.window(View::Pretty, hit.row, 1, RenderOptions::default()).unwrap().lines.remove(0);
        assert_eq!(row.n, hit.line, "the row is that of the line, and nothing hides it");
        let (from, to) = hit.mark.unwrap();
        let utf16: Vec<u16> = row.text.encode_utf16().collect();
        let drawn = String::from_utf16(&utf16[from as usize..to as usize]).unwrap();
        assert_eq!(hit.place, if after { hits.len() as u64 } else { search.hits() - 1 - hits.len() as u64 });
        hits.push((hit.line, column.unwrap(), drawn));
    }
    hits
}

#[test]
fn find_counts_each_place_and_lands_on_it() {
    let (_directory, output) = body(br#"{"a":"pg-data","list":[{"name":"pg-data, pg-data"}],"pg-data":1}"#);
    let search = search(&output, &query("pg-data", false));
    assert_eq!((search.hits(), search.lines()), (4, 3));
    let hits: Vec<_> =
        gone_through(&output, &search, true).into_iter().map(|(line, column, _)| (line, column)).collect();
    assert_eq!(hits, [(1, 6), (4, 9), (4, 18), (7, 1)]);
    let found: Vec<_> = output
        .window(View::Pretty, 0, 9, RenderOptions { ansi: false, finder: Some(search.finder()) })
        .unwrap()
        .lines
        .into_iter()
        .map(|line| line.found)
        .collect();
    assert_eq!(found[4], [(15, 22), (24, 31)]);
}

#[test]
fn find_sees_rows_as_they_are_drawn() {
    let (_directory, output) = body(b"{\"a\" :[ ],\n  \"b\":[1 ,2]}");
    let count = |text, regex| search(&output, &query(text, regex)).hits();
    assert_eq!(count("\": ", false), 2, "the space after a colon is drawn");
    assert_eq!(count("[]", false), 1);
    assert_eq!(count("^\"b\": \\[$", true), 1, "the indentation is not searched");
    assert_eq!(count("1 ,", false), 0);
    assert_eq!(count("x*", true), 0, "nothing is no place");
    let without = search(&output, &Query { inverse: true, ..query("\"", false) });
    assert_eq!(without.numbers(0, 99), [0, 3, 4, 5, 6]);
}

#[test]
fn find_opens_what_is_folded() {
    let (_directory, output) = body(br#"{"a":{"b":{"c":["here"]}},"d":["other"],"e":1}"#);
    for line in [2, 1, 8] {
        fold(&output, line).unwrap();
    }
    let search = search(&output, &query("here", false));
    let hit = search.near(u64::MAX, None, true).unwrap().unwrap();
    assert_eq!((hit.line, hit.row, hit.column, hit.mark), (4, 4, Some(1), Some((9, 13))));
    let rows = output.window(View::Pretty, 0, 99, RenderOptions::default()).unwrap();
    assert_eq!(rows.total, 13 - 2, "other folds stay");
}

#[test]
fn find_lands_in_a_string_of_megabytes() {
    let mut text = "é".repeat(4_500_000).into_bytes();
    for at in [0, 5_000_000, 8 * 1024 * 1024 - 2, 8_999_994] {
        text[at..at + 6].copy_from_slice(b"needle");
    }
    let text = [b"{\"k\":[\"".as_slice(), &text, b"\"],\"needle\":0}"].concat();
    let (_directory, output) = body(&text);
    let search = search(&output, &query("needle", false));
    assert_eq!((search.hits(), search.lines()), (5, 2));
    let hits = gone_through(&output, &search, true);
    assert!(hits.iter().all(|(_, _, drawn)| drawn == "needle"), "{hits:?}");
    let columns: Vec<u64> = hits.iter().map(|(_, column, _)| *column).collect();
    assert_eq!(columns, [1, 5_000_001, 8 * 1024 * 1024 - 1, 8_999_995, 1]);
    search.near(2, Some(5_000_000), true).unwrap();
    let row = output.window(View::Pretty, 2, 1, RenderOptions::default()).unwrap().lines.remove(0);
    assert!(row.cut && (4_999_000..5_000_000).contains(&row.skipped), "{}", row.skipped);
    assert!(row.text.starts_with("    é"), "{}", &row.text[..20]);
    drop(search);
    let row = output.window(View::Pretty, 2, 1, RenderOptions::default()).unwrap().lines.remove(0);
    assert_eq!(row.skipped, 0, "without the search it is drawn from its beginning");
}

#[test]
fn find_goes_through_a_body_of_many_slices() {
    let item = |n: usize| {
        format!("{{\"id\":{n},\"text\":\"{}\"}}", if n % 1000 == 7 { "found, found" } else { "nothing in here" })
    };
    let items: Vec<String> = (0..300_000).map(item).collect();
    let (_directory, output) = body(format!("[{}]", items.join(",")).as_bytes());
    let mut slices = 0;
    let search = Search::new(Arc::clone(&output), &query("found", false)).unwrap();
    search
        .advance(|| {
            slices += 1;
            true
        })
        .unwrap();
    assert_eq!((search.hits(), search.lines()), (600, 300));
    assert!(slices > 2 && search.progress().done == search.progress().whole);
    let lines: Vec<u64> = (0..300).map(|n| 1 + (n * 1000 + 7) * 4 + 2).collect();
    assert_eq!(search.numbers(0, 999), lines);
    assert_eq!(search.near(lines[299], Some(15), true).unwrap().unwrap().place, 599);
}

#[test]
fn a_search_that_only_tells_how_far_it_is_does_not_begin_to_read_a_body_that_still_comes() {
    let (_directory, output) = body(b"[1,");
    let search = Search::new(Arc::clone(&output), &query("2", false)).unwrap();
    assert_eq!((search.progress().done, search.near(0, None, true).unwrap()), (0, None));
    assert!(search.window(0, 9, false).unwrap().lines.is_empty());
    drop(search);
    output.append(Stream::Stdout, b"2]", 0).unwrap();
    assert_eq!(self::search(&output, &query("2", false)).hits(), 1);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), (0i64..200).prop_map(Value::from), "[ab\"\\\\ é:]{0,6}".prop_map(Value::from)];
    leaf.prop_recursive(4, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[ab:]{0,3}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// What is found, and where one gets to, is what is in the indented text as serde makes it.
    #[test]
    fn find_finds_what_is_in_the_reference(
        value in json(),
        loose: bool,
        inverse: bool,
        text in prop::sample::select(vec!["a", "b", "\"", "\": ", ",$", "^\"", "[ab]+", "é", "[{\\[]", "1|\\\\", "a*", " "]),
        folds in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let (_directory, output) = body(if loose { format!("{value:#}") } else { value.to_string() }.as_bytes());
        let rows: Vec<String> = format!("{value:#}").lines().map(|line| line.trim_start().to_owned()).collect();
        let expression = grep_regex::RegexMatcherBuilder::new().multi_line(true).build(text).unwrap();
        let mut expected = Vec::new();
        for (line, row) in rows.iter().enumerate() {
            expression.find_iter(row.as_bytes(), |found| {
                if !found.is_empty() {
                    expected.push((line as u64, found.start() as u64, row[found.start()..found.end()].to_owned()));
                }
                true
            }).unwrap();
        }
        let with: std::collections::BTreeSet<u64> = expected.iter().map(|(line, ..)| *line).collect();
        if inverse {
            let search = search(&output, &Query { inverse, ..query(text, true) });
            let without: Vec<u64> = (0..rows.len() as u64).filter(|line| !with.contains(line)).collect();
            prop_assert_eq!(search.numbers(0, u64::MAX), without);
            return Ok(());
        }
        let search = search(&output, &query(text, true));
        prop_assert_eq!((search.hits(), search.lines()), (expected.len() as u64, with.len() as u64));
        for at in folds {
            // A line that opens nothing is refused.
            let _ = fold(&output, at.index(rows.len()) as u64);
        }
        prop_assert_eq!(&gone_through(&output, &search, true), &expected);
        expected.reverse();
        prop_assert_eq!(&gone_through(&output, &search, false), &expected);
    }
}

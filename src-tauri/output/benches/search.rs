//! What it costs to search in lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fmt::Write, sync::Arc};

use divan::{Bencher, counter::BytesCount};
use porthole_output::{DiskQuota, Output, Query, Search, Stream, View};

/// Lines of about a hundred bytes that are searched.
const LINES: usize = 500_000;

fn main() {
    divan::main();
}

/// A text that is in none, in one of a hundred, and in each of the lines; and the lines without it.
#[divan::bench(args = ["nowhere", "line [0-9]*00 ", "written", "≠ written", "≠ nowhere"])]
fn regex(bencher: Bencher, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let output = Arc::new(Output::new(directory.path().join("output"), Arc::new(DiskQuota::unlimited())));
    let mut lines = String::new();
    for n in 0..LINES {
        let rest = "and nothing else happened in the meantime, which is what one hopes for";
        writeln!(lines, "line {n} was written, {rest}").unwrap();
    }
    for piece in lines.as_bytes().chunks(64 * 1024) {
        output.append(Stream::Stdout, piece, 0).unwrap();
    }
    let inverse = text.starts_with('≠');
    let text = text.trim_start_matches("≠ ").to_owned();
    let query = Query { view: View::Both, text, regex: true, match_case: true, inverse };
    bencher.counter(BytesCount::of_str(&lines)).bench_local(|| {
        let search = Search::new(Arc::clone(&output), &query).unwrap();
        search.advance(|| true).unwrap();
        search.hits()
    });
}

//! What it costs to open a JSON body of 100 MB, to find in it and to filter it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use divan::{Bencher, counter::BytesCount};
use porthole_output::{DiskQuota, Output, PathFilter, Query, RenderOptions, Search, Stream, View};

const WHOLE: usize = 100_000_000;

fn main() {
    divan::main();
}

fn body(directory: &tempfile::TempDir) -> (Arc<Output>, usize) {
    let item = "{\"id\":12345,\"name\":\"something of a usual length\",\"tags\":[\"a\",\"b\"],\"size\":1.5e3},";
    let output = Arc::new(Output::new(directory.path().join("output"), Arc::new(DiskQuota::unlimited())));
    let items = item.repeat(1000);
    let mut length = 0;
    let mut append = |text: &str| {
        length += text.len();
        output.append(Stream::Stdout, text.as_bytes(), 0).unwrap();
    };
    append("{\"items\":[");
    (0..WHOLE / items.len()).for_each(|_| append(&items));
    append("0],\"end\":\"needle\"}");
    (output, length)
}

/// Reads all of it, so that what comes after doesn't wait for that.
fn read(output: &Output) -> u64 {
    loop {
        let window = output.window(View::Pretty, 0, 40, RenderOptions::default()).unwrap();
        if window.making.is_none() {
            return window.total;
        }
    }
}

/// Until the first rows are there.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn first_rows(bencher: Bencher) {
    let directory = tempfile::tempdir().unwrap();
    bencher.with_inputs(|| body(&directory).0).bench_local_values(|output| {
        let began = Instant::now();
        let window = output.window(View::Pretty, 0, 40, RenderOptions::default()).unwrap();
        assert!(window.lines.len() == 40 && began.elapsed() < Duration::from_secs(1));
        output
    });
}

/// Until all of it can be scrolled through.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn all_rows(bencher: Bencher) {
    let directory = tempfile::tempdir().unwrap();
    bencher.with_inputs(|| body(&directory).0).bench_local_values(|output| {
        read(&output);
        output
    });
}

/// A text at the end, and one in each item.
#[divan::bench(args = ["needle", "usual"], sample_count = 10, sample_size = 1)]
fn find(bencher: Bencher, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let (output, length) = body(&directory);
    read(&output);
    let query = Query { view: View::Pretty, text: text.into(), regex: false, match_case: false, inverse: false };
    bencher.counter(BytesCount::new(length)).bench_local(|| {
        let search = Search::new(Arc::clone(&output), &query).unwrap();
        search.advance(|| true).unwrap();
        assert!(search.near(u64::MAX, None, true).unwrap().is_some());
        search.hits()
    });
}

#[divan::bench(args = ["$.end", "$.items[-1]", "$.items[?@.size > 1500].name", "$..end"], sample_count = 10, sample_size = 1)]
fn path(bencher: Bencher, path: &str) {
    let directory = tempfile::tempdir().unwrap();
    let (output, length) = body(&directory);
    read(&output);
    bencher.counter(BytesCount::new(length)).bench_local(|| {
        let stem = directory.path().join("filtered");
        let filter = PathFilter::begin(Arc::clone(&output), path, stem, Arc::new(DiskQuota::unlimited())).unwrap();
        filter.wait().unwrap()
    });
}

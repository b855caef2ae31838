//! What it costs to keep and index what comes, and to look at a window of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use divan::{Bencher, counter::BytesCount};
use porthole_output::{DiskQuota, Output, RenderOptions, Stream, View};
use tempfile::TempDir;

/// What a pipe holds, and a Run reads at once.
const PIECE: usize = 64 * 1024;
/// Lines of a hundred bytes in the output that windows are read from.
const LINES: u64 = 1_000_000;

fn main() {
    divan::main();
}

/// An empty output; its files are removed with the directory.
fn empty() -> (TempDir, Output) {
    let directory = tempfile::tempdir().unwrap();
    let output = Output::new(directory.path().join("output"), Arc::new(DiskQuota::unlimited()));
    (directory, output)
}

/// Pieces of lines of this length, their end included.
#[divan::bench(args = [100, 1])]
fn append(bencher: Bencher, line: usize) {
    let mut piece = vec![b'x'; PIECE];
    piece.iter_mut().skip(line - 1).step_by(line).for_each(|byte| *byte = b'\n');
    let (_directory, output) = empty();
    let mut at_us = 0;
    bencher.counter(BytesCount::new(PIECE)).bench_local(|| {
        at_us += 100;
        output.append(Stream::Stdout, &piece, at_us).unwrap();
    });
}

/// Rows from a place that follows no order.
#[divan::bench(args = [1, 50, 200])]
fn window(bencher: Bencher, rows: u64) {
    let (_directory, output) = empty();
    let piece = [b"x".repeat(99), b"\n".to_vec()].concat().repeat(1000);
    for n in 0..LINES / 1000 {
        output.append(Stream::Stdout, &piece, n * 100).unwrap();
    }
    let mut place: u64 = 1;
    bencher.bench_local(|| {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        output
            .window(View::Both, (place >> 20) % (LINES - rows), rows, RenderOptions { ansi: true, finder: None })
            .unwrap()
    });
}

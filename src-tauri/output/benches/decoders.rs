//! What it costs to make text of bytes that come in pieces.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use divan::{Bencher, counter::BytesCount};
use porthole_output::{DiskQuota, Events, Output, RenderOptions, Stream, Utf8, View};

/// Bytes in one round.
const WHOLE: usize = 1024 * 1024;

fn main() {
    divan::main();
}

/// Text with characters of one to four bytes, in pieces of this length: they cut characters in two.
#[divan::bench(args = [64 * 1024, 4093, 61])]
fn utf8_mixed(bencher: Bencher, piece: usize) {
    decode(bencher, "plain words, naïve café, 船窓, 🚢\n", piece);
}

/// Text that is all ASCII, as most output is.
#[divan::bench(args = [64 * 1024, 4093, 61])]
fn utf8_ascii(bencher: Bencher, piece: usize) {
    decode(bencher, "the quick brown fox jumps over the lazy dog\n", piece);
}

fn decode(bencher: Bencher, text: &str, piece: usize) {
    let bytes = text.repeat(WHOLE / text.len());
    bencher.counter(BytesCount::of_str(&bytes)).bench_local(|| {
        let mut decoder = Utf8::default();
        let pieces = bytes.as_bytes().chunks(piece).map(|piece| decoder.push(piece).len());
        pieces.sum::<usize>() + decoder.finish().len()
    });
}

/// Where events begin and end, in pieces of this length.
#[divan::bench(args = [64 * 1024, 61])]
fn events(bencher: Bencher, piece: usize) {
    let event = "id: 12345\nevent: tick\ndata: {\"tick\": 12345, \"of\": \"many\"}\n\n";
    let stream = event.repeat(WHOLE / event.len());
    bencher.counter(BytesCount::of_str(&stream)).bench_local(|| {
        let mut events = Events::default();
        stream.as_bytes().chunks(piece).for_each(|piece| events.push(piece));
        events.len()
    });
}

/// Finding out that a body is JSON, and where its indented lines begin.
#[divan::bench]
fn json(bencher: Bencher) {
    let item = "{\"id\":12345,\"name\":\"something of a usual length\",\"tags\":[\"a\",\"b\"],\"size\":1.5e3},";
    let body = format!("[{}0]", item.repeat(16 * WHOLE / item.len()));
    let directory = tempfile::tempdir().unwrap();
    let output = || {
        let output = Output::new(directory.path().join("output"), Arc::new(DiskQuota::unlimited()));
        output.append(Stream::Stdout, body.as_bytes(), 0).unwrap();
        output
    };
    bencher.counter(BytesCount::of_str(&body)).with_inputs(output).bench_local_values(|output| {
        loop {
            let window = output.window(View::Pretty, 0, 1, RenderOptions::default()).unwrap();
            if window.making.is_none() {
                return window.total;
            }
        }
    });
}

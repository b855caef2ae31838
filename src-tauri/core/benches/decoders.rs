//! What it costs to make text of bytes that come in pieces.

use divan::{Bencher, counter::BytesCount};
use porthole_core::output::Utf8;

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

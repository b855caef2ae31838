//! What must hold of the decoders for any bytes, for `cargo fuzz` to try. Each function panics
//! where it does not; the first bytes of the input say where the rest is cut.

use crate::exchange::fuzz_head;
use porthole_output::{Block, Events, Utf8, fuzz_json, fuzz_text};

/// The bytes, and the pieces that they are cut into.
fn cut(input: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let Some((count, rest)) = input.split_first() else { return (input, Vec::new()) };
    let count = usize::from(count % 16).min(rest.len());
    let (lengths, bytes) = rest.split_at(count);
    let (mut pieces, mut left) = (Vec::new(), bytes);
    for length in lengths {
        let (piece, after) = left.split_at(usize::from(*length).min(left.len()));
        pieces.push(piece);
        left = after;
    }
    pieces.push(left);
    (bytes, pieces)
}

/// However a text is cut, it is that of the whole.
pub fn utf8(input: &[u8]) {
    let (bytes, pieces) = cut(input);
    let mut decoder = Utf8::default();
    let mut text: String = pieces.into_iter().map(|piece| decoder.push(piece)).collect();
    text.push_str(&decoder.finish());
    assert_eq!(text, String::from_utf8_lossy(bytes));
}

/// However an event stream is cut, its blocks are those of the whole and are in order.
pub fn events(input: &[u8]) {
    let (bytes, pieces) = cut(input);
    let (mut whole, mut cut) = (Events::default(), Events::default());
    whole.push(bytes);
    pieces.into_iter().for_each(|piece| cut.push(piece));
    assert_eq!(whole.len(), cut.len());
    let mut before = 0;
    for n in 0..whole.len() {
        assert_eq!((whole.bounds(n), whole.is_whole(n)), (cut.bounds(n), cut.is_whole(n)));
        let Some((start, end)) = whole.bounds(n) else { panic!("no block {n}") };
        assert!(before <= start && start < end && end <= bytes.len() as u64);
        Block::read(&bytes[start as usize..end as usize]);
        before = end;
    }
}

/// JSON is what serde says it is, its lines are the same wherever it is cut, and those that are
/// on them are its tokens.
pub fn json(input: &[u8]) {
    let (bytes, pieces) = cut(input);
    fuzz_json(bytes, &pieces);
}

/// Text is drawn with every mark within it.
pub fn text(input: &[u8]) {
    fuzz_text(input);
}

/// However an answer's head is cut, the one that is kept is the same.
pub fn head(input: &[u8]) {
    let (bytes, pieces) = cut(input);
    fuzz_head(bytes, &pieces);
}

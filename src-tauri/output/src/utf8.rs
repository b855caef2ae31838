//! UTF-8 in pieces: a character may be cut anywhere between two of them.

/// Decodes chunks of a stream. However the stream is cut, the joined text is what
/// `String::from_utf8_lossy` makes of the whole.
#[derive(Debug, Default)]
pub struct Utf8 {
    /// The start of an incomplete character: three bytes at most.
    pending: Vec<u8>,
}

impl Utf8 {
    /// The text that is certain after this chunk.
    pub fn push(&mut self, chunk: &[u8]) -> String {
        self.pending.extend_from_slice(chunk);
        let bytes = std::mem::take(&mut self.pending);
        let keep = incomplete_tail(&bytes);
        let (now, later) = bytes.split_at(bytes.len() - keep);
        self.pending = later.to_vec();
        String::from_utf8_lossy(now).into_owned()
    }

    /// What is left when the stream ends: a cut character, as `U+FFFD`.
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// How many bytes at the end may still become a character.
pub fn incomplete_tail(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        // A valid beginning that simply ends is an invalid chunk at the very end which one more
        // byte could complete; a wrong one is not.
        Some(last) if !last.invalid().is_empty() => match std::str::from_utf8(last.invalid()) {
            Err(error) if error.error_len().is_none() => last.invalid().len(),
            _ => 0,
        },
        _ => 0,
    }
}

/// How many characters begin in these bytes of UTF-8, and how many units of UTF-16 those have. Of a text in pieces the
/// sums are right wherever it is cut.
pub fn lengths(bytes: &[u8]) -> (u64, u64) {
    let characters = bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64;
    // Those of four bytes have two units.
    let large = bytes.iter().filter(|byte| **byte >= 0xf0).count() as u64;
    (characters, characters + large)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mixed() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            any::<char>().prop_map(|c| c.to_string().into_bytes()),
            prop::collection::vec(any::<u8>(), 1..3),
            Just(vec![0xf0, 0x9f]),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn split_anywhere_is_the_same(bytes in mixed(), cuts in prop::collection::vec(0usize..120, 0..12)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let (mut decoder, mut text, mut from) = (Utf8::default(), String::new(), 0);
            for cut in cuts.into_iter().chain([bytes.len()]) {
                text += &decoder.push(&bytes[from..cut]);
                prop_assert!(decoder.pending.len() < 4);
                from = cut;
            }
            text += &decoder.finish();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }
    }
}

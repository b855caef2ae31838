//! `br`, RFC 7932.

use brotli_decompressor::{
    BrotliDecoderErrorCode, BrotliDecoderTakeOutput, BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc,
};

use super::{Broken, Next, PIECE, Pushed};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Brotli {
    state: State,
    out: Box<[u8]>,
    /// Bytes seen, and bytes decoded.
    read: u64,
    given: usize,
    is_whole: bool,
}

impl std::fmt::Debug for Brotli {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Brotli").field("read", &self.read).field("given", &self.given).finish_non_exhaustive()
    }
}

impl Default for Brotli {
    fn default() -> Self {
        let alloc = StandardAlloc::default;
        let mut state = State::new(alloc(), alloc(), alloc());
        // Windows of up to a gigabyte are an extension that no client takes for `br`.
        state.large_window = false;
        Self { state, out: vec![0; PIECE].into_boxed_slice(), read: 0, given: 0, is_whole: false }
    }
}

impl Brotli {
    pub fn push(&mut self, bytes: &[u8], next: Next<'_>) -> Pushed {
        let (mut left, mut at) = (bytes.len(), 0);
        loop {
            if self.is_whole {
                return if left == 0 { Ok(()) } else { Err(Broken::Trailing.into()) };
            }
            let (mut room, mut filled) = (self.out.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut at,
                bytes,
                &mut room,
                &mut filled,
                &mut self.out,
                &mut self.given,
                &mut self.state,
            );
            if filled > 0 {
                next(&self.out[..filled])?;
            }
            match result {
                BrotliResult::ResultSuccess => self.is_whole = true,
                BrotliResult::NeedsMoreOutput => {}
                // There may be more output than there was room for.
                BrotliResult::NeedsMoreInput if filled == self.out.len() => {}
                BrotliResult::NeedsMoreInput => {
                    self.read += bytes.len() as u64;
                    return Ok(());
                }
                BrotliResult::ResultFailure => return Err(self.rest(next)?.into()),
            }
        }
    }

    pub fn is_whole(&self) -> bool {
        self.is_whole || self.read == 0
    }

    /// Hands on what was decoded before the damage, which the library keeps back, and tells what that is.
    fn rest(&mut self, next: Next<'_>) -> Pushed<Broken> {
        self.state.error_code = BrotliDecoderErrorCode::BROTLI_DECODER_NO_ERROR;
        // A block that is longer than it says is damaged, but what came before is not.
        self.state.meta_block_remaining_len = self.state.meta_block_remaining_len.max(0);
        loop {
            let mut length = PIECE;
            let rest = BrotliDecoderTakeOutput(&mut self.state, &mut length);
            let Some(rest) = rest.get(..length).filter(|rest| !rest.is_empty()) else { break };
            self.given += rest.len();
            next(rest)?;
        }
        Ok(if self.given == 0 { Broken::Format } else { Broken::Damaged })
    }
}

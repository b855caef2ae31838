//! A body with its content codings undone: a second output made of the first, as far as the user looks. What was sent stays
//! as it is.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{BodyKind, Broken, Chunk, Coding, DecodedFacts, Decoder, DiskQuota, Halt, Output, TaskProgress};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// The most that is decoded of one body.
pub const MOST_DECODED: u64 = 1_000_000_000;
/// How many times as long as what was sent a decoded body may be.
pub const MOST_TIMES: u64 = 250;
/// From this length on: a short body may be all zeros.
pub const TIMES_FROM: u64 = 64_000_000;

/// Bytes that are given to the decoder at once: a few kilobytes can hold gigabytes.
const PIECE: u64 = 16 * 1024;
/// Bytes that are decoded, or come out, while the user waits for rows.
const STEP: u64 = 8 * 1024 * 1024;
/// Decoded bytes that are written at once.
const WRITTEN: usize = 64 * 1024;
/// Chunks that are requested at once.
const CHUNKS: usize = 256;

/// A decoded body.
#[derive(Debug)]
pub struct Decoded {
    source: Arc<Output>,
    output: Arc<Output>,
    state: Mutex<State>,
    quota: Arc<DiskQuota>,
    most: u64,
}

#[derive(Debug)]
struct State {
    decoder: Decoder,
    /// The next chunk of the source, and how much of it was decoded.
    chunk: u64,
    within: u64,
    /// Bytes that were decoded, and when the last of them came.
    sent: u64,
    at_us: u64,
    /// Bytes that came out.
    decoded: u64,
    /// Why it stopped.
    stopped: Option<Error>,
    finished: bool,
}

impl Decoded {
    /// One of which nothing is decoded yet. Its files are named after this stem and go when it is dropped.
    ///
    /// # Errors
    /// [`Code::Internal`] when there is no memory for a decoder.
    pub fn new(
        source: Arc<Output>,
        codings: &[Coding],
        kind: Option<BodyKind>,
        stem: PathBuf,
        quota: Arc<DiskQuota>,
    ) -> Result<Self> {
        let output = Output::of_body(stem, Arc::clone(&quota));
        if let Some(kind) = kind {
            output.expect(kind);
        }
        let decoder = Decoder::new(codings)?;
        let state =
            State { decoder, chunk: 0, within: 0, sent: 0, at_us: 0, decoded: 0, stopped: None, finished: false };
        Ok(Self { source, output: Arc::new(output), state: Mutex::new(state), quota, most: MOST_DECODED })
    }

    /// Whether this is of that output.
    pub fn is_of(&self, source: &Arc<Output>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }

    /// The decoded bytes, as far as they are there.
    pub fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// Whether the source holds more than was decoded.
    pub fn is_behind(&self) -> bool {
        let state = self.state();
        state.stopped.is_none() && state.sent < self.length()
    }

    /// How much was decoded, and why no more.
    pub fn facts(&self) -> DecodedFacts {
        let state = self.state();
        DecodedFacts { sent: state.sent, bytes: state.decoded, problem: state.stopped.clone() }
    }

    /// Decodes some megabytes of what came since; tells how far it is, unless all is done. `ended` says that nothing more
    /// will come. A body that can't be decoded to its end is no error: [`Decoded::facts`] tells why.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] or [`Code::SpillFailed`] when a file can't be read or written; [`Code::QuotaReached`]
    /// when outputs have used up their part of the disk.
    pub fn catch_up(&self, ended: bool) -> Result<Option<TaskProgress>> {
        let state = &mut *self.state();
        if state.finished {
            return Ok(None);
        }
        // What comes meanwhile is for the next time.
        let whole = self.length();
        let (sent, decoded) = (state.sent, state.decoded);
        while state.sent < whole && state.stopped.is_none() {
            if state.sent - sent >= STEP || state.decoded - decoded >= STEP {
                return Ok(Some(TaskProgress { done: state.sent, whole }));
            }
            let chunks = self.source.chunks(state.chunk, CHUNKS);
            let Some(chunk) = chunks.first() else { return Ok(None) };
            self.decode_piece(state, chunk, whole)?;
        }
        if state.stopped.is_none() && ended {
            let halted = state.decoder.end();
            state.stopped = halted.err().filter(|_| state.sent > 0).map(Halt::into_error);
        }
        if ended || state.stopped.is_some() {
            state.finished = true;
            self.output.end();
        }
        Ok(None)
    }

    /// Decodes what the source has of a chunk, or the beginning of that.
    fn decode_piece(&self, state: &mut State, chunk: &Chunk, whole: u64) -> Result<()> {
        if self.quota.is_full() {
            return Err(Error::new(Code::QuotaReached, "Output quota reached").hint(
                "Clear the timeline or increase the quota. Choose Show as sent to view the body without decoding.",
            ));
        }
        let from = chunk.offset + state.within;
        let end = (from + PIECE.min(whole - state.sent)).min(chunk.offset + chunk.len);
        let bytes = self.source.read(chunk.stream, from, end)?;
        if bytes.is_empty() {
            return Err(Error::new(Code::OutputUnreadable, "The output file is shorter than expected"));
        }
        state.within += bytes.len() as u64;
        state.sent += bytes.len() as u64;
        state.at_us = chunk.at_us;
        let mut writer = Writer {
            output: &self.output,
            at_us: chunk.at_us,
            gathered: Vec::new(),
            decoded: state.decoded,
            limit: Limit { most: self.most, sent: state.sent },
        };
        let pushed = state.decoder.push(&bytes, &mut |piece| writer.take(piece));
        let written = writer.flush();
        state.decoded = writer.decoded;
        written?;
        if state.within == chunk.len {
            (state.chunk, state.within) = (state.chunk + 1, 0);
        }
        match pushed {
            Ok(()) => Ok(()),
            Err(Halt::Refused(error)) if error.code != Code::DecodingLimit => Err(error),
            Err(halt) => {
                state.stopped = Some(halt.into_error());
                Ok(())
            }
        }
    }

    fn length(&self) -> u64 {
        self.source.counts().stdout.bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds what comes out to an output, in pieces of a useful size.
struct Writer<'a> {
    output: &'a Output,
    at_us: u64,
    gathered: Vec<u8>,
    decoded: u64,
    limit: Limit,
}

impl Writer<'_> {
    fn take(&mut self, piece: &[u8]) -> Result<()> {
        let room = self.limit.room(self.decoded);
        let taken = &piece[..piece.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        self.gathered.extend_from_slice(taken);
        self.decoded += taken.len() as u64;
        if self.gathered.len() >= WRITTEN {
            self.flush()?;
        }
        if taken.len() < piece.len() { Err(self.limit.error(self.decoded)) } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let written = self.output.append(Stream::Stdout, &self.gathered, self.at_us);
        self.gathered.clear();
        written
    }
}

/// How much may come out of what was sent.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    most: u64,
    sent: u64,
}

impl Limit {
    /// The limits of a body of which this many bytes were sent so far.
    pub fn of(sent: u64) -> Self {
        Self { most: MOST_DECODED, sent }
    }

    /// How many bytes more may come out after this many.
    pub fn room(self, decoded: u64) -> u64 {
        let by_times = TIMES_FROM.max(self.sent.saturating_mul(MOST_TIMES));
        self.most.min(by_times).saturating_sub(decoded)
    }

    /// Why no more may come out.
    pub fn error(self, decoded: u64) -> Error {
        let message = if decoded >= self.most {
            "Decoding stopped at 1 GB, the limit for one body".to_owned()
        } else {
            format!("Decoding stopped: the body has more than 64 MB and more than {MOST_TIMES} times the size sent")
        };
        Error::new(Code::DecodingLimit, message)
            .hint("It may be a decompression bomb. Save the body as sent to decode it yourself.")
    }
}

/// Decodes the beginning of a body while it arrives: what it looks like decides how it is shown.
#[derive(Debug)]
pub(super) struct Beginning {
    decoder: Option<Decoder>,
    /// How what was sent begins.
    raw: Vec<u8>,
}

impl Beginning {
    /// Nothing where there is no memory for a decoder.
    pub fn new(codings: &[Coding]) -> Self {
        Self { decoder: Decoder::new(codings).ok(), raw: Vec::new() }
    }

    /// Adds to the decoded beginning what comes out of these bytes, up to `most` bytes; whether the body is something else
    /// than its codings say.
    pub fn push(&mut self, bytes: &[u8], start: &mut Vec<u8>, most: usize) -> bool {
        let Some(decoder) = &mut self.decoder else { return false };
        let room = most.saturating_sub(self.raw.len());
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let full = || Error::new(Code::DecodingLimit, "");
        // A piece at a time: no more than the beginning is wanted.
        for piece in bytes.chunks(512) {
            let pushed = decoder.push(piece, &mut |piece| {
                start.extend_from_slice(&piece[..piece.len().min(most - start.len())]);
                if start.len() == most { Err(full()) } else { Ok(()) }
            });
            let Err(halt) = pushed else { continue };
            self.decoder = None;
            let mislabeled = matches!(halt, Halt::Broken { broken: Broken::Format, .. }) && start.is_empty();
            if mislabeled {
                *start = std::mem::take(&mut self.raw);
            }
            self.raw = Vec::new();
            return mislabeled;
        }
        false
    }
}

#[cfg(test)]
#[path = "decoded_tests.rs"]
mod tests;

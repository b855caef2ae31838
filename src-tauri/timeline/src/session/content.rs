//! The bytes of a call that go into a session.

use std::io::{self, Write};

use porthole_base::error::{Code, Error};
use porthole_output::{Counts, Output, SAVE_PIECE, Stream};

/// Chunks that are asked for at once.
const CHUNKS: usize = 4096;

/// Where a session's writer gets a call's bytes from. First both streams are asked for, then the chunks.
pub trait Content {
    /// About how many bytes a stream has; 0 if it has none.
    fn about(&self, stream: Stream) -> u64;

    /// Writes the bytes of a stream.
    ///
    /// # Errors
    /// What reading them says, or what `to` says.
    fn write(&mut self, stream: Stream, to: &mut dyn Write) -> Written;

    /// Tells how they arrived, in order: the stream, how many bytes, and when.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn each_chunk(&mut self, tell: &mut dyn FnMut(Stream, u64, u64) -> io::Result<()>) -> Written;
}

/// How writing them went.
pub type Written<T = ()> = std::result::Result<T, WriteFailed>;

/// Why bytes didn't get into a session.
#[derive(Debug)]
pub enum WriteFailed {
    /// They can't be read.
    Reading(Error),
    /// They can't be written.
    Writing(io::Error),
}

impl From<Error> for WriteFailed {
    fn from(error: Error) -> Self {
        Self::Reading(error)
    }
}

impl From<io::Error> for WriteFailed {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}

/// What an output holds at a moment. It may grow while it is written.
#[derive(Debug)]
pub struct OutputContent<'a> {
    output: &'a Output,
    counts: Counts,
}

impl<'a> OutputContent<'a> {
    /// What it holds now.
    pub fn new(output: &'a Output) -> Self {
        Self::at(output, output.counts())
    }

    /// What it held when it had this much.
    pub fn at(output: &'a Output, counts: Counts) -> Self {
        Self { output, counts }
    }

    /// When the last of it came.
    pub fn last_us(&self) -> u64 {
        let last = self.counts.chunks.checked_sub(1).map(|last| self.output.chunks(last, 1));
        last.and_then(|last| Some(last.first()?.at_us)).unwrap_or_default()
    }
}

impl Content for OutputContent<'_> {
    fn about(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Stdout => self.counts.stdout.bytes,
            Stream::Stderr => self.counts.stderr.bytes,
        }
    }

    fn write(&mut self, stream: Stream, to: &mut dyn Write) -> Written {
        let whole = self.about(stream);
        let mut at = 0;
        while at < whole {
            let piece = self.output.read(stream, at, whole.min(at + SAVE_PIECE))?;
            if piece.is_empty() {
                return Err(
                    Error::new(Code::OutputUnreadable, "The output's file is shorter than what was recorded").into()
                );
            }
            to.write_all(&piece)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    fn each_chunk(&mut self, tell: &mut dyn FnMut(Stream, u64, u64) -> io::Result<()>) -> Written {
        let mut n = 0;
        while n < self.counts.chunks {
            let count = CHUNKS.min(usize::try_from(self.counts.chunks - n).unwrap_or(CHUNKS));
            let chunks = self.output.chunks(n, count);
            if chunks.is_empty() {
                break;
            }
            n += chunks.len() as u64;
            for chunk in chunks {
                tell(chunk.stream, chunk.len, chunk.at_us)?;
            }
        }
        Ok(())
    }
}

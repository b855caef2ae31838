//! Where a Call's bytes and events go in a terminal: its streams as they are, or facts as JSON.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use porthole_base::error::{Code, Error, Result};
use porthole_output::{Coding, Decoder, Halt, Limit, Stream, Utf8, record::Record};
use serde::Serialize;

use crate::say::{self, Bytes};

/// Writes output and events, and passes the events to a callback.
pub struct Sink<E> {
    json: bool,
    /// How the streams are written where they are.
    bytes: Bytes,
    stdout: Utf8,
    stderr: Utf8,
    /// Called with each event.
    on_event: Box<dyn FnMut(&E) + Send>,
    /// Which codings of a body are undone, as an event says.
    codings: Option<CodingsOf<E>>,
    decoding: Option<Decoding>,
    writes: Writes,
}

/// Which codings of a body an event names.
type CodingsOf<E> = fn(&E) -> Option<Vec<Coding>>;

/// A body that is decoded as it is written.
struct Decoding {
    decoder: Decoder,
    sent: u64,
    decoded: u64,
    /// Why no more is decoded.
    stopped: Option<Error>,
}

impl Decoding {
    /// What comes out of these bytes, piece by piece.
    fn push(&mut self, bytes: &[u8], mut write: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.stopped.is_some() {
            return Ok(());
        }
        self.sent += bytes.len() as u64;
        let (limit, decoded) = (Limit::of(self.sent), &mut self.decoded);
        let pushed = self.decoder.push(bytes, &mut |piece| {
            let taken = &piece[..piece.len().min(usize::try_from(limit.room(*decoded)).unwrap_or(usize::MAX))];
            *decoded += taken.len() as u64;
            write(taken)?;
            if taken.len() < piece.len() { Err(limit.error(*decoded)) } else { Ok(()) }
        });
        match pushed {
            Ok(()) => Ok(()),
            Err(Halt::Refused(error)) if error.code != Code::DecodingLimit => Err(error),
            Err(halt) => {
                self.stopped = Some(halt.into_error());
                Ok(())
            }
        }
    }
}

/// How many writes began and ended: odd while one is in progress.
#[derive(Debug, Clone, Default)]
pub struct Writes(Arc<AtomicU64>);

impl Writes {
    fn step(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until one write is blocked for this long, so the output isn't being read.
    pub async fn stalled(&self, patience: Duration) {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            tokio::time::sleep(patience).await;
            let now = self.0.load(Ordering::Relaxed);
            if now == seen && now % 2 == 1 {
                return;
            }
            seen = now;
        }
    }
}

/// One JSON line: a chunk. Its text is what the bytes mean so far; a character that the chunk cut
/// comes with the next one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChunkLine<'a> {
    event: &'static str,
    at_us: u64,
    stream: Stream,
    bytes: usize,
    text: &'a str,
}

impl<E> Sink<E> {
    pub fn new(json: bool, bytes: Bytes, on_event: impl FnMut(&E) + Send + 'static) -> Self {
        Self {
            json,
            bytes,
            stdout: Utf8::default(),
            stderr: Utf8::default(),
            on_event: Box::new(on_event),
            codings: None,
            decoding: None,
            writes: Writes::default(),
        }
    }

    /// Writes a body with the codings undone that an event names.
    pub fn decoding(self, codings: CodingsOf<E>) -> Self {
        Self { codings: Some(codings), ..self }
    }

    /// Why not all of the body could be decoded, when nothing more comes.
    pub fn undecoded(&self) -> Option<Error> {
        let Decoding { decoder, sent, stopped, .. } = self.decoding.as_ref()?;
        let cut = || decoder.end().err().filter(|_| *sent > 0).map(Halt::into_error);
        stopped.clone().or_else(cut)
    }

    /// To see from outside whether a write is stuck.
    pub fn writes(&self) -> Writes {
        self.writes.clone()
    }

    /// Tells of a character that the end of a stream cut.
    pub fn finish(&mut self) {
        for (stream, rest) in [(Stream::Stdout, self.stdout.finish()), (Stream::Stderr, self.stderr.finish())] {
            if rest.is_empty() {
                continue;
            }
            // A reader that went away was noticed before.
            let _ = match self.json {
                true => say::json(&serde_json::json!({ "event": "cut", "stream": stream, "text": rest })),
                false => say::bytes(stream, rest.as_bytes(), self.bytes, &mut Utf8::default()),
            };
        }
    }

    fn json_chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> io::Result<()> {
        let decoder = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let text = decoder.push(bytes);
        say::json(&ChunkLine { event: "chunk", at_us, stream, bytes: bytes.len(), text: &text })
    }
}

impl<E: Serialize + Send> Record<E> for Sink<E> {
    fn event(&mut self, event: E) {
        // A reader that went away is noticed at the next chunk.
        if self.json {
            let _ = say::json(&event);
        }
        if let Some(codings) = self.codings.and_then(|codings| codings(&event)) {
            self.decoding =
                Decoder::new(&codings).ok().map(|decoder| Decoding { decoder, sent: 0, decoded: 0, stopped: None });
        }
        (self.on_event)(&event);
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        let Some(mut decoding) = self.decoding.take() else { return self.write(stream, at_us, bytes) };
        let pushed = decoding.push(bytes, |piece| self.write(stream, at_us, piece));
        self.decoding = Some(decoding);
        pushed
    }
}

impl<E> Sink<E> {
    fn write(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.writes.step();
        let written = match (self.json, stream) {
            (true, _) => self.json_chunk(stream, at_us, bytes),
            (false, Stream::Stdout) => say::bytes(stream, bytes, self.bytes, &mut self.stdout),
            (false, Stream::Stderr) => say::bytes(stream, bytes, self.bytes, &mut self.stderr),
        };
        self.writes.step();
        written.map_err(|error| Error::new(Code::StdoutFailed, "Can't write to stdout or stderr").detail(error))
    }
}

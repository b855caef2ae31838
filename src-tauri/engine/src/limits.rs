//! What an engine may send and how long it may take, counted where its bytes come in: every call to an engine goes over a
//! [`Metered`] connection, so no caller can forget a limit.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use porthole_base::numbers::count;

const MIB: u64 = 1024 * 1024;
/// All heads of one response, those of interim answers included.
const HEAD: u64 = MIB / 4;
/// A response that is read as a whole: a list of some thousand containers.
const WHOLE: u64 = 16 * MIB;
/// Objects in such a response. The shortest, `{}`, takes two bytes there and hundreds in memory.
const OBJECTS: u64 = 100_000;
/// How long such a response may take, to its last byte.
pub(super) const WHOLE_TIME: Duration = Duration::from_secs(120);
/// A file or folder of a container. Unpacking has other limits.
const ARCHIVE: u64 = 4096 * MIB;
const ARCHIVE_TIME: Duration = Duration::from_secs(600);
/// One piece of a stream of a command. Engines send up to 32 KiB.
const PIECE: u64 = 16 * MIB;

/// A limit that a response went past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PastLimit {
    #[error("its headers have more than {} bytes, or too many lines", count(HEAD))]
    Head,
    #[error("it has more than {} bytes", count(*.0))]
    Bytes(u64),
    #[error("it has more than {} objects", count(OBJECTS))]
    Objects,
    #[error("it took longer than {} s", .0.as_secs())]
    Time(Duration),
    #[error("a piece of the stream has more than {} bytes", count(PIECE))]
    Piece,
}

/// How a response is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it, in memory.
    Whole,
    /// Bytes that are handed on as they come.
    Archive,
    /// After the head, the streams of a command, as long as it runs.
    Stream,
    /// Progress, a log, a session of a build or a terminal, while it runs. Its readers have other limits.
    Followed,
}

/// Marks a request that the engine answers with bytes in no form: those of a terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawStream;

impl Kind {
    pub fn of<B>(request: &hyper::Request<B>) -> Self {
        if request.extensions().get::<RawStream>().is_some() {
            return Self::Followed;
        }
        let mut parts = request.uri().path().rsplit('/');
        let (last, before, first) = (parts.next(), parts.next(), parts.next());
        match (request.method(), last) {
            (&hyper::Method::POST, Some("attach")) => Self::Stream,
            (&hyper::Method::POST, Some("start")) if before.is_some() && first == Some("exec") => Self::Stream,
            (&hyper::Method::GET, Some("archive")) => Self::Archive,
            (&hyper::Method::GET, Some("logs")) if first == Some("containers") => Self::Followed,
            (&hyper::Method::POST, Some("build" | "session")) if before == Some("") => Self::Followed,
            (&hyper::Method::POST, Some("create")) if before == Some("images") => Self::Followed,
            _ => Self::Whole,
        }
    }
}

/// Counts one connection's responses, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    kind: Kind,
    stage: Stage,
    deadline: Option<(Instant, Duration)>,
    rests: u64,
}

#[derive(Debug)]
enum Stage {
    /// No response is awaited.
    Resting,
    Head(Head),
    Body {
        bytes: u64,
        objects: u64,
    },
    /// The two streams of a command.
    Pieces(Pieces),
}

#[derive(Debug, Default)]
struct Head {
    bytes: u64,
    /// The start of the head that is read now: `HTTP/1.1 101`.
    start: Vec<u8>,
    /// Bytes of its line that is read now, without the line end.
    line: u64,
}

/// Pieces as `bollard` takes them apart: eight bytes of which the last four are the length, or a line.
#[derive(Debug, Default)]
struct Pieces {
    header: Vec<u8>,
    /// The rest of a piece with a known length.
    left: u64,
    /// Bytes of a line without a length, which is there until its end.
    line: Option<u64>,
}

impl Meter {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State { kind: Kind::Whole, stage: Stage::Resting, deadline: None, rests: 0 })))
    }

    /// The next response is of this kind.
    pub fn begin(&self, kind: Kind) {
        let limit = match kind {
            Kind::Whole => Some(WHOLE_TIME),
            Kind::Archive => Some(ARCHIVE_TIME),
            // Its head has the client's own limit of time.
            Kind::Stream | Kind::Followed => None,
        };
        let deadline = limit.map(|limit| (Instant::now() + limit, limit));
        let mut state = self.lock();
        (state.kind, state.stage, state.deadline) = (kind, Stage::Head(Head::default()), deadline);
    }

    /// The response was read to its end.
    pub fn rest(&self) {
        let mut state = self.lock();
        (state.stage, state.deadline) = (Stage::Resting, None);
        state.rests += 1;
    }

    /// How often it was at rest, which tells whether it has been used since.
    pub fn rests(&self) -> u64 {
        self.lock().rests
    }

    pub fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn read(&mut self, mut bytes: &[u8]) -> Result<(), PastLimit> {
        while !bytes.is_empty() {
            match &mut self.stage {
                Stage::Resting => return Ok(()),
                Stage::Head(head) => {
                    let (read, status) = head.read(bytes)?;
                    bytes = &bytes[read..];
                    match status {
                        None => {}
                        Some(101) if self.kind == Kind::Stream => self.stage = Stage::Pieces(Pieces::default()),
                        Some(101) if self.kind == Kind::Followed => {
                            self.stage = Stage::Body { bytes: 0, objects: 0 };
                        }
                        Some(status) => {
                            // A refusal is always read as a whole.
                            if !(200..300).contains(&status) {
                                self.kind = Kind::Whole;
                            }
                            self.stage = Stage::Body { bytes: 0, objects: 0 };
                        }
                    }
                }
                Stage::Body { .. } if self.kind == Kind::Followed => return Ok(()),
                Stage::Body { bytes: all, objects } => {
                    *all += bytes.len() as u64;
                    let most = if self.kind == Kind::Archive { ARCHIVE } else { WHOLE };
                    if *all > most {
                        return Err(PastLimit::Bytes(most));
                    }
                    if self.kind != Kind::Archive {
                        *objects += memchr::memchr_iter(b'{', bytes).count() as u64;
                        if *objects > OBJECTS {
                            return Err(PastLimit::Objects);
                        }
                    }
                    return Ok(());
                }
                Stage::Pieces(pieces) => {
                    let read = pieces.read(bytes)?;
                    bytes = &bytes[read..];
                }
            }
        }
        Ok(())
    }
}

impl Head {
    /// Reads to the end of the bytes or of a final head, and tells how many bytes that was and the head's status.
    fn read(&mut self, bytes: &[u8]) -> Result<(usize, Option<u16>), PastLimit> {
        /// `HTTP/1.1 101`
        const START: usize = 12;
        for (at, byte) in bytes.iter().enumerate() {
            self.bytes += 1;
            if self.bytes > HEAD {
                return Err(PastLimit::Head);
            }
            if self.start.len() < START && !(self.start.is_empty() && b"\r\n".contains(byte)) {
                self.start.push(*byte);
            }
            match byte {
                b'\n' if self.line == 0 && !self.start.is_empty() => {
                    let status =
                        self.start.get(9..START).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
                    let status: u16 = status.unwrap_or_default();
                    self.start.clear();
                    if status == 101 || !(100..200).contains(&status) {
                        return Ok((at + 1, Some(status)));
                    }
                }
                b'\n' => self.line = 0,
                b'\r' => {}
                _ => self.line += 1,
            }
        }
        Ok((bytes.len(), None))
    }
}

impl Pieces {
    /// Reads some of the bytes, at least one, and tells how many.
    fn read(&mut self, bytes: &[u8]) -> Result<usize, PastLimit> {
        if self.left > 0 {
            let read = self.left.min(bytes.len() as u64);
            self.left -= read;
            return Ok(read as usize);
        }
        if let Some(line) = &mut self.line {
            let end = memchr::memchr(b'\n', bytes);
            let read = end.map_or(bytes.len(), |end| end + 1);
            *line += read as u64;
            if *line > PIECE {
                return Err(PastLimit::Piece);
            }
            if end.is_some() {
                self.line = None;
            }
            return Ok(read);
        }
        match bytes.first() {
            Some(first) if self.header.is_empty() && *first > 2 => {
                self.line = Some(0);
                Ok(0)
            }
            Some(next) => {
                self.header.push(*next);
                if let [_, _, _, _, a, b, c, d] = self.header[..] {
                    self.left = u32::from_be_bytes([a, b, c, d]).into();
                    self.header.clear();
                    if self.left > PIECE {
                        return Err(PastLimit::Piece);
                    }
                }
                Ok(1)
            }
            None => Ok(0),
        }
    }
}

/// A connection to an engine that counts the responses' bytes.
pub(super) struct Metered<T> {
    io: T,
    meter: Meter,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<T> Metered<T> {
    pub fn new(io: T, meter: Meter) -> Self {
        Self { io, meter, timer: None }
    }

    /// Whether the response has taken longer than it may; else a caller that reads is woken then.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<PastLimit> {
        let Some((deadline, limit)) = self.meter.lock().deadline else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx).map(|()| PastLimit::Time(limit))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Poll::Ready(late) = self.poll_late(cx) {
            return Poll::Ready(Err(io::Error::other(late)));
        }
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        let counted = self.meter.lock().read(&buffer.filled()[before..]);
        Poll::Ready(counted.map_err(io::Error::other))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;

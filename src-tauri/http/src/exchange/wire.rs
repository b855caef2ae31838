//! The connection as hyper sees it, with a tap on it: hyper forgets the case and the order of
//! header lines and what it read of a broken head; here they are kept.

use std::{
    fmt,
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Instant,
};

use hyper::rt::{Read, ReadBufCursor, Write};

use super::{
    Head, Header, Protocol,
    facts::{INFORMATIONAL_BYTES, INFORMATIONAL_KEPT},
    head::{as_composed, end_of_head, read_head, text},
};
use porthole_base::numbers::count;

/// A head larger than this is not kept whole; hyper refuses it somewhat earlier.
const HEAD_LIMIT: usize = 512 * 1024;

/// Interim answers (1xx) that may come before the final one: long jobs send one every few seconds.
const INTERIM_LIMIT: u32 = 1000;
/// Bytes that all of them may have. A backend may send them forever; hyper does not count them.
const INTERIM_BYTES: usize = 256 * 1024;

/// A backend sent more interim answers than are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyInterim {
    pub answers: u32,
    pub bytes: usize,
}

impl fmt::Display for TooManyInterim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} informational responses with {} bytes, and no final one",
            count(self.answers.into()),
            count(self.bytes as u64)
        )
    }
}

impl std::error::Error for TooManyInterim {}

/// What a connection is made of.
pub trait Io: Read + Write + Send + Unpin {}
impl<T: Read + Write + Send + Unpin> Io for T {}

/// What went over the wire.
#[derive(Debug, Default)]
pub(super) struct Tap {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    composed: Vec<Header>,
    /// hyper's head until it is complete.
    head: Option<Vec<u8>>,
    sent_head: Option<Head>,
    body_written: bool,
    sent_at: Option<Instant>,
    write_failed: Option<io::ErrorKind>,
    was_reset: bool,
    first_byte_at: Option<Instant>,
    received: Vec<u8>,
    /// The interim heads before it, in case that no final one comes.
    interim: Vec<u8>,
    interim_answers: u32,
    /// Those that weren't reported yet.
    untold: Vec<(Instant, Head)>,
    untold_more: u32,
    /// Those that are or were in `untold`, and the bytes of their heads.
    kept: usize,
    kept_bytes: usize,
    too_many: Option<TooManyInterim>,
    head_complete: bool,
}

impl Tap {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next exchange begins on this connection, with these header lines.
    pub fn begin(&self, composed: Vec<Header>) {
        *self.lock() = State { composed, head: Some(Vec::new()), ..State::default() };
    }

    /// The request's body has been handed over to the last byte.
    pub fn body_written(&self) {
        self.lock().body_written = true;
    }

    /// Waits until the request is sent. Nothing is woken for it: a caller that waits drives the connection
    /// in the same task, and looks again after each step of it.
    pub async fn sent(&self) {
        poll_fn(|_| if self.lock().sent_at.is_some() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// The request's head on the wire, once, and when all of the request was out, as far as they are.
    pub fn take_request(&self) -> Option<(Option<Instant>, Head)> {
        let mut state = self.lock();
        Some((state.sent_at, state.sent_head.take()?))
    }

    /// Notes how a read ended.
    fn read(&self, read: io::Result<()>) -> io::Result<()> {
        if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset) {
            self.lock().was_reset = true;
        }
        read
    }

    /// Whether the backend stopped taking the request.
    pub fn write_failed(&self) -> Option<io::ErrorKind> {
        self.lock().write_failed
    }

    /// Whether the backend reset the connection while something was expected from it.
    pub fn was_reset(&self) -> bool {
        self.lock().was_reset
    }

    /// When the final head began to arrive, and what it says.
    pub fn response(&self) -> Option<(Instant, Head)> {
        let state = self.lock();
        Some((state.first_byte_at?, read_head(&state.received)))
    }

    /// The interim responses since the last call, and how many more there were.
    pub fn interim(&self) -> (Vec<(Instant, Head)>, u32) {
        let state = &mut *self.lock();
        (std::mem::take(&mut state.untold), std::mem::take(&mut state.untold_more))
    }

    /// Whether a byte of an answer came.
    pub fn has_received(&self) -> bool {
        let state = self.lock();
        state.interim_answers > 0 || !state.received.is_empty()
    }

    /// Whether a byte of the head that is being read came, or of those before it where they were too many.
    pub fn has_begun_head(&self) -> bool {
        let state = self.lock();
        !state.received.is_empty() || state.too_many.is_some()
    }

    /// Whether what came can't become a head of HTTP/1, also where hyper stopped for another reason: a backend that speaks
    /// first does so before the request is out.
    pub fn is_not_http(&self) -> bool {
        let state = self.lock();
        let beginning = &state.received[..state.received.len().min(7)];
        !b"HTTP/1.".starts_with(beginning)
    }

    /// The protocol of a backend that answered with something else than HTTP/1, where it can be told.
    pub fn protocol(&self) -> Option<Protocol> {
        Protocol::of(&self.lock().received)
    }

    /// What has been read of a head, for the case that it never becomes one.
    pub fn received(&self) -> String {
        let state = self.lock();
        if state.head_complete || state.too_many.is_none() {
            return text(&state.received);
        }
        text(&[state.interim.as_slice(), &state.received].concat())
    }

    /// Whether the connection was given up for its interim answers.
    pub fn too_many(&self) -> Option<TooManyInterim> {
        self.lock().too_many
    }
}

impl State {
    /// Keeps the final head, and those of 1xx answers before it until it is there.
    fn read(&mut self, bytes: &[u8]) {
        if self.head_complete || self.too_many.is_some() {
            return;
        }
        self.first_byte_at.get_or_insert_with(Instant::now);
        // hyper skips empty lines before a status line, as HTTP advises.
        let skip =
            if self.received.is_empty() { bytes.iter().take_while(|byte| b"\r\n".contains(byte)).count() } else { 0 };
        let bytes = &bytes[skip..];
        let room = HEAD_LIMIT.saturating_sub(self.received.len());
        self.received.extend_from_slice(&bytes[..bytes.len().min(room)]);
        while let Some(end) = end_of_head(&self.received) {
            if is_interim(&self.received) {
                // The first ones: none after one that wasn't kept.
                let is_first = self.interim_answers as usize == self.kept && self.kept < INFORMATIONAL_KEPT;
                if is_first && self.kept_bytes + end <= INFORMATIONAL_BYTES {
                    self.kept += 1;
                    self.kept_bytes += end;
                    self.untold.push((Instant::now(), read_head(&self.received[..end])));
                } else {
                    self.untold_more += 1;
                }
                self.interim.extend(self.received.drain(..end));
                let empty = self.received.iter().take_while(|byte| b"\r\n".contains(byte)).count();
                self.interim.extend(self.received.drain(..empty));
                self.interim_answers += 1;
                let (answers, bytes) = (self.interim_answers, self.interim.len());
                if answers > INTERIM_LIMIT || bytes > INTERIM_BYTES {
                    self.too_many = Some(TooManyInterim { answers, bytes });
                    return;
                }
                self.first_byte_at = (!self.received.is_empty()).then(Instant::now);
            } else {
                self.received.truncate(end);
                self.interim = Vec::new();
                self.head_complete = true;
                return;
            }
        }
    }
}

/// `HTTP/1.1 1xx`, but for 101 which is the last answer before another protocol.
fn is_interim(head: &[u8]) -> bool {
    head.get(..8).is_some_and(|version| version.starts_with(b"HTTP/1."))
        && head.get(8..10) == Some(b" 1")
        && head.get(9..12) != Some(b"101")
}

/// A connection with a tap on it.
pub(super) struct Wire {
    io: Box<dyn Io>,
    tap: Arc<Tap>,
    /// Bytes taken from hyper and not yet by the operating system: the head, and what came with it.
    outgoing: Vec<u8>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    pub fn new(io: Box<dyn Io>, tap: Arc<Tap>) -> Self {
        Self { io, tap, outgoing: Vec::new() }
    }

    /// Takes hyper's head; when it is complete it goes out as composed.
    fn take_head(&mut self, bytes: &[u8]) -> bool {
        let state = &mut *self.tap.lock();
        let Some(head) = &mut state.head else { return false };
        head.extend_from_slice(bytes);
        if let Some(end) = end_of_head(head) {
            let written = as_composed(&head[..end], &state.composed);
            state.sent_head = Some(read_head(&written));
            self.outgoing = written;
            self.outgoing.extend_from_slice(&head[end..]);
            state.head = None;
        }
        true
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let written = ready!(self.give(cx, None))?;
            self.outgoing.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is given, or what is outgoing. A backend that stops reading may still have
    /// answered: the rest of the request is then let go, so that hyper continues with the response.
    fn give(&mut self, cx: &mut Context<'_>, bytes: Option<&[u8]>) -> Poll<io::Result<usize>> {
        let length = bytes.map_or(self.outgoing.len(), <[u8]>::len);
        if self.tap.write_failed().is_some() {
            return Poll::Ready(Ok(length));
        }
        match ready!(Pin::new(&mut self.io).poll_write(cx, bytes.unwrap_or(&self.outgoing))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.tap.lock().write_failed = Some(error.kind());
                Poll::Ready(Ok(length))
            }
            written => Poll::Ready(written),
        }
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.tap.lock().head_complete {
            let read = ready!(Pin::new(&mut self.io).poll_read(cx, buf));
            return Poll::Ready(self.tap.read(read));
        }
        let mut space = [MaybeUninit::uninit(); 8 * 1024];
        let room = buf.remaining().min(space.len());
        let mut piece = hyper::rt::ReadBuf::uninit(&mut space[..room]);
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, piece.unfilled()));
        self.tap.read(read)?;
        if !piece.filled().is_empty() {
            let mut state = self.tap.lock();
            state.read(piece.filled());
            if let Some(too_many) = state.too_many {
                return Poll::Ready(Err(io::Error::other(too_many)));
            }
            buf.put_slice(piece.filled());
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.take_head(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.drain(cx))?;
        self.give(cx, Some(bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        if self.tap.write_failed().is_none() {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            let mut state = self.tap.lock();
            if state.body_written && state.head.is_none() && state.sent_at.is_none() {
                state.sent_at = Some(Instant::now());
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(fuzzing)]
pub(crate) fn fuzz_head(bytes: &[u8], pieces: &[&[u8]]) {
    let (mut whole, mut cut) = (State::default(), State::default());
    whole.read(bytes);
    pieces.iter().for_each(|piece| cut.read(piece));
    assert_eq!((&whole.received, whole.head_complete), (&cut.received, cut.head_complete));
    read_head(&whole.received);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However the answer is cut, the head that is kept is the final one.
        #[test]
        fn split_anywhere_is_the_same(cuts in prop::collection::vec(0usize..90, 0..8)) {
            let answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n";
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(answer.len())).collect();
            cuts.sort_unstable();
            let (mut state, mut from) = (State::default(), 0);
            for cut in cuts.into_iter().chain([answer.len()]) {
                state.read(&answer[from..cut]);
                from = cut;
            }
            prop_assert!(state.head_complete);
            prop_assert_eq!(state.received, b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
            let lines: Vec<&str> = state.untold.iter().map(|(_, head)| head.start_line.as_str()).collect();
            prop_assert_eq!(lines, ["HTTP/1.1 100 Continue", "HTTP/1.1 103 Early"]);
        }
    }

    #[test]
    fn interim_answers_have_a_limit_in_number_and_in_bytes() {
        let small = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(INTERIM_LIMIT as usize);
        let mut state = State::default();
        state.read(&small);
        assert_eq!(state.too_many, None);
        assert_eq!((state.untold.len(), state.untold_more), (INFORMATIONAL_KEPT, INTERIM_LIMIT - 10));
        state.read(b"HTTP/1.1 102 Processing\r\n\r\n");
        assert_eq!(state.too_many.map(|many| many.answers), Some(INTERIM_LIMIT + 1));

        let middling = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(5_000));
        let mut state = State::default();
        for _ in 0..5 {
            state.read(middling.as_bytes());
        }
        state.read(b"HTTP/1.1 102 Processing\r\n\r\n");
        assert_eq!((state.untold.len(), state.untold_more, state.too_many), (3, 3, None));

        let large = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(60_000));
        let mut state = State::default();
        for _ in 0..6 {
            state.read(large.as_bytes());
        }
        assert!(state.too_many.is_some_and(|many| many.answers < 6 && many.bytes > INTERIM_BYTES));
        assert!(state.interim.len() < 2 * INTERIM_BYTES);
    }
}

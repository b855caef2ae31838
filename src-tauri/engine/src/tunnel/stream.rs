//! A connection that goes through the engine, as the streams of one exec.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bollard::container::LogOutput;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use porthole_relay::protocol::{BLOCK, DATA, EOF, head};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::{
    frames::{Frame, Frames},
    helper::Helper,
};

/// What an engine hands on of an exec.
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;
/// What it takes for it.
pub(super) type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// What was on its way when the helper ended gets so long to arrive.
const LATE: Duration = Duration::from_millis(250);

/// Complaints of one connection that are logged.
const MOST_COMPLAINTS: u32 = 10;
/// Bytes of one that are.
const LONGEST_COMPLAINT: usize = 500;

/// How many complaints were logged.
#[derive(Debug, Default)]
pub(super) struct Complaints(u32);

impl Complaints {
    /// Logs what was written to stderr, unless that was done often.
    pub fn log(&mut self, message: &[u8]) {
        if self.0 < MOST_COMPLAINTS {
            self.0 += 1;
            tracing::warn!(words = %complaint(message), "the relay complains");
        }
    }
}

/// The beginning of what was written to stderr, as text.
fn complaint(message: &[u8]) -> String {
    match message.split_at_checked(LONGEST_COMPLAINT) {
        Some((shown, rest)) if !rest.is_empty() => {
            format!("{}… ({} more bytes)", String::from_utf8_lossy(shown), rest.len())
        }
        _ => String::from_utf8_lossy(message).into_owned(),
    }
}

/// A connection to a socket in a container. When it is dropped the engine closes the program's stdin, and
/// the program ends: the backend sees the connection closed.
pub(crate) struct TunnelStream {
    output: Output,
    input: Input,
    frames: Frames,
    /// What the engine gave and has not been looked at.
    given: Bytes,
    /// Bytes of the backend that nothing has read.
    ready: Bytes,
    /// Frames that the engine has not taken. One frame at most is added while any is there.
    outgoing: BytesMut,
    ended: bool,
    deaf: bool,
    shut: bool,
    complaints: Complaints,
    /// Ends after the helper did; none when it has.
    gone: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// It stays as long as one of its connections.
    _helper: Arc<Helper>,
}

impl TunnelStream {
    pub(super) fn new(output: Output, input: Input, helper: Arc<Helper>, gone: CancellationToken) -> Self {
        Self {
            output,
            input,
            frames: Frames::default(),
            given: Bytes::new(),
            ready: Bytes::new(),
            outgoing: BytesMut::new(),
            ended: false,
            deaf: false,
            shut: false,
            complaints: Complaints::default(),
            gone: Some(Box::pin(async move {
                gone.cancelled().await;
                tokio::time::sleep(LATE).await;
            })),
            _helper: helper,
        }
    }

    /// The first message; none if the program exited without one.
    pub(super) async fn first(&mut self) -> Result<Option<Frame>, bollard::errors::Error> {
        loop {
            if let Some(piece) = self.frames.next(&mut self.given) {
                return Ok(Some(piece));
            }
            match poll_fn(|cx| self.poll_output(cx)).await {
                Some(output) => self.give(output?),
                None => return Ok(self.frames.foreign()),
            }
        }
    }

    /// What comes next; nothing more when the helper is gone.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<LogOutput, bollard::errors::Error>>> {
        match self.output.poll_next_unpin(cx) {
            Poll::Pending => {
                if let Some(gone) = &mut self.gone {
                    ready!(gone.as_mut().poll(cx));
                    self.gone = None;
                }
                Poll::Ready(None)
            }
            output => output,
        }
    }

    fn give(&mut self, output: LogOutput) {
        match output {
            LogOutput::StdErr { message } => self.complaints.log(&message),
            output => self.given = output.into_bytes(),
        }
    }

    fn take(&mut self, piece: Frame) -> io::Result<()> {
        match piece {
            Frame::Data(bytes) => self.ready = bytes,
            Frame::Eof => self.ended = true,
            Frame::WriteClosed => self.deaf = true,
            Frame::Error(words) => return Err(io::Error::new(io::ErrorKind::ConnectionReset, words)),
            Frame::Open => {}
            Frame::Refused(words) | Frame::Foreign(words) => return Err(io::Error::other(words)),
        }
        Ok(())
    }

    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let written = ready!(self.input.as_mut().poll_write(cx, &self.outgoing))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn frame(&mut self, kind: u8, bytes: &[u8]) {
        self.outgoing.extend_from_slice(&head(kind, bytes.len()));
        self.outgoing.extend_from_slice(bytes);
    }
}

impl AsyncRead for TunnelStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.ready.is_empty() && !this.ended {
            if let Some(piece) = this.frames.next(&mut this.given) {
                this.take(piece)?;
                continue;
            }
            match ready!(this.poll_output(cx)) {
                Some(Ok(output)) => this.give(output),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => {
                    let why = "the engine closed the stream of the connection";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, why)));
                }
            }
        }
        let count = this.ready.len().min(buf.remaining());
        buf.put_slice(&this.ready.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TunnelStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.drain(cx))?;
        if self.deaf || self.shut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = bytes.len().min(BLOCK);
        if count > 0 {
            self.frame(DATA, &bytes[..count]);
        }
        // What is not taken now goes with the next write, or with the flush.
        match self.drain(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(count)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.drain(cx))?;
        self.input.as_mut().poll_flush(cx)
    }

    /// Ends this direction; the other one stays open.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.shut, true) {
            self.frame(EOF, &[]);
        }
        self.poll_flush(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_complaint_is_logged_by_its_beginning() {
        assert_eq!(complaint(b"no such socket"), "no such socket");
        assert_eq!(complaint(&[b'x'; LONGEST_COMPLAINT]).len(), LONGEST_COMPLAINT);
        let long = complaint(&[b'x'; 10_000_000]);
        assert!(long.len() < 2 * LONGEST_COMPLAINT && long.ends_with("… (9999500 more bytes)"), "{long}");
    }
}

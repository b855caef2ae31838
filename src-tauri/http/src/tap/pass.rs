//! Carries bytes between the two sides of a connection, as they are and as soon as they come.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use porthole_relay::tap_protocol::End;
use tokio::io::ReadBuf;
use tokio_util::sync::CancellationToken;

use super::{feed::Feed, observer::Side};
use crate::listener::Stream;

/// What is read at once.
const PIECE: usize = 16 * 1024;
/// How long a side may take to accept what was read before the end.
const LAST: Duration = Duration::from_millis(250);

/// One direction.
struct Way {
    from: Side,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    must_flush: bool,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// All was read, and the other side is to learn it.
    Closing,
    Closed,
    /// The other side takes nothing more.
    Refused,
}

impl Way {
    fn new(from: Side) -> Self {
        let buffer = vec![0; PIECE].into_boxed_slice();
        Self { from, buffer, start: 0, end: 0, must_flush: false, state: State::Open }
    }

    /// Carries what came. Ready when nothing more will.
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        from: &mut dyn Stream,
        to: &mut dyn Stream,
        feed: &mut Feed,
    ) -> Poll<State> {
        loop {
            match self.state {
                State::Closed | State::Refused => return Poll::Ready(self.state),
                State::Closing => {
                    // One that is gone needn't be told.
                    let _ = ready!(Pin::new(&mut *to).poll_shutdown(context));
                    self.state = State::Closed;
                }
                State::Open if self.start < self.end => {
                    match ready!(Pin::new(&mut *to).poll_write(context, &self.buffer[self.start..self.end])) {
                        Ok(written @ 1..) => (self.start, self.must_flush) = (self.start + written, true),
                        Ok(0) | Err(_) => self.state = State::Refused,
                    }
                }
                State::Open => {
                    let mut read = ReadBuf::new(&mut self.buffer);
                    match Pin::new(&mut *from).poll_read(context, &mut read) {
                        Poll::Pending => {
                            if self.must_flush {
                                match ready!(Pin::new(&mut *to).poll_flush(context)) {
                                    Ok(()) => self.must_flush = false,
                                    Err(_) => self.state = State::Refused,
                                }
                                continue;
                            }
                            return Poll::Pending;
                        }
                        Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                            feed.bytes(self.from, read.filled());
                            (self.start, self.end) = (0, read.filled().len());
                        }
                        Poll::Ready(_) => {
                            feed.ended(self.from);
                            self.state = State::Closing;
                        }
                    }
                }
            }
        }
    }

    /// Reads no more; what was read still goes out.
    fn close(&mut self) {
        if self.state == State::Open && self.start == self.end {
            self.state = State::Closing;
        }
    }
}

/// Passes bytes on until both sides have closed the connection, the client has gone, or `stop` says so. A side that closes
/// its half is passed on as that.
pub(super) async fn pass(
    client: &mut dyn Stream,
    backend: &mut dyn Stream,
    feed: &mut Feed,
    stop: &CancellationToken,
) -> End {
    let (mut request, mut response) = (Way::new(Side::Client), Way::new(Side::Backend));
    let passed = poll_fn(|context| {
        let sent = request.poll(context, client, backend, feed);
        let received = response.poll(context, backend, client, feed);
        // It is woken for this too, and waits for nothing.
        let _ = feed.poll_told(context);
        match (sent, received) {
            // Its backend learns it by the end of the connection, as it would from the client.
            (_, Poll::Ready(State::Refused)) => Poll::Ready(End::ClientGone),
            // A backend that takes no more may still be sending a response.
            (Poll::Ready(_), Poll::Ready(_)) => Poll::Ready(End::ByBoth),
            _ => Poll::Pending,
        }
    });
    let ended = tokio::select! {
        biased;
        () = stop.cancelled() => End::Stopped,
        ended = passed => ended,
    };
    if ended == End::Stopped {
        let last = poll_fn(|context| {
            request.close();
            response.close();
            let sent = finish(&mut request, context, backend);
            let received = finish(&mut response, context, client);
            if sent.is_ready() && received.is_ready() { Poll::Ready(()) } else { Poll::Pending }
        });
        let _ = tokio::time::timeout(LAST, last).await;
    }
    ended
}

/// Writes what was read, and closes that half.
fn finish(way: &mut Way, context: &mut Context<'_>, to: &mut dyn Stream) -> Poll<()> {
    while way.state == State::Open && way.start < way.end {
        match ready!(Pin::new(&mut *to).poll_write(context, &way.buffer[way.start..way.end])) {
            Ok(written @ 1..) => way.start += written,
            Ok(0) | Err(_) => way.state = State::Refused,
        }
    }
    way.close();
    if way.state == State::Closing {
        let _ = ready!(Pin::new(&mut *to).poll_shutdown(context));
        way.state = State::Closed;
    }
    Poll::Ready(())
}

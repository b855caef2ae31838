//! What passes, on its way to the recorder. Passing never waits for it: what the queue has no room for is counted instead.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::PollSender;

use super::observer::Side;

/// Pieces of one connection that wait for the recorder.
const PIECES: usize = 256;
/// What is remembered of bytes that had no room. With more of it, its order isn't exact any more.
const UNTOLD: usize = 64;
/// Bytes of all connections that do.
pub(super) const BYTES: usize = 64 * 1024 * 1024;

/// Bytes of all connections that wait for the recorder.
#[derive(Debug, Default)]
pub(super) struct Waiting(AtomicUsize);

/// A part of them.
#[derive(Debug)]
pub(super) struct Piece {
    pub bytes: Bytes,
    waiting: Arc<Waiting>,
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.waiting.0.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

/// Something that was seen on a connection.
#[derive(Debug)]
pub(super) struct Seen {
    pub at: Instant,
    pub side: Side,
    pub what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Bytes(Piece),
    /// This many bytes passed, and there was no room for them here.
    Missed(u64),
    Ended,
}

/// The end of the queue at which bytes pass.
#[derive(Debug)]
pub(super) struct Feed {
    queue: PollSender<Seen>,
    waiting: Arc<Waiting>,
    /// What must still be told, in its order.
    untold: VecDeque<(Side, Untold)>,
    /// Whether the client, and the backend, send no more.
    ended: [bool; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Untold {
    Missed(u64),
    Ended,
}

impl From<Untold> for What {
    fn from(untold: Untold) -> Self {
        match untold {
            Untold::Missed(bytes) => Self::Missed(bytes),
            Untold::Ended => Self::Ended,
        }
    }
}

impl Feed {
    pub fn new(waiting: Arc<Waiting>) -> (Self, mpsc::Receiver<Seen>) {
        let (queue, seen) = mpsc::channel(PIECES);
        (Self { queue: PollSender::new(queue), waiting, untold: VecDeque::new(), ended: [false; 2] }, seen)
    }

    /// Bytes passed. After the end of their side there are none.
    pub fn bytes(&mut self, side: Side, bytes: &[u8]) {
        if self.ended[place_of(side)] {
            return;
        }
        let is_room = self.told() && self.waiting.0.load(Ordering::Relaxed) + bytes.len() <= BYTES;
        let queue = self.queue.get_ref().filter(|_| is_room);
        let Some(slot) = queue.and_then(|queue| queue.try_reserve().ok()) else {
            return self.missed(side, bytes.len() as u64);
        };
        self.waiting.0.fetch_add(bytes.len(), Ordering::Relaxed);
        let piece = Piece { bytes: Bytes::copy_from_slice(bytes), waiting: Arc::clone(&self.waiting) };
        slot.send(Seen { at: Instant::now(), side, what: What::Bytes(piece) });
    }

    /// Counts bytes that passed without a copy.
    pub fn missed(&mut self, side: Side, bytes: u64) {
        if self.ended[place_of(side)] {
            return;
        }
        let is_last = |(of, untold): &&mut (Side, Untold)| *of == side && matches!(untold, Untold::Missed(_));
        let many = self.untold.len() >= UNTOLD;
        let same = match many {
            false => self.untold.back_mut().filter(is_last),
            true => self.untold.iter_mut().rev().find(is_last),
        };
        match same {
            Some((_, Untold::Missed(before))) => *before = before.saturating_add(bytes),
            _ if many => {}
            _ => self.untold.push_back((side, Untold::Missed(bytes))),
        }
    }

    /// A side sends no more. A container may say so any number of times, and only the first one counts.
    pub fn ended(&mut self, side: Side) {
        if std::mem::replace(&mut self.ended[place_of(side)], true) {
            return;
        }
        self.untold.push_back((side, Untold::Ended));
        self.told();
    }

    /// Tells what there was no room for, as far as there is now; whether that is all of it.
    fn told(&mut self) -> bool {
        while let Some((side, untold)) = self.untold.front().copied() {
            let Some(slot) = self.queue.get_ref().and_then(|queue| queue.try_reserve().ok()) else { return false };
            slot.send(Seen { at: Instant::now(), side, what: untold.into() });
            self.untold.pop_front();
        }
        true
    }

    /// Tells what there was no room for before, as soon as there is: nothing else may pass that would.
    pub fn poll_told(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some((side, untold)) = self.untold.front().copied() {
            let is_open = ready!(self.queue.poll_reserve(context)).is_ok();
            self.untold.pop_front();
            let seen = Seen { at: Instant::now(), side, what: untold.into() };
            // Nothing records it where it is closed.
            if !is_open || self.queue.send_item(seen).is_err() {
                self.untold.clear();
            }
        }
        // A place that was waited for isn't needed any more.
        self.queue.abort_send();
        Poll::Ready(())
    }

    /// Nothing more passes: waits until the queue has all of it.
    pub async fn finish(mut self) {
        poll_fn(|context| self.poll_told(context)).await;
    }
}

fn place_of(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Backend => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queue is full, and bytes still pass: the recorder is told how many bytes it misses, and where.
    #[tokio::test]
    async fn what_has_no_room_is_counted_and_told_in_its_place() {
        let waiting = Arc::<Waiting>::default();
        let (mut feed, mut seen) = Feed::new(Arc::clone(&waiting));
        for _ in 0..PIECES + 3 {
            feed.bytes(Side::Backend, b"abcd");
        }
        feed.ended(Side::Backend);
        for _ in 0..PIECES {
            assert!(matches!(seen.recv().await.unwrap().what, What::Bytes(_)));
        }
        // It is sent although no more bytes pass.
        poll_fn(|context| feed.poll_told(context)).await;
        feed.bytes(Side::Client, b"more");
        feed.finish().await;
        let mut rest = Vec::new();
        while let Some(Seen { side, what, .. }) = seen.recv().await {
            rest.push((side, what));
        }
        assert!(
            matches!(
                rest.as_slice(),
                [(Side::Backend, What::Missed(12)), (Side::Backend, What::Ended), (Side::Client, What::Bytes(_))]
            ),
            "{rest:?}"
        );
        drop(rest);
        assert_eq!(waiting.0.load(Ordering::Relaxed), 0);
    }

    /// Nothing reads the queue, and what a container sends has no end.
    #[tokio::test]
    async fn an_end_that_is_repeated_counts_once_and_nothing_comes_after_it() {
        let waiting = Arc::<Waiting>::default();
        let (mut feed, mut seen) = Feed::new(Arc::clone(&waiting));
        for _ in 0..PIECES + 1 {
            feed.bytes(Side::Client, b"abcd");
        }
        for _ in 0..100_000 {
            feed.ended(Side::Client);
            feed.bytes(Side::Client, b"abcd");
            feed.missed(Side::Client, 1);
            feed.missed(Side::Backend, 1);
        }
        for _ in 0..100_000 {
            feed.ended(Side::Backend);
            feed.missed(Side::Backend, 1);
        }
        assert!(feed.untold.len() <= UNTOLD + 2, "{}", feed.untold.len());
        let told = async {
            let mut told = Vec::new();
            while let Some(Seen { side, what, .. }) = seen.recv().await {
                told.push((side, what));
            }
            told
        };
        let ((), told) = tokio::join!(feed.finish(), told);
        assert!(
            matches!(
                &told[PIECES..],
                [
                    (Side::Client, What::Missed(4)),
                    (Side::Client, What::Ended),
                    (Side::Backend, What::Missed(100_000)),
                    (Side::Backend, What::Ended)
                ]
            ),
            "{:?}",
            &told[PIECES..]
        );
        drop(told);
        assert_eq!(waiting.0.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn all_connections_together_hold_no_more_than_is_allowed() {
        let waiting = Arc::<Waiting>::default();
        let large = vec![0; BYTES / 2];
        let (mut first, _seen) = Feed::new(Arc::clone(&waiting));
        let (mut second, mut seen) = Feed::new(Arc::clone(&waiting));
        first.bytes(Side::Client, &large);
        second.bytes(Side::Client, &large);
        second.bytes(Side::Client, b"x");
        second.finish().await;
        assert!(matches!(seen.recv().await.unwrap().what, What::Bytes(_)));
        assert!(matches!(seen.recv().await.unwrap().what, What::Missed(1)));
    }
}

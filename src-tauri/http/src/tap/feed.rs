//! What passes, on its way to the recorder. Passing never waits for it: what the queue has no room for is counted instead.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use tokio::{sync::mpsc, time::Instant};

use super::observer::Side;

/// Pieces of one connection that wait for the recorder.
const PIECES: usize = 256;
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
    queue: mpsc::Sender<Seen>,
    waiting: Arc<Waiting>,
    /// What must still be told, of each side.
    client: Untold,
    backend: Untold,
}

#[derive(Debug, Default, Clone, Copy)]
struct Untold {
    missed: u64,
    ended: bool,
}

impl Feed {
    pub fn new(waiting: Arc<Waiting>) -> (Self, mpsc::Receiver<Seen>) {
        let (queue, seen) = mpsc::channel(PIECES);
        (Self { queue, waiting, client: Untold::default(), backend: Untold::default() }, seen)
    }

    fn untold(&mut self, side: Side) -> &mut Untold {
        match side {
            Side::Client => &mut self.client,
            Side::Backend => &mut self.backend,
        }
    }

    /// Bytes passed.
    pub fn bytes(&mut self, side: Side, bytes: &[u8]) {
        let is_room = self.told() && self.waiting.0.load(Ordering::Relaxed) + bytes.len() <= BYTES;
        let Some(slot) = is_room.then(|| self.queue.try_reserve().ok()).flatten() else {
            self.untold(side).missed += bytes.len() as u64;
            return;
        };
        self.waiting.0.fetch_add(bytes.len(), Ordering::Relaxed);
        let piece = Piece { bytes: Bytes::copy_from_slice(bytes), waiting: Arc::clone(&self.waiting) };
        slot.send(Seen { at: Instant::now(), side, what: What::Bytes(piece) });
    }

    /// A side sends no more.
    pub fn ended(&mut self, side: Side) {
        self.untold(side).ended = true;
        self.told();
    }

    /// Tells what there was no room for before. False when there still isn't.
    fn told(&mut self) -> bool {
        for side in [Side::Client, Side::Backend] {
            while let Some(what) = self.untold(side).next() {
                if self.queue.try_send(Seen { at: Instant::now(), side, what }).is_err() {
                    return false;
                }
                self.untold(side).is_told();
            }
        }
        true
    }

    /// Nothing more passes: waits until all of it is told.
    pub async fn finish(mut self) {
        for side in [Side::Client, Side::Backend] {
            while let Some(what) = self.untold(side).next() {
                if self.queue.send(Seen { at: Instant::now(), side, what }).await.is_err() {
                    return;
                }
                self.untold(side).is_told();
            }
        }
    }
}

impl Untold {
    fn next(self) -> Option<What> {
        if self.missed > 0 { Some(What::Missed(self.missed)) } else { self.ended.then_some(What::Ended) }
    }

    fn is_told(&mut self) {
        if self.missed > 0 { self.missed = 0 } else { self.ended = false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queue is full, and passing goes on: the recorder learns how many bytes it lacks, and where.
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

//! What waits to be told to Porthole. Bytes pass without waiting for it: copies that have no room are dropped, and
//! counted by their connection.

use std::{
    collections::VecDeque,
    io::Write,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::tap_protocol::Event;

/// The limit of bytes that wait. Porthole itself has the same.
const ROOM: usize = 64 * 1024 * 1024;
/// What a frame takes beside its bytes.
const FRAME: usize = 64;
/// What is written at once.
const BATCH: usize = 64 * 1024;

#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    more: Condvar,
    written: Condvar,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    is_writing: bool,
    /// Porthole reads nothing any more.
    is_gone: bool,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells something that must not be lost. Connections that have room when they begin tell a bounded number of these.
    pub fn tell(&self, event: &Event<'_>) {
        self.add(self.waiting(), event.encode());
    }

    /// Tells something if there is room; whether there was.
    pub fn offer(&self, event: &Event<'_>) -> bool {
        let frame = event.encode();
        let waiting = self.waiting();
        let is_room = waiting.bytes + frame.len() + FRAME <= ROOM;
        if is_room {
            self.add(waiting, frame);
        }
        is_room
    }

    fn add(&self, mut waiting: MutexGuard<'_, Waiting>, frame: Vec<u8>) {
        if !waiting.is_gone {
            waiting.bytes += frame.len() + FRAME;
            waiting.frames.push_back(frame);
            self.more.notify_one();
        }
    }

    /// Whether there is room for a connection.
    pub fn has_room(&self) -> bool {
        self.waiting().bytes < ROOM
    }

    /// Writes what comes, for as long as the process lives.
    pub fn write_to(&self, output: &mut impl Write) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let mut waiting = self.waiting();
            while waiting.frames.is_empty() {
                waiting.is_writing = false;
                self.written.notify_all();
                waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            batch.clear();
            while batch.len() < BATCH
                && let Some(frame) = waiting.frames.pop_front()
            {
                waiting.bytes -= frame.len() + FRAME;
                batch.extend_from_slice(&frame);
            }
            waiting.is_writing = true;
            drop(waiting);
            if output.write_all(&batch).and_then(|()| output.flush()).is_err() {
                let mut waiting = self.waiting();
                (waiting.frames, waiting.bytes, waiting.is_gone) = (VecDeque::new(), 0, true);
            }
        }
    }

    /// Waits until all is written, but not longer than this.
    pub fn flush(&self, limit: Duration) {
        let is_left = |waiting: &mut Waiting| waiting.is_writing || !waiting.frames.is_empty();
        let _ = self.written.wait_timeout_while(self.waiting(), limit, is_left);
    }
}

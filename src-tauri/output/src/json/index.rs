//! Where the lines of an indented body are: a few bytes for every sixty-four of them.

use super::splitter::{Splitter, Start};

/// Lines between two checkpoints.
const EVERY: u64 = 64;
/// Bytes between two checkpoints: a look at a line must not read through a whole string of
/// megabytes that comes before it.
const FAR: u64 = 64 * 1024;

/// A line from which one can go on to those after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checkpoint {
    pub line: u64,
    pub start: Start,
    /// The least depth of the lines up to the next checkpoint.
    pub least: u32,
}

/// The lines of a body, as far as it has been read.
#[derive(Debug)]
pub(super) struct Index {
    checkpoints: Vec<Checkpoint>,
    splitter: Splitter,
    pub lines: u64,
    /// Bytes read.
    pub done: u64,
}

impl Index {
    pub fn new() -> Self {
        Self { checkpoints: Vec::new(), splitter: Splitter::at(0), lines: 0, done: 0 }
    }

    /// Reads on.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            at += self.splitter.passes(&bytes[at..]);
            let Some(byte) = bytes.get(at) else { break };
            if let Some(start) = self.splitter.byte(*byte, self.done + at as u64) {
                self.line(start);
            }
            at += 1;
        }
        self.done += bytes.len() as u64;
    }

    fn line(&mut self, start: Start) {
        match self.checkpoints.last_mut() {
            Some(last) if self.lines < last.line + EVERY && start.offset < last.start.offset + FAR => {
                last.least = last.least.min(start.depth);
            }
            _ => self.checkpoints.push(Checkpoint { line: self.lines, start, least: start.depth }),
        }
        self.lines += 1;
    }

    /// The lines from a checkpoint on that are searched at once: where they end, and the line and offset there. Absent where
    /// there are none yet.
    pub fn slice(&self, from: u64, most: u64, over: bool) -> Option<(Start, u64, u64)> {
        let (at, first) = self.before(from).filter(|(_, first)| first.line == from)?;
        let reach = first.start.offset + most;
        let next = self.checkpoints.partition_point(|checkpoint| checkpoint.start.offset <= reach).max(at + 2) - 1;
        match self.checkpoints.get(next) {
            Some(next) if next.line > from => Some((first.start, next.line, next.start.offset)),
            // The last lines may go on as long as the body is read.
            _ => (over && self.lines > from).then_some((first.start, self.lines, self.done)),
        }
    }

    /// The last checkpoint at or before a line, and its number.
    pub fn before(&self, line: u64) -> Option<(usize, Checkpoint)> {
        let at = self.checkpoints.partition_point(|checkpoint| checkpoint.line <= line).checked_sub(1)?;
        Some((at, self.checkpoints[at]))
    }

    /// A checkpoint, and where the lines up to the next one end.
    pub fn block(&self, at: usize) -> Option<(Checkpoint, u64)> {
        let checkpoint = *self.checkpoints.get(at)?;
        Some((checkpoint, self.checkpoints.get(at + 1).map_or(self.done, |next| next.start.offset)))
    }
}

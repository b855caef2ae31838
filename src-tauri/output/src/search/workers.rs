//! A slice that is searched by several threads.

use std::{
    io,
    num::NonZeroUsize,
    panic::resume_unwind,
    thread::{self, available_parallelism},
};

use grep_matcher::LineTerminator;
use grep_searcher::{Searcher, SearcherBuilder};
use porthole_base::error::Result;

use super::{LONG, Part, Search, Slice, lines::Lines};

/// A thread searches at least this many bytes: to start it takes as long as to search some hundred kilobytes.
const PIECE: u64 = 1024 * 1024;
/// Threads at most: more than these wait for the memory.
const THREADS: usize = 4;

/// Lines that match, in the own numbers of stdout and stderr.
pub(super) type Own = [Vec<u64>; 2];

/// Whole lines of a part.
#[derive(Debug)]
struct Piece<'a> {
    part: &'a Part,
    start: u64,
    end: u64,
}

/// What a thread needs for its search, which is used again for the next slice.
#[derive(Debug)]
pub(super) struct Worker {
    searcher: Searcher,
    buffer: Vec<u8>,
}

impl Worker {
    fn new() -> Self {
        let mut searcher = SearcherBuilder::new();
        searcher.line_terminator(LineTerminator::crlf()).line_number(false);
        Self { searcher: searcher.build(), buffer: Vec::new() }
    }

    fn search(&mut self, search: &Search, pieces: &[Piece<'_>]) -> Result<Own> {
        let mut own = Own::default();
        for piece in pieces {
            let hits = &mut own[piece.part.stream as usize];
            self.search_piece(search, piece, hits).map_err(|error| search.output.unreadable(&error))?;
        }
        Ok(own)
    }

    fn search_piece(&mut self, search: &Search, piece: &Piece<'_>, hits: &mut Vec<u64>) -> io::Result<()> {
        let Piece { part, start, end } = *piece;
        if part.to - part.from == 1 && end - start > LONG {
            if search.matches_somewhere(&part.bytes, start, end)? {
                hits.push(part.from);
            }
            return Ok(());
        }
        let mut start = start;
        while start < end {
            part.read_lines(&mut self.buffer, start, end)?;
            // The file was truncated.
            if self.buffer.is_empty() {
                break;
            }
            let (output, stream, bytes) = (&*search.output, part.stream, &*self.buffer);
            let mut lines = Lines { output, stream, start, bytes, before: None, hits };
            self.searcher.search_slice(&search.finder.matcher, bytes, &mut lines)?;
            start += self.buffer.len() as u64;
        }
        Ok(())
    }
}

impl Search {
    /// The lines of a slice that match. There is a worker for each thread afterwards.
    pub(super) fn hits_in(&self, slice: &Slice, workers: &mut Vec<Worker>) -> Result<Own> {
        let threads = available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS);
        let pieces = self.pieces(slice, threads as u64);
        let share = pieces.len().div_ceil(threads).max(1);
        let shares = pieces.chunks(share);
        if workers.len() < shares.len() {
            workers.resize_with(shares.len(), Worker::new);
        }
        let found: Vec<Result<Own>> = thread::scope(|scope| {
            let mut shares = shares.zip(workers);
            let first = shares.next();
            let others: Vec<_> = shares
                .map(|(pieces, worker)| {
                    let search = move || worker.search(self, pieces);
                    (pieces, thread::Builder::new().spawn_scoped(scope, search))
                })
                .collect();
            let first = first.map(|(pieces, worker)| worker.search(self, pieces));
            let others = others.into_iter().map(|(pieces, other)| match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // The system has no thread left.
                Err(_) => Worker::new().search(self, pieces),
            });
            first.into_iter().chain(others).collect()
        });
        let mut all = Own::default();
        for own in found {
            all.iter_mut().zip(own?).for_each(|(all, own)| all.extend(own));
        }
        Ok(all)
    }

    /// The parts of a slice, cut at the begin of lines where they are large.
    fn pieces<'a>(&self, slice: &'a Slice, threads: u64) -> Vec<Piece<'a>> {
        let streams = self.output.lock();
        let mut pieces = Vec::new();
        for part in &slice.parts {
            let lines = streams.of(part.stream);
            let length = part.end - part.start;
            let count = (length / PIECE).clamp(1, threads);
            let mut start = part.start;
            for n in 1..=count {
                let cut = part.start + length / count * n;
                let line = if n < count { lines.line_of(cut) } else { None };
                let end = line.map_or(part.end, |line| lines.line_start(line));
                // A line may be longer than a piece.
                if end > start {
                    pieces.push(Piece { part, start, end });
                    start = end;
                }
            }
        }
        pieces
    }
}

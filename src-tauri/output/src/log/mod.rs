//! Lines as a log: each has a level, stack traces are one row, and a filter selects. What is kept is four bits for each line
//! and a byte or two for each row; text is read again when rows are drawn.

mod classes;
mod decide;
mod draw;
mod facts;
mod filter;
mod level;
mod record;
mod rows;
mod trace;
mod tree;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use classes::Class;
pub(crate) use classes::Classified;
pub(crate) use draw::mark;
pub use facts::{Level, LogMark, LogQuery, LogSummary};
use filter::Filter;
use level::{find as find_level, readable};
use rows::{Opened, Place, Rows};

use super::{Fold, Output, TaskProgress, View};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// Rows that may be opened at once.
const MOST_OPENED: usize = 2000;
/// Parts into which the places of errors are divided.
const MOST_PARTS: u32 = 4000;

/// The lines of an output as a log.
#[derive(Debug)]
pub struct Log {
    output: Arc<Output>,
    query: LogQuery,
    filter: Filter,
    rows: Mutex<Rows>,
}

impl Log {
    /// A log in which nothing was looked at yet.
    ///
    /// # Errors
    /// [`Code::SearchInvalid`] when the filter can't be read, or the view isn't one of lines.
    pub fn new(output: Arc<Output>, query: LogQuery) -> Result<Self> {
        if !matches!(query.view, View::Both | View::Stdout | View::Stderr) {
            return Err(Error::new(Code::SearchInvalid, "Only lines can be shown as a log"));
        }
        let filter = Filter::read(&query.text)?;
        Ok(Self { output, query, filter, rows: Mutex::default() })
    }

    /// Whether it is of this output.
    pub fn is_of(&self, output: &Arc<Output>) -> bool {
        Arc::ptr_eq(&self.output, output)
    }

    /// The output with its lines.
    pub(crate) fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// What it was made with.
    pub fn query(&self) -> &LogQuery {
        &self.query
    }

    /// The view with its lines.
    pub fn view(&self) -> View {
        self.query.view
    }

    /// Looks through more of what came, and tells how far that is, unless it is all.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when a file cannot be read.
    pub fn advance(&self) -> Result<Option<TaskProgress>> {
        self.catch_up(&mut self.rows())
    }

    /// Whether a line of the view is in it, or belongs to one that is.
    pub(crate) fn has(&self, line: u64) -> bool {
        let rows = self.rows();
        rows.has(self.head(line).0)
    }

    /// How many lines of the view were decided.
    pub(crate) fn decided(&self) -> u64 {
        self.rows().next
    }

    /// The first line since which lines were decided otherwise than before, once.
    pub(crate) fn take_changed(&self) -> Option<u64> {
        self.rows().changed_from.take()
    }

    /// The line of the view that a line belongs to, its stream, and its number there.
    fn head(&self, line: u64) -> (u64, Stream, u64) {
        let streams = self.output.lock();
        let owner = streams.owners_from(self.query.view, line, 1).first().copied();
        let Some((stream, own)) = owner else { return (line, Stream::Stdout, line) };
        let head = streams.classes(stream).head_of(own);
        (streams.number_in(self.query.view, stream, head), stream, head)
    }

    /// The row of a line. What hides it is opened; of a line that the filter leaves out it is the row before.
    ///
    /// # Errors
    /// As for [`Log::fold`].
    pub fn row_of(&self, line: u64) -> Result<u64> {
        let (head, stream, head_own) = self.head(line);
        if head != line && self.query.fold && self.rows().has(head) {
            self.fold(head, Fold::Open)?;
            let own = {
                let streams = self.output.lock();
                streams.owners_from(self.query.view, line, 1).first().map_or(head_own, |(_, own)| *own)
            };
            let rows = self.rows();
            let fields =
                rows.opened_at(head).filter(|opened| opened.stream == stream).map_or(0, |opened| opened.fields);
            return Ok(rows.row_of(head) + fields + (own - head_own));
        }
        Ok(self.rows().row_of(line))
    }

    /// Opens or closes the row of a line.
    ///
    /// # Errors
    /// [`Code::TooManyFolds`] when thousands are open; [`Code::OutputUnreadable`] when a file cannot be read.
    pub fn fold(&self, line: u64, fold: Fold) -> Result<()> {
        match fold {
            Fold::Close => self.rows().close(line),
            Fold::Open => {
                let (head, stream, own) = self.head(line);
                let fields = self.nodes(stream, own)?.len() as u64;
                let behind = if self.query.fold { self.output.lock().classes(stream).behind(own).0 } else { 0 };
                let mut rows = self.rows();
                if rows.opened().count() >= MOST_OPENED && rows.opened_at(head).is_none() {
                    return Err(
                        Error::new(Code::TooManyFolds, "Too many rows are unfolded").hint("Fold some of them first.")
                    );
                }
                rows.open(head, Opened { stream, own, fields, behind });
            }
            Fold::OpenInside | Fold::CloseInside => {
                let open: Vec<u64> = self.rows().opened().map(|(line, _)| line).collect();
                open.into_iter().for_each(|line| self.rows().close(line));
            }
        }
        Ok(())
    }

    /// Opens the rows that are open in another log of the same lines.
    pub fn open_as_in(&self, other: &Self) {
        if !self.is_of(&other.output) || self.query.view != other.query.view {
            return;
        }
        let opened: Vec<_> = other.rows().opened().collect();
        opened.into_iter().for_each(|(line, opened)| self.rows().reopen(line, opened));
    }

    /// The number of the first row that came at this time or later.
    pub fn row_at_time(&self, at_us: u64) -> u64 {
        let rows = self.rows();
        let streams = self.output.lock();
        let (mut low, mut high) = (0, rows.lines.len());
        while low < high {
            let middle = u64::midpoint(low, high);
            let time = rows.lines.get(middle).and_then(|line| streams.row_time(self.query.view, line));
            if time.is_some_and(|time| time < at_us) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        rows.row_of_base(low)
    }

    /// How many lines of each level there are, and where errors are among the rows, in this number of parts.
    pub fn summary(&self, parts: u32) -> LogSummary {
        let rows = self.rows();
        let mut counts = [0; 6];
        {
            let streams = self.output.lock();
            for stream in [Stream::Stdout, Stream::Stderr].into_iter().filter(|stream| self.shows(*stream)) {
                let of = streams.classes(stream).counts();
                counts.iter_mut().zip(of).for_each(|(sum, count)| *sum += count);
            }
        }
        let (errors, warnings) = (rows.errors.len(), rows.warnings.len());
        let (parts, base) = (u64::from(parts.min(MOST_PARTS)), rows.lines.len());
        let mut marks = Vec::new();
        if errors + warnings > 0 {
            let mut from = (0, 0);
            for place in 0..parts {
                let end = ((place + 1) * base).div_ceil(parts);
                let line = rows.lines.get(end);
                let to = line.map_or((errors, warnings), |line| (rows.errors.below(line), rows.warnings.below(line)));
                let found = (to.0 - from.0, to.1 - from.1);
                let first = if found.0 > 0 { rows.errors.get(from.0) } else { rows.warnings.get(from.1) };
                if let Some(line) = first.filter(|_| found != (0, 0)) {
                    let row = rows.row_of(line);
                    marks.push(LogMark { place: place as u32, errors: found.0, warnings: found.1, row });
                }
                from = to;
            }
        }
        LogSummary { counts: counts.to_vec(), marks, errors, warnings, total: rows.total() }
    }

    /// The row of the error after or before a row, or at the other end when there is none.
    pub fn error_near(&self, row: u64, after: bool) -> Option<u64> {
        let rows = self.rows();
        let line = match rows.place(row) {
            Some(Place::Line(line)) => line,
            // Of a row below an error, that error is the one before.
            Some(Place::Below(line, _)) => line + u64::from(!after),
            None => u64::MAX,
        };
        let last = rows.errors.len().checked_sub(1)?;
        let place = if after {
            Some(rows.errors.below(line.saturating_add(1))).filter(|next| *next <= last).unwrap_or(0)
        } else {
            rows.errors.below(line).checked_sub(1).unwrap_or(last)
        };
        rows.errors.get(place).map(|line| rows.row_of(line))
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        // A panic while the lock was held leaves rows that were decided.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Classified {
    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        self.stdout.memory() + self.stderr.memory()
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;

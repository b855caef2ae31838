//! Decides which lines are rows of a log, as far as its lines are classified.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{
    Log,
    classes::{Class, OfStderr, OfStdout},
    level,
    rows::{Rows, Watched},
};
use crate::{Stream, TaskProgress, View, spill::Bytes, streams::Streams};
use porthole_base::error::Result;

/// Bytes that are classified before it is looked whether that took too long.
const STEP: u64 = 1024 * 1024;
/// How long lines are classified and decided while the user waits for rows.
const PATIENCE: Duration = Duration::from_millis(100);
/// Lines that are decided at once.
const BATCH: u64 = 4096;
/// Bytes that are read at once.
const READ: u64 = 256 * 1024;
/// Of a line with what belongs to it, the bytes in which a text is looked for.
pub(super) const GROUP: u64 = 256 * 1024;

/// A line that is to be decided, with where its text and that of the lines that belong to it is, where that matters.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    line: u64,
    stream: Stream,
    own: u64,
    class: Class,
    start: u64,
    end: u64,
    /// It may become something else.
    open: bool,
}

impl Streams {
    fn candidate(&self, line: u64, (stream, own): (Stream, u64), text: bool) -> Option<Candidate> {
        let classes = self.classes(stream);
        let class = classes.get(own)?;
        let (start, end) = match class {
            Class::Own(_) if text => {
                let spill = self.of(stream);
                (spill.line_start(own), spill.line_start(own + 1 + classes.behind(own).0))
            }
            _ => (0, 0),
        };
        let open = own >= classes.open_from() && (matches!(class, Class::Own(_)) || own + 1 >= classes.len());
        Some(Candidate { line, stream, own, class, start, end: end.min(start + GROUP), open })
    }
}

/// Reads the text of lines that follow each other.
struct Texts {
    bytes: [Bytes; 2],
    buffers: [(u64, Vec<u8>); 2],
}

impl Texts {
    fn of(streams: &Streams) -> Self {
        let bytes = [streams.stdout.bytes(), streams.stderr.bytes()];
        Self { bytes, buffers: Default::default() }
    }

    fn lines(&mut self, of: &Candidate) -> io::Result<Vec<String>> {
        let (from, buffer) = &mut self.buffers[of.stream as usize];
        if of.start < *from || of.end > *from + buffer.len() as u64 {
            self.bytes[of.stream as usize].read_into(buffer, of.start, of.end.max(of.start + READ))?;
            *from = of.start;
        }
        let at = |offset: u64| buffer.len().min((offset - *from) as usize);
        let text = &buffer[at(of.start)..at(of.end)];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Ok(text.split(|byte| *byte == b'\n').map(|line| level::readable(line).into_owned()).collect())
    }
}

impl Log {
    /// Classifies and decides more of the lines, unless all of them are; tells how far that is.
    pub(super) fn catch_up(&self, rows: &mut Rows) -> Result<Option<TaskProgress>> {
        let until = Instant::now() + PATIENCE;
        let classifying = self.classify(until)?;
        let behind = self.decide(rows, until)?;
        self.follow_opened(rows);
        if classifying.is_some() || !behind {
            return Ok(classifying);
        }
        let streams = self.output.lock();
        Ok(Some(TaskProgress { done: rows.next, whole: streams.rows(self.query.view) }))
    }

    /// Classifies lines; tells how far that is, unless all of them are.
    fn classify(&self, until: Instant) -> Result<Option<TaskProgress>> {
        loop {
            let stdout = if self.shows(Stream::Stdout) { self.output.catch_up_with::<OfStdout>(STEP)? } else { None };
            let stderr = if self.shows(Stream::Stderr) { self.output.catch_up_with::<OfStderr>(STEP)? } else { None };
            let making = stdout.or(stderr);
            if making.is_none() || Instant::now() >= until {
                return Ok(making);
            }
        }
    }

    pub(super) fn shows(&self, stream: Stream) -> bool {
        match self.query.view {
            View::Both => true,
            View::Stderr => stream == Stream::Stderr,
            _ => stream == Stream::Stdout,
        }
    }

    /// Decides lines; whether there are more.
    fn decide(&self, rows: &mut Rows, until: Instant) -> Result<bool> {
        self.review(rows)?;
        let texts = self.filter.reads_text();
        loop {
            let (candidates, mut texts) = {
                let streams = self.output.lock();
                let owners = streams.owners_from(self.query.view, rows.next, BATCH);
                let lines = owners.into_iter().zip(rows.next..);
                let candidates = lines.map_while(|(owner, line)| streams.candidate(line, owner, texts));
                (candidates.collect::<Vec<_>>(), Texts::of(&streams))
            };
            if candidates.is_empty() {
                return Ok(false);
            }
            for candidate in &candidates {
                let passes = self.passes(rows, candidate, &mut texts)?;
                let level = match candidate.class {
                    Class::Own(level) => Some(level),
                    Class::Continues { .. } => None,
                };
                if passes && (level.is_some() || !self.query.fold) {
                    rows.push(candidate.line, level);
                }
                if candidate.open {
                    rows.watched.push(candidate.watched(passes));
                }
                rows.next = candidate.line + 1;
            }
            if Instant::now() >= until {
                return Ok(true);
            }
        }
    }

    /// Looks at the lines again that could become something else.
    fn review(&self, rows: &mut Rows) -> Result<()> {
        let watched = std::mem::take(&mut rows.watched);
        let mut still = Vec::new();
        let mut rewind: Option<u64> = None;
        for before in watched {
            let (candidate, mut texts) = {
                let streams = self.output.lock();
                (
                    streams.candidate(before.line, (before.stream, before.own), self.filter.reads_text()),
                    Texts::of(&streams),
                )
            };
            let Some(candidate) = candidate else { continue };
            let passes = self.passes(rows, &candidate, &mut texts)?;
            if candidate.class != before.class || passes != before.passes {
                rewind = Some(rewind.map_or(before.line, |line| line.min(before.line)));
            } else if candidate.open {
                still.push(before);
            }
        }
        rows.watched = still;
        if let Some(line) = rewind {
            rows.rewind(line);
        }
        Ok(())
    }

    /// Whether a line passes the filter; one that belongs to another does when that one does.
    fn passes(&self, rows: &mut Rows, candidate: &Candidate, texts: &mut Texts) -> Result<bool> {
        let Class::Own(level) = candidate.class else {
            if self.query.fold {
                return Ok(false);
            }
            let streams = self.output.lock();
            let known = rows.heads[candidate.stream as usize].filter(|(last, _)| last + 1 == candidate.own);
            let head = known.map_or_else(|| streams.classes(candidate.stream).head_of(candidate.own), |(_, head)| head);
            rows.heads[candidate.stream as usize] = Some((candidate.own, head));
            return Ok(rows.has(streams.number_in(self.query.view, candidate.stream, head)));
        };
        if !self.query.levels.is_empty() && !self.query.levels.contains(&level) {
            return Ok(false);
        }
        if !self.filter.reads_text() {
            return Ok(self.filter.passes(level, &[]));
        }
        let lines = texts.lines(candidate).map_err(|error| self.output.unreadable(&error))?;
        Ok(self.filter.passes(level, &lines))
    }

    /// Opened rows have below them what has come of their groups.
    fn follow_opened(&self, rows: &mut Rows) {
        let now: Vec<_> = {
            let streams = self.output.lock();
            let behind = |stream, own| if self.query.fold { streams.classes(stream).behind(own).0 } else { 0 };
            rows.opened()
                .map(|(line, one)| (line, super::rows::Opened { behind: behind(one.stream, one.own), ..one }))
                .collect()
        };
        for (line, opened) in now {
            rows.reopen(line, opened);
        }
        rows.settle();
    }
}

impl Candidate {
    fn watched(&self, passes: bool) -> Watched {
        Watched { line: self.line, stream: self.stream, own: self.own, class: self.class, passes }
    }
}

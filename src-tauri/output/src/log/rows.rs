//! Which lines are rows of a log, and which rows are opened.

use std::collections::BTreeMap;

use super::{Level, classes::Class};
use crate::{Stream, offsets::Offsets};

/// Rows of a log, before any of them is opened: the numbers of lines in the view that the log is of.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub lines: Offsets,
    /// Of those, the lines that are errors.
    pub errors: Offsets,
    pub warnings: Offsets,
    /// The next line to be decided.
    pub next: u64,
    /// Decided lines that may become something else.
    pub watched: Vec<Watched>,
    /// The first line since which lines were decided otherwise, for a search that passed it.
    pub changed_from: Option<u64>,
    /// Of each stream, the line that was decided last of those that belong to another, and that one.
    pub heads: [Option<(u64, u64)>; 2],
    opened: BTreeMap<u64, Opened>,
    starts: Vec<Start>,
}

/// A line that was decided while the group that it is in wasn't whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub line: u64,
    pub stream: Stream,
    pub own: u64,
    pub class: Class,
    pub passes: bool,
}

/// A row with other rows below it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    pub stream: Stream,
    pub own: u64,
    /// Rows of its fields.
    pub fields: u64,
    /// Rows of the lines that belong to it.
    pub behind: u64,
}

/// Where an opened row is, and how many rows are below it.
#[derive(Debug, Clone, Copy)]
struct Start {
    row: u64,
    base: u64,
    line: u64,
    below: u64,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A line.
    Line(u64),
    /// The nth row below a line.
    Below(u64, u64),
}

impl Rows {
    /// Adds the line that was decided next, if it is a row.
    pub fn push(&mut self, line: u64, level: Option<Level>) {
        self.lines.push(line);
        match level {
            Some(Level::Error) => self.errors.push(line),
            Some(Level::Warning) => self.warnings.push(line),
            _ => {}
        }
    }

    /// Decides again from this line on.
    pub fn rewind(&mut self, line: u64) {
        for lines in [&mut self.lines, &mut self.errors, &mut self.warnings] {
            let kept = lines.below(line);
            lines.truncate(kept);
        }
        self.next = self.next.min(line);
        self.heads = [None; 2];
        self.watched.retain(|watched| watched.line < line);
        self.changed_from = Some(self.changed_from.map_or(line, |from| from.min(line)));
    }

    pub fn has(&self, line: u64) -> bool {
        self.lines.get(self.lines.below(line)) == Some(line)
    }

    pub fn opened(&self) -> impl Iterator<Item = (u64, Opened)> + '_ {
        self.opened.iter().map(|(line, opened)| (*line, *opened))
    }

    pub fn opened_at(&self, line: u64) -> Option<Opened> {
        self.opened.get(&line).copied()
    }

    pub fn open(&mut self, line: u64, opened: Opened) {
        self.opened.insert(line, opened);
        self.settle();
    }

    /// The same without working out where rows are.
    pub fn reopen(&mut self, line: u64, opened: Opened) {
        self.opened.insert(line, opened);
    }

    pub fn close(&mut self, line: u64) {
        self.opened.remove(&line);
        self.settle();
    }

    /// Works out where the opened rows are, after lines were decided.
    pub fn settle(&mut self) {
        let mut before = 0;
        let mut starts = Vec::new();
        for (line, opened) in &self.opened {
            let base = self.lines.below(*line);
            let below = opened.fields + opened.behind;
            if below > 0 && self.lines.get(base) == Some(*line) {
                starts.push(Start { row: base + before, base, line: *line, below });
                before += below;
            }
        }
        self.starts = starts;
    }

    /// How many rows there are.
    pub fn total(&self) -> u64 {
        self.lines.len() + self.starts.iter().map(|start| start.below).sum::<u64>()
    }

    /// What is at a row.
    pub fn place(&self, row: u64) -> Option<Place> {
        let base = match self.starts.partition_point(|start| start.row < row).checked_sub(1).map(|at| self.starts[at]) {
            Some(start) if row <= start.row + start.below => {
                return Some(Place::Below(start.line, row - start.row - 1));
            }
            Some(start) => row - start.row - start.below + start.base,
            None => row,
        };
        self.lines.get(base).map(Place::Line)
    }

    /// The row of the nth line among all that are rows.
    pub fn row_of_base(&self, base: u64) -> u64 {
        let before = self.starts.partition_point(|start| start.base < base);
        base + self.starts[..before].iter().map(|start| start.below).sum::<u64>()
    }

    /// The row of a line, or of the last one before it.
    pub fn row_of(&self, line: u64) -> u64 {
        self.row_of_base(self.lines.below(line.saturating_add(1)).saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_below_an_opened_row_come_before_the_next_line(
            lines in prop::collection::btree_set(0u64..60, 0..30),
            opened in prop::collection::btree_map(0u64..60, (0u64..4, 0u64..4), 0..10),
        ) {
            let mut rows = Rows::default();
            lines.iter().for_each(|line| rows.push(*line, None));
            for (line, (fields, behind)) in &opened {
                rows.open(*line, Opened { stream: Stream::Stdout, own: *line, fields: *fields, behind: *behind });
            }
            let mut plain = Vec::new();
            for line in &lines {
                plain.push(Place::Line(*line));
                let below = opened.get(line).map_or(0, |(fields, behind)| fields + behind);
                plain.extend((0..below).map(|n| Place::Below(*line, n)));
            }
            prop_assert_eq!(rows.total(), plain.len() as u64);
            let told: Vec<_> = (0..rows.total()).filter_map(|row| rows.place(row)).collect();
            prop_assert_eq!(&told, &plain);
            prop_assert_eq!(rows.place(rows.total()), None);
            for line in &lines {
                prop_assert_eq!(rows.place(rows.row_of(*line)), Some(Place::Line(*line)));
            }
        }
    }
}

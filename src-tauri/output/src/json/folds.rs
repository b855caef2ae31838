//! Which lines are folded away, and which row is which line.

use std::collections::BTreeMap;

/// Brackets that are folded: by the line that opens one, how many lines are folded into it.
#[derive(Debug, Default)]
pub(super) struct Folds {
    folded: BTreeMap<u64, u64>,
    /// The folds that are in no other, with the rows before each one.
    outer: Vec<Outer>,
}

#[derive(Debug, Clone, Copy)]
struct Outer {
    line: u64,
    hidden: u64,
    row: u64,
}

impl Folds {
    pub fn len(&self) -> usize {
        self.folded.len()
    }

    pub fn fold(&mut self, lines: impl IntoIterator<Item = (u64, u64)>) {
        self.folded.extend(lines);
        self.settle();
    }

    pub fn unfold(&mut self, line: u64) {
        self.folded.remove(&line);
        self.settle();
    }

    /// Unfolds all that is from one line to another, the last one included.
    pub fn unfold_from(&mut self, from: u64, to: u64) {
        let mut rest = self.folded.split_off(&from);
        if let Some(after) = to.checked_add(1) {
            self.folded.append(&mut rest.split_off(&after));
        }
        self.settle();
    }

    /// Unfolds what hides a line.
    pub fn reveal(&mut self, line: u64) {
        let before = self.folded.len();
        self.folded.retain(|from, hidden| *from >= line || line > *from + *hidden);
        if self.folded.len() < before {
            self.settle();
        }
    }

    /// The row of a line that isn't hidden.
    pub fn row_of(&self, line: u64) -> u64 {
        match self.outer.partition_point(|outer| outer.line < line).checked_sub(1).map(|at| self.outer[at]) {
            Some(outer) => line - (outer.line - outer.row + outer.hidden).min(line),
            None => line,
        }
    }

    fn settle(&mut self) {
        let (mut outer, mut shown_from, mut hidden_before): (Vec<Outer>, u64, u64) = (Vec::new(), 0, 0);
        for (&line, &hidden) in &self.folded {
            if line >= shown_from {
                outer.push(Outer { line, hidden, row: line - hidden_before });
                hidden_before += hidden;
                shown_from = line + hidden + 1;
            }
        }
        self.outer = outer;
    }

    /// How many rows this many lines make.
    pub fn rows(&self, lines: u64) -> u64 {
        let last = self.outer.last();
        lines - last.map_or(0, |last| last.line - last.row + last.hidden).min(lines)
    }

    /// The line that a row shows.
    pub fn line_of(&self, row: u64) -> u64 {
        match self.outer.partition_point(|outer| outer.row < row).checked_sub(1).map(|at| self.outer[at]) {
            Some(outer) => row - outer.row + outer.line + outer.hidden,
            None => row,
        }
    }

    /// How many lines are folded into a line that is shown.
    pub fn folded_into(&self, line: u64) -> u64 {
        self.folded.get(&line).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_the_lines_that_no_fold_hides(
            folds in prop::collection::vec((0u64..60, 1u64..20), 0..8),
            open in prop::option::of((0u64..60, 0u64..60)),
        ) {
            // Folds stand in each other or apart, as brackets do.
            let mut nested: Vec<(u64, u64)> = Vec::new();
            for (line, hidden) in folds {
                let end = line + hidden;
                let crosses = nested.iter().any(|(l, h)| {
                    let e = l + h;
                    *l == line || (line < *l && end >= *l && end < e) || (*l < line && line <= e && end > e)
                });
                if !crosses && end < 80 {
                    nested.push((line, hidden));
                }
            }
            let mut made = Folds::default();
            made.fold(nested.iter().copied());
            if let Some((from, to)) = open {
                made.unfold_from(from, to);
                nested.retain(|(line, _)| *line < from || *line > to);
            }
            let shown: Vec<u64> = (0..80).filter(|n| !nested.iter().any(|(line, hidden)| n > line && *n <= line + hidden)).collect();
            prop_assert_eq!(made.rows(80), shown.len() as u64);
            let rows: Vec<u64> = (0..shown.len() as u64).map(|row| made.line_of(row)).collect();
            prop_assert_eq!(&rows, &shown);
            for (row, line) in (0..).zip(rows) {
                prop_assert_eq!(made.row_of(line), row);
            }
            let hidden = (0..80).find(|n| !shown.contains(n));
            if let Some(line) = hidden {
                made.reveal(line);
                prop_assert_eq!(made.line_of(made.row_of(line)), line);
            }
        }
    }
}

//! Lines and columns of a manifest.

use porthole_sdk::diagnostic::{Diagnostic, Location};

/// Where a byte of the manifest's text is.
pub(super) fn at(text: &str, offset: usize, key: impl Into<String>) -> Location {
    on(&Lines::of(text.get(..offset).unwrap_or(text)), offset, key)
}

/// The same, of a text that has many places.
pub(super) fn on(lines: &Lines<'_>, offset: usize, key: impl Into<String>) -> Location {
    let (line, column) = lines.place(offset);
    Location { file: None, line, column, key: key.into() }
}

/// By which diagnostics are listed: the manifest first, each file from its beginning on.
pub(super) fn order(diagnostic: &Diagnostic) -> Option<(Option<&str>, u32, u32)> {
    diagnostic.location.as_ref().map(|at| (at.file.as_deref(), at.line, at.column))
}

/// Where the lines of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub fn of(text: &'t str) -> Self {
        let after_each = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_each).collect() }
    }

    /// Line and column of a byte, both from 1.
    fn place(&self, offset: usize) -> (u32, u32) {
        let offset = if self.text.is_char_boundary(offset) { offset } else { self.text.len() };
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let before = self.text.get(self.starts[line - 1]..offset).unwrap_or_default();
        (line as u32, before.chars().count() as u32 + 1)
    }
}

//! What is found while compose files are read: each with the file, the line and the key.

use std::path::{Path, PathBuf};

use crate::names::with_slashes;
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode, Location};

/// The most that is listed of one project.
const MOST: usize = 100;

/// Where something is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct At {
    /// The number of the file, in the order in which they were read.
    pub file: u16,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// The files that were read, and what was found in them.
#[derive(Debug, Default)]
pub(super) struct Report {
    names: Vec<PathBuf>,
    found: Vec<Diagnostic>,
    /// What only compose itself reads.
    pub not_read: Vec<Diagnostic>,
    /// How many aren't listed.
    more: usize,
    /// Compose would refuse it.
    pub refused: bool,
    /// Compose must not read it: it leads out of the extension, or to what Porthole can't read itself.
    pub blocked: bool,
    limit_reached: bool,
}

impl Report {
    /// A number for a file, under the name that its author knows.
    pub fn file(&mut self, name: &Path) -> u16 {
        match self.names.iter().position(|known| known == name) {
            Some(at) => at as u16,
            None => {
                self.names.push(name.to_owned());
                (self.names.len() - 1) as u16
            }
        }
    }

    pub fn name(&self, at: At) -> String {
        self.names.get(usize::from(at.file)).map(|name| with_slashes(name.as_path())).unwrap_or_default()
    }

    pub fn location(&self, at: At, key: impl Into<String>) -> Location {
        Location { file: Some(self.name(at)), line: at.line.max(1), column: at.column.max(1), key: key.into() }
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.found.len() >= MOST {
            self.more += 1;
        } else if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    /// What compose refuses.
    pub fn refuse(&mut self, at: At, key: impl Into<String>, summary: impl Into<String>, fix: &str) {
        self.refused = true;
        self.push(self.location(at, key).error(DiagnosticCode::ComposeInvalid, summary).fix(fix));
    }

    /// What compose must not even try to read.
    pub fn block(&mut self, at: At, key: impl Into<String>, summary: impl Into<String>, fix: &str) {
        self.blocked = true;
        self.refused = true;
        self.push(self.location(at, key).error(DiagnosticCode::ComposeUnreadable, summary).fix(fix));
    }

    pub fn warn(
        &mut self,
        code: DiagnosticCode,
        at: At,
        key: impl Into<String>,
        summary: impl Into<String>,
        fix: &str,
    ) {
        self.push(self.location(at, key).warning(code, summary).fix(fix));
    }

    /// What only compose itself reads.
    pub fn not_read(&mut self, at: At, key: impl Into<String>, what: &str) {
        let diagnostic = self
            .location(at, key)
            .note(DiagnosticCode::ComposeNotChecked, format!("Not checked: {what}"))
            .fix("Run `docker compose config` to see how compose reads it.");
        if self.not_read.len() < MOST {
            self.not_read.push(diagnostic.clone());
        }
        self.push(diagnostic);
    }

    /// A limit was reached: once, because what follows reaches it too.
    pub fn limit(&mut self, at: At, key: impl Into<String>, summary: impl Into<String>) {
        self.refused = true;
        self.blocked = true;
        if !std::mem::replace(&mut self.limit_reached, true) {
            let diagnostic = self.location(at, key).error(DiagnosticCode::ComposeLimit, summary);
            // Listed also where nothing else is any more.
            self.found.push(diagnostic.fix("Porthole stopped reading here: the rest isn't part of this report."));
        }
    }

    /// Whether a limit was reached: what would be read from here on is not part of the report.
    pub fn is_spent(&self) -> bool {
        self.limit_reached
    }

    pub fn finish(mut self) -> Vec<Diagnostic> {
        if self.more > 0 {
            let more = self.more;
            let summary = format!("{more} more problems of the compose files aren't listed");
            self.found.push(self.location(At::default(), "").note(DiagnosticCode::ProblemsNotShown, summary));
        }
        self.found
    }
}

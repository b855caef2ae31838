//! Problems of a manifest or a compose file, with their location.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use porthole_sdk::runtime::{Certainty, Runtime};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ManifestSeverity {
    /// Somewhere the extension cannot be installed, or a part of it is missing.
    #[serde(rename = "broken")]
    Error,
    /// It works somewhere and not elsewhere, or not as it reads.
    #[serde(rename = "odd")]
    Warning,
    /// It has no effect.
    #[serde(rename = "idle")]
    Note,
}

/// What one Runtime does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Effect {
    /// Which Runtime.
    pub runtime: Runtime,
    /// What it does.
    pub text: String,
    /// How sure that is.
    pub certainty: Certainty,
}

/// One thing that is wrong or odd in a manifest or a compose file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ManifestDiagnostic {
    /// The file, as a path from the extension's root; absent for the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in the line, in characters from 1.
    pub column: u32,
    /// The key, as a path: `vm.exposes.socket`; empty for the file as a whole.
    pub key: String,
    /// How much it matters.
    #[serde(rename = "weight")]
    pub severity: ManifestSeverity,
    /// What is wrong.
    pub summary: String,
    /// What the Runtimes do with it, those that differ from what one would expect.
    pub effects: Vec<Effect>,
    /// How to fix it.
    pub fix: String,
}

impl ManifestDiagnostic {
    /// A remark about what is at this byte of the text.
    pub(super) fn at(text: &str, offset: usize, key: impl Into<String>, severity: ManifestSeverity) -> Self {
        Self::on(&Lines::of(text.get(..offset).unwrap_or(text)), offset, key, severity)
    }

    /// The same, of a text that has many.
    pub(super) fn on(lines: &Lines<'_>, offset: usize, key: impl Into<String>, severity: ManifestSeverity) -> Self {
        let (line, column) = lines.place(offset);
        Self {
            file: None,
            line,
            column,
            key: key.into(),
            severity,
            summary: String::new(),
            effects: Vec::new(),
            fix: String::new(),
        }
    }

    #[must_use]
    pub(super) fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    #[must_use]
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    #[must_use]
    pub(super) fn effect(mut self, runtime: Runtime, certainty: Certainty, text: impl Into<String>) -> Self {
        self.effects.push(Effect { runtime, text: text.into(), certainty });
        self
    }
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

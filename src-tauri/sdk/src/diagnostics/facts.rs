//! The words for findings.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::runtime::Runtime;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It does not work.
    Error,
    /// It works here or today, and not elsewhere or tomorrow.
    Warning,
    /// Good to know.
    Note,
}

/// A diagnosis, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Diagnostic {
    /// The rule's name, which never changes: `exit-126`.
    pub rule: String,
    /// How grave it is.
    pub severity: Severity,
    /// What happened.
    pub summary: String,
    /// Why it matters to an extension's code.
    pub impact: String,
    /// What to do.
    pub fix: String,
    /// The Runtimes that it is about; empty when it is about all.
    pub runtimes: Vec<Runtime>,
}

impl Diagnostic {
    /// A finding with the name of its rule.
    fn new(severity: Severity, summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        let (summary, impact, fix) = (summary.into(), impact.into(), fix.into());
        Self { rule: String::new(), severity, summary, impact, fix, runtimes: Vec::new() }
    }

    /// Something that does not work.
    pub(super) fn error(summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Severity::Error, summary, impact, fix)
    }

    /// Something that works here or today.
    pub(super) fn warning(summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Severity::Warning, summary, impact, fix)
    }

    /// Something good to know.
    pub(super) fn note(summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Severity::Note, summary, impact, fix)
    }

    /// It is about these Runtimes, not all.
    pub(super) fn on(self, runtimes: impl Into<Vec<Runtime>>) -> Self {
        Self { runtimes: runtimes.into(), ..self }
    }
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiagnosticCounts {
    /// Of [`Severity::Error`].
    pub errors: u32,
    /// Of [`Severity::Warning`].
    pub warnings: u32,
    /// Of [`Severity::Note`].
    pub notes: u32,
}

impl DiagnosticCounts {
    /// Counts them.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count() as u32;
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning), notes: count(Severity::Note) }
    }
}

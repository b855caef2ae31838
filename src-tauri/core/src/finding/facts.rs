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
pub struct Finding {
    /// The rule's name, which never changes: `exit-126`.
    pub rule: String,
    /// How grave it is.
    pub severity: Severity,
    /// What happened.
    pub happened: String,
    /// Why it matters to an extension's code.
    pub matters: String,
    /// What to do.
    pub advice: String,
    /// The Runtimes that it is about; empty when it is about all.
    pub runtimes: Vec<Runtime>,
}

impl Finding {
    /// A finding with the name of its rule.
    fn new(
        severity: Severity,
        happened: impl Into<String>,
        matters: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (happened, matters, advice) = (happened.into(), matters.into(), advice.into());
        Self { rule: String::new(), severity, happened, matters, advice, runtimes: Vec::new() }
    }

    /// Something that does not work.
    pub(super) fn error(happened: impl Into<String>, matters: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Severity::Error, happened, matters, advice)
    }

    /// Something that works here or today.
    pub(super) fn warning(happened: impl Into<String>, matters: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Severity::Warning, happened, matters, advice)
    }

    /// Something good to know.
    pub(super) fn note(happened: impl Into<String>, matters: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Severity::Note, happened, matters, advice)
    }

    /// It is about these Runtimes, not all.
    pub(super) fn on(self, runtimes: impl Into<Vec<Runtime>>) -> Self {
        Self { runtimes: runtimes.into(), ..self }
    }
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Found {
    /// Of [`Severity::Error`].
    pub errors: u32,
    /// Of [`Severity::Warning`].
    pub warnings: u32,
    /// Of [`Severity::Note`].
    pub notes: u32,
}

impl Found {
    /// Counts them.
    pub fn of(findings: &[Finding]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count() as u32;
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning), notes: count(Severity::Note) }
    }
}

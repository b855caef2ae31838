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

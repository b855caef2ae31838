//! A problem of a call, a manifest, a compose file or code: one type, so that all are listed, counted and drawn alike.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::runtime::{Certainty, Runtime};

mod code;

pub use code::DiagnosticCode;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It doesn't work: here, or on some runtime.
    Error,
    /// It works here or today, and not elsewhere or tomorrow.
    Warning,
    /// It has no effect, or is good to know.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Where in a file a problem is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Location {
    /// The file, as a path from the extension's root; absent for the manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in the line, in characters from 1.
    pub column: u32,
    /// The key, as a path: `vm.exposes.socket`; empty for the file as a whole.
    pub key: String,
}

/// What one runtime does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Effect {
    /// Which runtime.
    pub runtime: Runtime,
    /// What it does.
    pub text: String,
    /// How sure that is.
    pub certainty: Certainty,
}

/// A problem, with its impact and what to do about it. Code in its texts is between backticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Diagnostic {
    /// Which rule found it.
    pub code: DiagnosticCode,
    /// How much it matters.
    pub severity: Severity,
    /// What happened.
    pub summary: String,
    /// Why it matters to an extension; empty where the effects say it.
    pub impact: String,
    /// What the runtimes do that differ from what one would expect.
    pub effects: Vec<Effect>,
    /// What to do; empty where nothing can be advised.
    pub fix: String,
    /// The runtimes that it is about; empty when it is about all.
    pub runtimes: Vec<Runtime>,
    /// Where it was found; absent for a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl Diagnostic {
    /// A problem without impact, fix or location.
    pub fn new(code: DiagnosticCode, severity: Severity, summary: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            summary: summary.into(),
            impact: String::new(),
            effects: Vec::new(),
            fix: String::new(),
            runtimes: Vec::new(),
            location: None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: fix.into(), ..self }
    }

    /// What a runtime does.
    #[must_use]
    pub fn effect(mut self, runtime: Runtime, certainty: Certainty, text: impl Into<String>) -> Self {
        self.effects.push(Effect { runtime, text: text.into(), certainty });
        self
    }

    /// The key that it is about; empty for a whole file, and for a call.
    pub fn key(&self) -> &str {
        self.location.as_ref().map_or("", |location| &location.key)
    }
}

impl Location {
    /// Something here that doesn't work.
    pub fn error(self, code: DiagnosticCode, summary: impl Into<String>) -> Diagnostic {
        self.found(code, Severity::Error, summary)
    }

    /// Something here that works in some places only.
    pub fn warning(self, code: DiagnosticCode, summary: impl Into<String>) -> Diagnostic {
        self.found(code, Severity::Warning, summary)
    }

    /// Something here that has no effect.
    pub fn note(self, code: DiagnosticCode, summary: impl Into<String>) -> Diagnostic {
        self.found(code, Severity::Note, summary)
    }

    /// The same with a severity that was found out.
    pub fn found(self, code: DiagnosticCode, severity: Severity, summary: impl Into<String>) -> Diagnostic {
        Diagnostic { location: Some(self), ..Diagnostic::new(code, severity, summary) }
    }
}

/// How many problems there are.
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

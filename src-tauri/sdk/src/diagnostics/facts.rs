//! What a rule on calls returns.

use crate::{
    diagnostic::{Diagnostic, DiagnosticCode, Severity},
    runtime::Runtime,
};

/// A diagnostic without the code of its rule, which the table of rules has.
pub(super) struct Finding {
    severity: Severity,
    summary: String,
    impact: String,
    fix: String,
    runtimes: Vec<Runtime>,
}

impl Finding {
    fn new(severity: Severity, summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        let (summary, impact, fix) = (summary.into(), impact.into(), fix.into());
        Self { severity, summary, impact, fix, runtimes: Vec::new() }
    }

    /// Something that doesn't work.
    pub fn error(summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Severity::Error, summary, impact, fix)
    }

    /// Something that works here or today.
    pub fn warning(summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Severity::Warning, summary, impact, fix)
    }

    /// Something good to know.
    pub fn note(summary: impl Into<String>, impact: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(Severity::Note, summary, impact, fix)
    }

    /// It is about these runtimes, not all.
    pub fn on(self, runtimes: impl Into<Vec<Runtime>>) -> Self {
        Self { runtimes: runtimes.into(), ..self }
    }

    pub fn of_rule(self, code: DiagnosticCode) -> Diagnostic {
        let Self { severity, summary, impact, fix, runtimes } = self;
        Diagnostic { impact, fix, runtimes, ..Diagnostic::new(code, severity, summary) }
    }
}

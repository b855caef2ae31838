//! What the page asks of a log and what it gets.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::View;

/// How severe a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Errors, and all that is worse.
    Error,
    /// Warnings.
    Warning,
    /// Information and notices.
    Info,
    /// Debugging.
    Debug,
    /// Finer than debugging.
    Trace,
    /// Lines without a level.
    Other,
}

impl Level {
    /// All of them, the most severe first.
    pub const ALL: [Self; 6] = [Self::Error, Self::Warning, Self::Info, Self::Debug, Self::Trace, Self::Other];
}

/// Which lines of an output are shown as a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogQuery {
    /// The view with the lines: [`View::Both`], [`View::Stdout`] or [`View::Stderr`].
    pub view: View,
    /// The levels that are shown; all of them when there is none.
    pub levels: Vec<Level>,
    /// A filter, such as `level:error took>100 "not found"`.
    pub text: String,
    /// Whether a stack trace is one row.
    pub fold: bool,
}

/// How many lines of each level a log has, and where its errors are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogSummary {
    /// Lines and stack traces of each level, without regard to the filter, in the order of [`Level::ALL`].
    pub counts: Vec<u64>,
    /// Rows with errors or warnings, where there are some: the first one has the smallest place.
    pub marks: Vec<LogMark>,
    /// Rows with errors that pass the filter.
    pub errors: u64,
    /// Rows with warnings that pass the filter.
    pub warnings: u64,
    /// Rows in the view.
    pub total: u64,
}

/// The errors and warnings in one part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogMark {
    /// Which of the parts, from 0.
    pub place: u32,
    /// Errors in it.
    pub errors: u64,
    /// Warnings in it.
    pub warnings: u64,
    /// The row of the first error in it, or else of the first warning.
    pub row: u64,
}

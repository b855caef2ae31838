//! What the page asks of an Output and what it gets.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::run::Stream;

/// How much one stream holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StreamCounts {
    /// Bytes written to the file.
    pub bytes: u64,
    /// Lines begun: an unterminated last line counts.
    pub lines: u64,
}

/// How much an Output holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Counts {
    /// Standard output, or the response body.
    pub stdout: StreamCounts,
    /// Standard error.
    pub stderr: StreamCounts,
    /// Pieces in which it arrived.
    pub chunks: u64,
}

/// Which lines are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Both streams, each line where its first byte arrived.
    Both,
    /// Standard output or the response body.
    Stdout,
    /// Standard error.
    Stderr,
    /// A finished JSON body, indented; numbers and strings stand as they were sent.
    Pretty,
}

/// One line, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Which stream it is from.
    pub stream: Stream,
    /// When its first byte arrived, in microseconds since the Call began.
    pub at_us: u64,
    /// Its text without the line end. Control characters stand as control pictures (␀ … ␟, ␡) and
    /// bytes that are not UTF-8 as `\xNN`; `shown` tells where.
    pub text: String,
    /// Where `text` shows something that is not there as such: UTF-16 offsets, from and to.
    pub shown: Vec<(u32, u32)>,
    /// Its whole length in bytes, line end included.
    pub bytes: u64,
    /// Whether `text` holds only its beginning.
    pub cut: bool,
}

/// A window of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Window {
    /// The number of the first line here, from 0.
    pub from: u64,
    /// How many lines the view holds now.
    pub total: u64,
    /// The lines; fewer than asked for at the end, or where they are long.
    pub lines: Vec<Line>,
}

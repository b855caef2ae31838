//! What differs between two Calls.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::Allow;
use porthole_sdk::runtime::Runtime;

/// Two Calls with what can be done about their differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ShownComparison {
    /// What differs.
    pub comparison: Comparison,
    /// The number of the session that has the rules, where one of the two is from a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// Rules that would allow what looks as if it differs each time.
    pub proposed: Vec<Allow>,
}

/// Two Calls, part by part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Comparison {
    /// The parts that at least one of the two has, in order.
    pub parts: Vec<ComparedPart>,
}

impl Comparison {
    /// Leaves out the request: a replay repeats the recorded one, with values of earlier responses in it.
    #[must_use]
    pub(crate) fn without_request(mut self) -> Self {
        self.parts.retain(|part| part.part != CallPart::Request);
        self
    }

    /// Whether they are the same but for what is allowed to differ, and for how long they took.
    pub fn is_same(&self) -> bool {
        self.parts.iter().all(|part| part.part == CallPart::Timing || part.difference == Difference::Same)
    }
}

/// One part of two Calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComparedPart {
    /// Which part.
    pub part: CallPart,
    /// The runtime, where the part is what code receives there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub runtime: Option<Runtime>,
    /// What differs.
    pub difference: Difference,
    /// How many more differences the rules allow.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(as = "Option<u32>", optional)]
    pub allowed: u32,
    /// How much was compared, where that isn't all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub partial: Option<ComparedExtent>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What of a Call is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CallPart {
    /// The request or command as composed.
    Request,
    /// The status, exit code, signal or failure.
    Outcome,
    /// The headers of the response.
    Headers,
    /// The header lines after the body.
    Trailers,
    /// The body of the response, with its content codings undone.
    Body,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The callbacks of a streaming exec, in order.
    Callbacks,
    /// What code receives.
    InYourCode,
    /// How long it took: shown, and never a difference.
    Timing,
}

/// How far a comparison went. Whether the rest differs isn't known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComparedExtent {
    /// Bytes of the first one that were compared in detail, or callbacks.
    pub first: u64,
    /// The same of the second one.
    pub second: u64,
    /// Whether these count callbacks and not bytes.
    pub callbacks: bool,
}

/// What differs in one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Difference {
    /// Nothing.
    Same,
    /// Named values.
    Fields {
        /// Those that differ.
        fields: Vec<FieldDifference>,
    },
    /// Values in two JSON documents.
    Json {
        /// Those that differ, in the order of the documents.
        changes: Vec<JsonChange>,
        /// How many more there are.
        more: u32,
    },
    /// Lines of text.
    Text {
        /// Lines that differ with those around them.
        hunks: Vec<Hunk>,
        /// How many more such groups of lines there are.
        more: u32,
    },
    /// Bytes that aren't text.
    Bytes {
        /// The offset of the first byte that differs.
        offset: u64,
        /// The length of the first one in bytes.
        first_length: u64,
        /// The length of the second one in bytes.
        second_length: u64,
    },
    /// CallTimes in microseconds since each call began.
    Times {
        /// Of the first one.
        first: CallTimes,
        /// Of the second one.
        second: CallTimes,
    },
}

/// When a Call came how far, in microseconds since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct CallTimes {
    /// The first byte of the response, or the start of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited_us: Option<u64>,
    /// The end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_us: Option<u64>,
}

/// One value that both have, or only one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct FieldDifference {
    /// Its name.
    pub name: String,
    /// Its value in the first one; absent where it isn't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Its value in the second one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

/// What happened to a value of a JSON document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only the second document has it.
    Added,
    /// Only the first one has it.
    Removed,
    /// Both have one there, and they differ.
    Changed,
    /// Both have it, in different places.
    Moved,
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct JsonChange {
    /// In which way.
    pub kind: ChangeKind,
    /// Its normalized path (RFC 9535) in the second document; in the first one where it was removed.
    pub path: String,
    /// Its path in the first document, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its text in the first document, unchanged; the beginning of a long one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Its text in the second document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

/// Lines that differ, with some that are the same around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hunk {
    /// The lines in order.
    pub lines: Vec<ComparedLine>,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ComparedLine {
    /// Its number in the first text, from 1; absent where it isn't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub first: Option<u64>,
    /// Its number in the second text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub second: Option<u64>,
    /// Its text without the line end, in pieces; the beginning of a long one.
    pub pieces: Vec<LinePiece>,
    /// The line end, empty where there is none, if the other text has the same line with another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LinePiece {
    /// Its text.
    pub text: String,
    /// Whether the matching line of the other text differs here.
    pub differs: bool,
}

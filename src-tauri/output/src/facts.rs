//! What the page asks of an Output and what it gets.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Level, Stream};
use porthole_base::error::Error;

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

/// What is looked at: rows, each with a number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Lines of both streams, each where its first byte arrived.
    Both,
    /// Lines of standard output or the response body.
    Stdout,
    /// Lines of standard error.
    Stderr,
    /// Pieces of both streams, as they were read and as an SDK would hand them on.
    Chunks,
    /// A body's events, one a row: server-sent events, or JSON lines.
    Events,
    /// A JSON body, indented; numbers and strings are as they were sent.
    Pretty,
    /// Standard output or the body, sixteen bytes a row.
    Hex,
    /// Standard error, sixteen bytes a row.
    HexStderr,
    /// XML or HTML, indented.
    Markup,
    /// A table's records, one a row.
    Table,
    /// Lines as a log: filtered, with a stack trace in one row.
    Log,
    /// Only the lines that the search found.
    Hits,
    /// The values that a path selects in a JSON body, as an indented array.
    Filtered,
}

impl View {
    /// Whether it is indented JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Self::Pretty | Self::Filtered)
    }
}

/// One row, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Line {
    /// Its number in its view, from 0. In [`View::Hits`] the number of the line that was found; in
    /// [`View::Pretty`] that of the line with nothing folded; in a hex view that of its first byte.
    pub n: u64,
    /// Which stream it is from.
    pub stream: Stream,
    /// When its first byte arrived, in microseconds since the Call began.
    pub at_us: u64,
    /// Its text without the line end. Control characters are as control pictures (␀ … ␟, ␡) and
    /// bytes that are not UTF-8 as `\xNN`; `shown` tells where.
    pub text: String,
    /// Where `text` shows something that is not there as such: UTF-16 offsets, from and to.
    pub shown: Vec<(u32, u32)>,
    /// Where the search found something: UTF-16 offsets, from and to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<(u32, u32)>>", optional)]
    pub found: Vec<(u32, u32)>,
    /// What terminal codes say about the looks of its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Styled>>", optional)]
    pub styles: Vec<Styled>,
    /// Its whole length in bytes, line end included.
    pub bytes: u64,
    /// Whether `text` ends before the line does.
    pub cut: bool,
    /// Bytes of a long line that come before `text`, which then begins shortly before what the search went to.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[ts(as = "Option<u64>", optional)]
    pub skipped: u64,
    /// How severe it is, where it is a line of a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Where `text` says that: UTF-16 offsets, from and to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level_at: Option<(u32, u32)>,
    /// What a row that is not a plain line tells besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Row>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a row tells besides its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[ts(optional_fields)]
pub enum Row {
    /// The bytes of one read.
    Chunk {
        /// Where it begins in its stream.
        offset: u64,
        /// It continues a line that an earlier piece began.
        begins_in_line: bool,
        /// Its last line continues in a later piece, or has not ended.
        ends_in_line: bool,
        /// It begins in the middle of a character.
        begins_in_character: bool,
        /// It ends in the middle of a character.
        ends_in_character: bool,
    },
    /// A block of an event stream. `text` is its data, with line ends shown.
    Event {
        /// What a browser would make of it.
        outcome: EventOutcome,
        /// Its type: `message` where the block names none.
        name: String,
        /// The last event id when it came; absent when no block has set one.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The reconnection time that it sets, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry: Option<u64>,
    },
    /// One line of JSON lines.
    Record {
        /// Why it is not JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<String>,
    },
    /// One line of indented XML or HTML.
    Markup {
        /// What it is in when it begins.
        state: MarkupState,
    },
    /// One record of a table.
    Cells {
        /// Its values, the long ones cut.
        cells: Vec<String>,
        /// How many more there are.
        more: u32,
    },
    /// A line of a log.
    Log {
        /// It has fields, or a stack trace behind it.
        opens: bool,
        /// They are rows below it.
        open: bool,
        /// Lines behind it that are folded into it.
        folded: u64,
        /// How many of them are frames of a stack.
        frames: u64,
    },
    /// A field of the log line above, or a part of its value.
    Field {
        /// Where its name ends: a UTF-16 offset. 0 where it has none.
        key: u32,
    },
    /// A line of the stack trace above.
    Frame,
    /// One line of indented JSON.
    Json {
        /// How deep it is.
        depth: u32,
        /// It opens a bracket that ends on a later line: it can be folded.
        opens: bool,
        /// How many lines are folded into it.
        folded: u64,
    },
}

/// What a line of XML or HTML is in when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MarkupState {
    /// Between tags.
    Text,
    /// A tag.
    Tag,
    /// The value of an attribute between double quotes.
    DoubleQuoted,
    /// One between single quotes.
    SingleQuoted,
    /// A comment.
    Comment,
    /// A CDATA section.
    Cdata,
    /// A declaration or processing instruction.
    Declaration,
    /// A script or style sheet.
    Raw,
}

/// What a browser makes of a block of an event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EventOutcome {
    /// An event is dispatched.
    Dispatched,
    /// It holds no data: nothing is dispatched, though id and retry count.
    Nothing,
    /// Only comments: servers send them to keep the connection open.
    Comment,
    /// The empty line that ends it has not come; at the end of the stream it is dropped.
    Unfinished,
}

/// How a part of a line looks, by the terminal codes in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Styled {
    /// UTF-16 offset of its beginning.
    pub from: u32,
    /// UTF-16 offset of its end.
    pub to: u32,
    /// The colour of its letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fg: Option<Colour>,
    /// The colour behind them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bg: Option<Colour>,
    /// Bold, dim, italic, underline, strike, in the order of the codes; colours reversed are
    /// reversed already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<Emphasis>>", optional)]
    pub emphasis: Vec<Emphasis>,
}

/// A colour that a terminal code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Colour {
    /// One of the sixteen that a theme decides on: 0 to 7, and bright ones from 8 to 15.
    Named {
        /// Which.
        index: u8,
    },
    /// One that is what it says.
    Exact {
        /// Red, green, blue.
        rgb: (u8, u8, u8),
    },
    /// That of what is behind the text, for letters, or of the text, for what is behind.
    Reversed,
}

/// What terminal codes do to letters besides colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Emphasis {
    /// Stronger.
    Bold,
    /// Weaker.
    Dim,
    /// Slanted.
    Italic,
    /// With a line below.
    Underline,
    /// With a line through.
    Strike,
}

/// A window of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Window {
    /// The number of the first row here, from 0.
    pub from: u64,
    /// How many rows the view holds now.
    pub total: u64,
    /// The rows; fewer than asked for at the end, or where they are long.
    pub lines: Vec<Line>,
    /// When the row before the first one here came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_us: Option<u64>,
    /// The view is still being made of bytes that are all there: how much of them is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub making: Option<TaskProgress>,
    /// Why the view ends before the bytes do, as for a body that says that it is JSON and is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Error>,
    /// The view is of a decoded body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded: Option<DecodedFacts>,
}

/// How much of a body was decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct DecodedFacts {
    /// Bytes of what was sent.
    pub sent: u64,
    /// Bytes that came out.
    pub bytes: u64,
    /// Why no more was decoded, where the body isn't whole or too much came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Error>,
}

/// The content encoding of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Encoded {
    /// As the header says: `gzip`, or several in the order in which they were applied.
    pub by: String,
    /// It is shown as sent.
    pub as_sent: bool,
    /// Why it can't be decoded at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Error>,
}

impl Window {
    /// One of a view that is still to be made.
    pub fn empty() -> Self {
        Self { from: 0, total: 0, lines: Vec::new(), before_us: None, making: None, problem: None, decoded: None }
    }
}

/// How far something has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TaskProgress {
    /// Bytes done.
    pub done: u64,
    /// Of this many.
    pub whole: u64,
}

/// What is done to the lines of indented JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// Folds the bracket that the line opens.
    Close,
    /// Opens it again.
    Open,
    /// Folds each bracket that is directly in that one.
    CloseInside,
    /// Opens every fold in it.
    OpenInside,
}

/// What is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SaveContent {
    /// The bytes of standard output or the response body, as they came.
    Stdout,
    /// The bytes of a response body with its content encoding undone.
    Decoded,
    /// The bytes of standard error, as they came.
    Stderr,
    /// The lines of both, each after its seconds since the beginning and its stream.
    Both,
    /// Each piece as a line of JSON: time, stream, offset, length and bytes.
    Chunks,
    /// The lines that the search found, as they came.
    Hits,
    /// The lines of the log that pass its filter, as they came; stack traces whole.
    Log,
    /// The lines of a view from one to another, which is not among them, as they came.
    Lines {
        /// One of the views of lines.
        view: View,
        /// The first.
        from: u64,
        /// The one after the last.
        to: u64,
    },
}

/// A file that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SavedFile {
    /// Where it is.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    /// Which lines: those of [`View::Both`], [`View::Stdout`] or [`View::Stderr`], or the rows of indented JSON without their
    /// indentation.
    pub view: View,
    /// The text, or the regular expression.
    pub text: String,
    /// Whether it is a regular expression, in the syntax of Rust's `regex`.
    pub regex: bool,
    /// Whether large and small letters differ.
    pub match_case: bool,
    /// Whether the lines without it are looked for.
    pub inverse: bool,
}

/// How far a search has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Searching {
    /// The call with the searched output.
    pub call: u32,
    /// What for.
    pub query: Query,
    /// Lines found so far; in indented JSON each place.
    pub hits: u64,
    /// Lines found so far.
    pub lines: u64,
    /// Bytes searched so far, of those there are.
    pub progress: TaskProgress,
    /// Where it is.
    pub state: SearchState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Error>,
}

/// The state of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SearchState {
    /// It is running.
    Running,
    /// All there is has been searched; what comes will be.
    Waiting,
    /// All there is and will be has been searched.
    Complete,
    /// The user stopped it.
    Stopped,
    /// It failed.
    Failed,
}

/// One line that the search found, or one place in indented JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Hit {
    /// Its place among those found, from 0.
    pub place: u64,
    /// The number of the line in the view that was searched, with nothing folded.
    pub line: u64,
    /// The row of the line, which isn't hidden any more.
    pub row: u64,
    /// The place of the line among the lines found.
    pub listed: u64,
    /// In indented JSON, where the place begins in the row: bytes, without the indentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Where it is in the text that is drawn: UTF-16 offsets, from and to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<(u32, u32)>,
}

/// What a path selected in a JSON body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Filtered {
    /// How many values.
    pub nodes: u64,
    /// Whether there are more, which the limits of a result leave out.
    pub cut: bool,
}

/// The value on a row of indented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JsonNode {
    /// Its path in the body, such as `$.volumes[0].name`.
    pub path: String,
    /// JavaScript that gets it from the parsed body, such as `result.volumes[0].name`.
    pub access: String,
    /// Bytes of it.
    pub bytes: u64,
}

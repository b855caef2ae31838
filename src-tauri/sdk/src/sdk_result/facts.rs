//! The words for what code receives.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::runtime::{Rule, Runtime};
use porthole_http::exchange::Request;
use porthole_output::Stream;
use porthole_process::Command;

/// A JavaScript value as the code sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Value {
    /// `undefined`
    Undefined,
    /// `null`
    Null,
    /// `true` or `false`
    Bool {
        /// Which.
        value: bool,
    },
    /// A number, as it is written.
    Number {
        /// Its digits.
        text: String,
    },
    /// A string.
    Text(Text),
    /// A `Uint8Array`; its bytes as far as they are text.
    Bytes(Text),
    /// What `JSON.parse` makes of this text.
    Json(Text),
    /// An object.
    Object {
        /// Its class, where that is not `Object`: `Error`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        class: Option<String>,
        /// Its properties in order.
        fields: Vec<Field>,
    },
    /// A method, which is there to be called.
    Method,
}

/// Text that may be shown only in part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Text {
    /// The text, or its beginning. Bytes that are no UTF-8 are U+FFFD.
    pub text: String,
    /// How many bytes there were in all.
    pub bytes: u64,
    /// Whether `text` is only the beginning.
    pub cut: bool,
}

/// One property of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value; absent where the object has no such property and that of another Runtime has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// It is not the same on all Runtimes.
    #[serde(default)]
    pub differs: bool,
}

/// How the code learns of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SdkOutcome {
    /// It does not yet: the Call goes on.
    Pending,
    /// It never does: the promise stays pending.
    Never,
    /// The promise resolves.
    Resolved {
        /// To this.
        value: Value,
    },
    /// The promise rejects.
    Rejected {
        /// With this.
        value: Value,
    },
    /// `exec` returned at once, and callbacks came: how many is with their list.
    Streamed {
        /// The last one.
        end: End,
    },
    /// The call itself throws: there is no such function there.
    Thrown {
        /// This.
        value: Value,
    },
}

/// How a streaming exec ends for the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum End {
    /// It has not ended.
    Open,
    /// `onClose(code)`
    Close {
        /// What it is called with.
        code: Value,
    },
    /// `onError(error)` and no `onClose`
    Error {
        /// What it is called with.
        error: Value,
    },
    /// No callback at all tells the end.
    Silent,
}

/// What the code receives on one Runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SdkResult {
    /// Which Runtime.
    pub runtime: Runtime,
    /// How the code learns of it.
    pub outcome: SdkOutcome,
    /// What the Runtime does here that a reader should know, each with how sure it is.
    pub rules: Vec<Rule>,
    /// The Runtime would have done what was done. Otherwise (a shell, another directory, another
    /// body) a rule says what it would have done, and the outcome is what it makes of this one.
    pub as_run: bool,
}

/// One callback of a streaming exec.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// Its number, from 0.
    pub n: u64,
    /// When it comes, in microseconds since the Call began.
    pub at_us: u64,
    /// Which callback, with what.
    pub what: Called,
}

/// Which callback is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Called {
    /// `onOutput({stdout})` or `onOutput({stderr})`
    Output {
        /// Which of the two.
        stream: Stream,
        /// A string ([`Value::Text`]) or a `Uint8Array` ([`Value::Bytes`]).
        value: Value,
        /// It begins in the middle of a character.
        begins_in_character: bool,
        /// It ends in the middle of a character.
        ends_in_character: bool,
        /// It begins in the middle of a line.
        begins_in_line: bool,
        /// It ends before its last line does.
        ends_in_line: bool,
    },
    /// The last one: `onClose` or `onError`.
    End {
        /// Which.
        end: End,
    },
}

/// A part of the callbacks of a Call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Callbacks {
    /// The number of the first one here.
    pub from: u64,
    /// How many there are so far; more when `whole` is false.
    pub total: u64,
    /// All that was written is counted. A long output is counted in steps: ask again.
    pub whole: bool,
    /// No more will come.
    pub ended: bool,
    /// The callbacks.
    pub rows: Vec<Callback>,
    /// What was written and reaches no callback: an unterminated last line, on some Runtimes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<Text>,
}

/// What a runtime makes of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What it does.
    pub does: PlannedAction,
    /// Why that differs from the call, each with its certainty.
    pub rules: Vec<Rule>,
    /// It starts a program on this machine: the user is prompted before foreign code does it.
    pub on_host: bool,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlannedAction {
    /// Sends a request to the target's endpoint.
    Request {
        /// The request.
        request: Request,
    },
    /// Sends a request to the engine.
    Engine {
        /// The request.
        request: Request,
    },
    /// Runs a command.
    Command {
        /// The command: with a shell where the Runtime uses one.
        command: Command,
    },
    /// Nothing: the promise rejects, or the call throws.
    Refuses {
        /// How the code learns of it.
        outcome: SdkOutcome,
    },
}

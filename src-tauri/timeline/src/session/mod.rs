//! Sessions: recorded calls with all their bytes, as one file. The format is described in `session-format.md`.

mod append;
mod content;
mod export;
mod format;
#[cfg(fuzzing)]
pub mod fuzz;
pub mod har;
mod layout;
pub mod markdown;
mod open;
mod read;
mod recorded;
pub mod redact;
mod rules;
mod write;

pub(crate) use append::lock;
pub use append::{PATIENCE, SessionContent, append, change_rules};
pub use content::{Content, OutputContent, WriteFailed, Written};
pub use export::{ExportFormat, ExportPreview, export};
pub use format::{
    ENTRY, MOST_CALLS, MOST_DIRECTORY, MOST_FACTS, SUFFIX, SessionCall, SessionFacts, StreamEntry, VERSION,
};
pub use open::{OpenSession, is_archive, is_session};
pub use read::Session;
pub use recorded::Recorded;
pub(crate) use rules::OpenedRules;
pub use rules::{SessionRules, rules_of};
pub use write::SessionWriter;

/// A call in a line, without how it ended: the request's target, or the command line.
pub fn title(call: &porthole_sdk::call::Call) -> String {
    crate::summary::text_of(&call.act)
}

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
pub(crate) mod samples;

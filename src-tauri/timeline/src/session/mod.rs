//! Sessions: recorded calls with all their bytes, as one file. The format is described in `session-format.md`.

mod chunk_times;
mod content;
mod format;
pub mod har;
mod layout;
pub mod markdown;
mod open;
mod read;
mod recorded;
pub mod redact;
mod write;

pub use content::{Content, OutputContent, WriteFailed, Written};
pub use format::{
    ENTRY, MOST_CALLS, MOST_DIRECTORY, MOST_FACTS, SUFFIX, SessionCall, SessionFacts, StreamEntry, VERSION,
};
pub use open::OpenSession;
pub use read::Session;
pub use recorded::Recorded;
pub use write::SessionWriter;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
pub(crate) mod samples;

//! HTTP archives, version 1.2: exchanges are written with what Porthole knows besides in `_porthole`, and those of browsers and
//! proxies are read as calls.

mod archive;
mod date;
mod entry;
mod export;
mod import;
mod net_error;

pub use date::text as date_text;
pub use entry::Imported;
pub use export::HarWriter;
pub use import::import;
#[cfg(fuzzing)]
pub(super) use import::read;

/// What an archive's name ends in.
pub const SUFFIX: &str = "har";

#[cfg(test)]
#[path = "har_tests.rs"]
mod tests;

//! JSONPath (RFC 9535) on a stored body, and the paths of its values.

mod evaluate;
mod filter;
mod location;
mod number;
mod parse;
mod query;
mod reader;

pub use filter::PathFilter;
pub use location::Location;
pub(crate) use number::Decimal;

use std::{path::Path, sync::atomic::AtomicBool};

use crate::spill::Bytes;
use porthole_base::error::Result;

/// The value at a byte of a body.
pub(super) fn location_in(bytes: &Bytes, length: u64, path: &Path, offset: u64) -> Result<Option<Location>> {
    let stop = AtomicBool::new(false);
    location::locate(&mut reader::Reader::new(bytes, length, path, &stop), offset)
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;

//! A request or command as code to copy, and code that was pasted as a request or command.

mod facts;

pub use facts::*;

use crate::{
    error::{Code, Error, Result},
    settings::Composed,
    target::Target,
};

/// What was composed, in every form that says exactly the same.
pub fn forms(_composed: &Composed, _target: &Target) -> Vec<Form> {
    Vec::new()
}

/// Reads a pasted `curl` or `docker exec` line.
///
/// # Errors
/// [`Code::PasteUnknown`], with the word that could not be read.
pub fn paste(_text: &str) -> Result<Pasted> {
    Err(Error::new(Code::PasteUnknown, "this is neither a curl nor a docker exec line"))
}

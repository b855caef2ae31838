//! The errors of an output's files.

use std::{io, path::Path};

use porthole_base::{
    error::{Code, Error},
    handles,
};

pub(super) fn unwritten(file: &Path, error: &io::Error) -> Error {
    let doing = format!("write to the output's file {}", file.display());
    if let Some(exhausted) = handles::exhausted(&doing, error) {
        return exhausted;
    }
    let explained = Error::new(Code::SpillFailed, format!("Can't {doing}")).detail(error);
    match error.kind() {
        io::ErrorKind::StorageFull => {
            explained.hint("The disk is full. The output so far is kept: free up space, then run it again.")
        }
        _ => explained,
    }
}

pub(super) fn unread(file: &Path, error: &io::Error) -> Error {
    let doing = format!("read the output's file {}", file.display());
    handles::exhausted(&doing, error)
        .unwrap_or_else(|| Error::new(Code::OutputUnreadable, format!("Can't {doing}")).detail(error))
}

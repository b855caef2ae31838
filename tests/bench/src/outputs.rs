//! An Output by itself, as a Timeline makes and asks it.

use std::{path::PathBuf, sync::Arc};

use porthole_output::{DiskQuota, Output, RenderOptions, View};

use crate::context::Result;

/// An empty output.
pub fn new(path: PathBuf) -> Output {
    Output::new(path, Arc::new(DiskQuota::unlimited()))
}

/// Reads a window and gives its rows' number.
pub fn window(output: &Output, from: u64, rows: u64) -> Result<u64> {
    Ok(output.window(View::Both, from, rows, RenderOptions { ansi: true, finder: None })?.lines.len() as u64)
}

/// Bytes of memory that its index takes.
pub fn memory(output: &Output) -> usize {
    output.memory()
}

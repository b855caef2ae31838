//! The search that is measured.

use std::sync::Arc;

use porthole_output::{Output, Query, Search, View};

use crate::context::Result;

/// How many lines a regular expression finds.
pub fn count(output: &Arc<Output>, regex: &str) -> Result<u64> {
    let text = regex.to_owned();
    let query = Query { view: View::Both, text, regex: true, match_case: true, inverse: false };
    let search = Search::new(Arc::clone(output), &query)?;
    search.advance(|| true)?;
    Ok(search.hits())
}

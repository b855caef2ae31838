//! XML and HTML, indented: a second output made of the first, as far as the user looks. What was sent stays as it is.

mod formatter;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use formatter::{Formatted, Formatter};

use super::{DiskQuota, MarkupState, Output, RenderOptions, Row, TaskProgress, View, Window};
use crate::Stream;
use porthole_base::error::{Code, Error, Result};

/// Bytes that are formatted at once.
const PIECE: u64 = 64 * 1024;
/// Bytes that are formatted while the user waits for rows.
const STEP: u64 = 4 * 1024 * 1024;

/// The indented form of a document.
#[derive(Debug)]
pub struct Markup {
    source: Arc<Output>,
    is_html: bool,
    output: Arc<Output>,
    state: Mutex<State>,
    quota: Arc<DiskQuota>,
}

#[derive(Debug)]
struct State {
    formatter: Formatter,
    /// In which state each line begins: a byte for each.
    states: Vec<MarkupState>,
    /// Bytes formatted.
    done: u64,
    finished: bool,
}

impl Markup {
    /// One of which nothing is formatted yet. Its files are named after this stem and go when it is dropped.
    pub fn new(source: Arc<Output>, is_html: bool, stem: PathBuf, quota: Arc<DiskQuota>) -> Self {
        let output = Arc::new(Output::of_body(stem, Arc::clone(&quota)));
        let state = State { formatter: Formatter::new(is_html), states: Vec::new(), done: 0, finished: false };
        Self { source, is_html, output, state: Mutex::new(state), quota }
    }

    /// Whether this is of that output, as HTML or XML.
    pub fn is_of(&self, source: &Arc<Output>, is_html: bool) -> bool {
        Arc::ptr_eq(&self.source, source) && self.is_html == is_html
    }

    /// The indented text, as far as it is there.
    pub fn output(&self) -> &Arc<Output> {
        &self.output
    }

    /// Formats some megabytes of what came since; tells how far it is, unless all is done. `ended` says that nothing more
    /// will come.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] or [`Code::SpillFailed`] when a file can't be read or written; [`Code::QuotaReached`]
    /// when outputs have used up their part of the disk.
    pub fn catch_up(&self, ended: bool) -> Result<Option<TaskProgress>> {
        let state = &mut *self.state();
        let whole = self.source.counts().stdout.bytes;
        let from = state.done;
        while state.done < whole {
            if state.done - from >= STEP {
                return Ok(Some(TaskProgress { done: state.done, whole }));
            }
            if self.quota.is_full() {
                return Err(Error::new(Code::QuotaReached, "Output quota reached").hint(
                    "Clear the timeline or increase the quota. Choose Raw to view the document without formatting.",
                ));
            }
            let bytes = self.source.read(Stream::Stdout, state.done, whole.min(state.done + PIECE))?;
            if bytes.is_empty() {
                return Err(Error::new(Code::OutputUnreadable, "The output file is shorter than expected"));
            }
            let mut formatted = Formatted::default();
            state.formatter.push(&bytes, &mut formatted);
            state.done += bytes.len() as u64;
            self.add(state, &formatted)?;
        }
        if ended && !std::mem::replace(&mut state.finished, true) {
            let mut formatted = Formatted::default();
            state.formatter.finish(&mut formatted);
            self.add(state, &formatted)?;
            self.output.end();
        }
        Ok(None)
    }

    fn add(&self, state: &mut State, formatted: &Formatted) -> Result<()> {
        state.states.extend_from_slice(&formatted.states);
        self.output.append(Stream::Stdout, &formatted.text, 0)
    }

    /// Rows from the nth on.
    ///
    /// # Errors
    /// [`Code::OutputUnreadable`] when a file can't be read.
    pub fn window(&self, from: u64, count: u64, options: RenderOptions<'_>) -> Result<Window> {
        let mut window = self.output.window(View::Stdout, from, count, RenderOptions { ansi: false, ..options })?;
        let state = self.state();
        for line in &mut window.lines {
            let begins = usize::try_from(line.n).ok().and_then(|n| state.states.get(n));
            line.row = Some(Row::Markup { state: begins.copied().unwrap_or(MarkupState::Text) });
        }
        Ok(window)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "markup_tests.rs"]
mod tests;

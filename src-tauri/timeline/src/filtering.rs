//! The values that a path selects in the JSON body of a Call: one filter at a time.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::{CallId, Timeline, aside, shown::stem};
use porthole_base::error::{Code, Error, Result};
use porthole_output::{Filtered, JsonNode, Location, Output, PathFilter, View};

/// The filter that is shown, and the one that is evaluated.
#[derive(Debug, Default)]
pub(super) struct Filters {
    shown: Option<FilteredCall>,
    evaluated: Option<Arc<PathFilter>>,
}

#[derive(Debug)]
struct FilteredCall {
    call: CallId,
    filter: Arc<PathFilter>,
}

impl Timeline {
    /// Selects values of a Call's JSON body. What is evaluated before is canceled, and when all values are found they take
    /// the place of those that are shown.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::PathInvalid`]; [`Code::Cancelled`] when another filter took its place, and what
    /// [`PathFilter::wait`] says.
    pub async fn filter(&self, call: CallId, path: String) -> Result<Filtered> {
        let shown = self.shown(call)?;
        let stem = self.shared.directory.join(stem(call, "filtered"));
        let quota = Arc::clone(&self.shared.quota);
        let begun = aside(move || {
            // A body is read as JSON when all of it is decoded.
            while shown.catch_up(View::Pretty)?.is_some() {}
            let source = Arc::clone(shown.output(View::Pretty));
            PathFilter::begin(source, &path, stem, quota).map(Arc::new)
        });
        let filter = begun.await?;
        if let Some(before) = self.filters().evaluated.replace(Arc::clone(&filter)) {
            before.stop();
        }
        let evaluating = Arc::clone(&filter);
        let filtered = aside(move || evaluating.wait()).await;
        let mut filters = self.filters();
        if !filters.evaluated.as_ref().is_some_and(|evaluated| Arc::ptr_eq(evaluated, &filter)) {
            return Err(Error::new(Code::Cancelled, "The filter was canceled"));
        }
        filters.evaluated = None;
        let filtered = filtered?;
        filters.shown = Some(FilteredCall { call, filter });
        Ok(filtered)
    }

    /// Cancels what is evaluated and forgets what was selected.
    pub fn filter_end(&self) {
        let mut filters = self.filters();
        if let Some(evaluated) = filters.evaluated.take() {
            evaluated.stop();
        }
        filters.shown = None;
    }

    /// The value on a row of indented JSON.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::LineNotFound`], [`Code::OutputUnreadable`].
    pub async fn json_node(&self, call: CallId, view: View, line: u64) -> Result<JsonNode> {
        let (output, filter) = self.json_of(call, view)?;
        aside(move || {
            let found = output.location(line)?;
            let bytes = found.end - found.start;
            let found = filter.map_or_else(|| Ok(found.clone()), |filter| filter.in_source(found.clone()))?;
            Ok(JsonNode { path: found.path(), access: found.access(), bytes })
        })
        .await
    }

    /// The bytes of the value on a row of indented JSON, unchanged.
    ///
    /// # Errors
    /// As for [`Timeline::json_node`]; [`Code::CopyTooLarge`].
    pub async fn json_value(&self, call: CallId, view: View, line: u64) -> Result<String> {
        let (output, _) = self.json_of(call, view)?;
        aside(move || {
            let found: Location = output.location(line)?;
            output.value(&found)
        })
        .await
    }

    fn json_of(&self, call: CallId, view: View) -> Result<(Arc<Output>, Option<Arc<PathFilter>>)> {
        if !view.is_json() {
            return Err(Error::new(Code::LineNotFound, "The view isn't indented JSON"));
        }
        let shown = self.shown(call)?;
        let filter = shown.filter().filter(|_| view == View::Filtered).map(Arc::clone);
        Ok((Arc::clone(shown.output(view)), filter))
    }

    /// What is selected of a Call, if it is of this output.
    pub(super) fn filter_of(&self, call: CallId, source: &Arc<Output>) -> Option<Arc<PathFilter>> {
        let filters = self.filters();
        let found = filters.shown.as_ref().filter(|shown| shown.call == call && shown.filter.is_of(source))?;
        Some(Arc::clone(&found.filter))
    }

    /// A filter of a Call that is gone has nothing to look at.
    pub(super) fn forget_filter_of_cleared(&self) {
        let call = self.filters().shown.as_ref().map(|shown| shown.call);
        if call.is_some_and(|call| self.output(call).is_err()) {
            self.filter_end();
        }
    }

    fn filters(&self) -> MutexGuard<'_, Filters> {
        self.filters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

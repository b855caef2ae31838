//! The rows of a Call's output: drawn, as they came, folded and looked up.

use super::{CallId, Timeline, aside};
use porthole_base::error::Result;
use porthole_output::{Fold, RenderOptions, View, Window};

impl Timeline {
    /// Rows of a Call's output. Reading files takes a thread that may wait.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound),
    /// [`Code::OutputUnreadable`](porthole_base::error::Code::OutputUnreadable),
    /// [`Code::SearchMissing`](porthole_base::error::Code::SearchMissing).
    pub async fn lines(&self, id: CallId, view: View, from: u64, count: u64, ansi: bool) -> Result<Window> {
        let (shown, search) = (self.shown(id)?, self.search_in(id));
        let log = (view == View::Log).then(|| self.log_of(id, shown.output(view))).transpose()?;
        aside(move || {
            let making = shown.catch_up(view)?;
            let finder = search.as_deref().map(|search| search.finder());
            let window = match (view, &search) {
                (View::Hits, Some(search)) => search.window(from, count, ansi),
                // It is read whole or not at all.
                (View::Pretty, _) if making.is_some() => Ok(Window::empty()),
                (View::Filtered, _) if shown.filter().is_none() => Ok(Window::empty()),
                _ => {
                    let options = RenderOptions { ansi, finder };
                    match (&log, shown.markup()) {
                        (Some(log), _) => log.window(from, count, options),
                        (None, Some(markup)) if view == View::Markup => markup.window(from, count, options),
                        _ => shown.output(view).window(view, from, count, options),
                    }
                }
            }?;
            Ok(Window { making: making.or(window.making), decoded: shown.decoded(), ..window })
        })
        .await
    }

    /// The exact text of rows: [`Output::exact`](porthole_output::Output::exact).
    ///
    /// # Errors
    /// As for [`Timeline::lines`]; [`Code::CopyTooLarge`](porthole_base::error::Code::CopyTooLarge).
    pub async fn exact(&self, id: CallId, view: View, from: u64, to: u64) -> Result<String> {
        let (shown, search) = (self.shown(id)?, self.search_in(id));
        let log = (view == View::Log).then(|| self.log_of(id, shown.output(view))).transpose()?;
        aside(move || match (view, search, log) {
            (View::Hits, Some(search), _) => search.exact(from, to),
            (_, _, Some(log)) => log.exact(from, to),
            _ => shown.output(view).exact(view, from, to),
        })
        .await
    }

    /// Folds or unfolds indented JSON, or a row of a log, at a line.
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound), and what
    /// [`Output::fold`](porthole_output::Output::fold) and [`Log::fold`](porthole_output::Log::fold) say.
    pub async fn fold(&self, id: CallId, view: View, line: u64, fold: Fold) -> Result<()> {
        let shown = self.shown(id)?;
        let log = (view == View::Log).then(|| self.log_of(id, shown.output(view))).transpose()?;
        aside(move || match log {
            Some(log) => log.fold(line, fold),
            None => shown.output(view).fold(line, fold),
        })
        .await
    }

    /// The number of the first row of a view that came at this time or later:
    /// [`Output::row_at_time`](porthole_output::Output::row_at_time).
    ///
    /// # Errors
    /// [`Code::CallNotFound`](porthole_base::error::Code::CallNotFound).
    pub fn row_at_time(&self, id: CallId, view: View, at_us: u64) -> Result<u64> {
        let shown = self.shown(id)?;
        if view == View::Log {
            return Ok(self.log_of(id, shown.output(view))?.row_at_time(at_us));
        }
        Ok(shown.output(view).row_at_time(view, at_us))
    }
}

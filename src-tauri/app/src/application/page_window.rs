//! The page's own window: a page is in one place at a time, and what is known here decides which.

use crate::page_window::{PageWindowClosed, PageWindowState};
use porthole_base::error::{Code, Error, Result};
use porthole_extension::OpenedPage;
use tokio::sync::watch;

use crate::{application::Application, host::Host};

/// The page's own window, while there is one.
#[derive(Debug, Default)]
pub(crate) struct PageWindow {
    state: watch::Sender<State>,
    /// One window is opened at a time.
    opening: tokio::sync::Mutex<()>,
}

/// What it shows, or how it went.
#[derive(Debug, Clone, Default)]
struct State {
    shown: Option<OpenedPage>,
    gone: PageWindowClosed,
}

impl PageWindow {
    /// What is shown in it.
    pub fn shown(&self) -> Option<OpenedPage> {
        self.state.borrow().shown.clone()
    }

    /// Returns whether it was open until now. Only the first close is recorded.
    fn close(&self, gone: PageWindowClosed) -> bool {
        self.state.send_if_modified(|state| {
            let was_there = state.shown.take().is_some();
            if was_there {
                state.gone = gone;
            }
            was_there
        })
    }
}

impl<H: Host> Application<H> {
    pub async fn open_page_window(&self, opened: OpenedPage) -> Result<()> {
        let _opening = self.page_window.opening.lock().await;
        let is_there = self.page_window.shown().is_some() && self.host.focus_page_window()?;
        if !is_there {
            let shown = State { shown: Some(opened.clone()), gone: PageWindowClosed::default() };
            self.page_window.state.send_replace(shown);
            if let Err(error) = self.host.open_page_window(&opened) {
                self.page_window.state.send_replace(State::default());
                return Err(error);
            }
            if self.page_window.shown().is_none() {
                self.host.close_page_window();
                return Err(Error::new(Code::WindowLost, "The page was closed meanwhile"));
            }
        }
        let theme = self.remembered.now().theme;
        self.host.apply_theme(theme);
        Ok(())
    }

    pub async fn page_window_state(&self) -> Result<Option<PageWindowState>> {
        let settings = self.remembered.get();
        Ok(self.page_window.shown().map(|opened| PageWindowState { opened, settings }))
    }

    /// Waits until it is gone, and tells how it went.
    pub async fn page_window_closed(&self) -> Result<PageWindowClosed> {
        let mut state = self.page_window.state.subscribe();
        let gone = state.wait_for(|state| state.shown.is_none()).await;
        Ok(gone.map(|state| state.gone.clone()).unwrap_or_default())
    }

    pub async fn close_page_window(&self) -> Result<()> {
        self.page_window_gone(PageWindowClosed { back: true, ..PageWindowClosed::default() });
        Ok(())
    }

    /// The page's own window goes, or is gone, and what the page waits for with it.
    pub fn page_window_gone(&self, gone: PageWindowClosed) {
        let was_there = self.page_window.close(gone);
        self.host.close_page_window();
        if was_there {
            self.end_the_pages_calls();
        }
    }

    /// Whether the open page is in its own window; `None` if no page is open.
    pub fn is_page_in_own_window(&self) -> Option<bool> {
        self.page_now().map(|_| self.page_window.shown().is_some())
    }
}

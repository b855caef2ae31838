//! What the application needs of the program around it.

use std::{
    future::Future,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::settings::Theme;
use porthole_base::error::{Code, Error, Result};
use porthole_extension::{OpenedPage, Server};

/// The kind of path that a dialog offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// A file that exists.
    File,
    /// A directory that exists.
    Directory,
    /// A file to write. The dialog asks before one that exists is chosen.
    NewFile,
}

/// Shows an [`Application`](crate::Application): a desktop window, a terminal, a test.
///
/// There is no method to ask the user. A question has a number, and is answered by it: a pending call is in
/// [`changes`](crate::Application::changes) until [`approve`](crate::Application::approve) or
/// [`deny`](crate::Application::deny), and what starting a backend would do is in
/// [`start_plan`](crate::Application::start_plan) until [`start_backend`](crate::Application::start_backend). So the
/// answer is always about what was shown, however long a host takes to show it.
pub trait Host: Send + Sync + 'static {
    /// Opens a window for the page alone. [`close_page_window`](Self::close_page_window) may be called meanwhile.
    ///
    /// # Errors
    /// `window_lost` if the host can't open it; then there is no such window.
    fn open_page_window(&self, opened: &OpenedPage) -> Result<()>;

    /// Brings the page's own window to the front. Returns false if there is no such window.
    ///
    /// # Errors
    /// `window_lost` if the window can't be brought to the front.
    fn focus_page_window(&self) -> Result<bool>;

    /// Closes the page's own window, and ends what runs in it. There may be none.
    fn close_page_window(&self);

    /// Removes all data that pages have stored.
    ///
    /// # Errors
    /// `window_lost` if some of it may remain.
    fn clear_page_storage(&self) -> impl Future<Output = Result<()>> + Send;

    /// Refuses a development server if its origin is the host's: its pages could use the host's commands.
    ///
    /// # Errors
    /// `page_server_invalid`.
    fn check_page_server(&self, server: &Server) -> Result<()>;

    /// Shows pages in this theme, those of later windows too.
    fn apply_theme(&self, theme: Theme);

    /// Where the host writes its log; none if it writes no file.
    fn log_file(&self) -> Option<PathBuf> {
        None
    }

    /// Opens a file with the program that the desktop has for it.
    ///
    /// # Errors
    /// `open_failed` if there is no such program or it doesn't start.
    fn open_file(&self, file: &Path) -> Result<()> {
        Err(Error::new(Code::OpenFailed, format!("{} can't be opened from here", file.display())))
    }

    /// Opens a web page in the browser of the desktop. The URL is one of http or https.
    ///
    /// # Errors
    /// `open_failed` if there is no browser or it doesn't start.
    fn open_url(&self, url: &str) -> Result<()> {
        Err(Error::new(Code::OpenFailed, format!("{url} can't be opened from here")))
    }

    /// Shows a message outside the window. A host without a desktop has nothing to do.
    fn notify(&self, _title: &str, _body: &str) {}

    /// Lets the user choose a path in a dialog with this title, and returns it; none if nothing was chosen. The dialog
    /// begins with `suggested`. A host without a window has nothing to choose in.
    fn choose_path(
        &self,
        _kind: PathKind,
        _title: &str,
        _suggested: Option<&Path>,
    ) -> impl Future<Output = Option<String>> + Send {
        async { None }
    }

    /// The text on the clipboard; none if there is none, or the host can't read it.
    fn clipboard_text(&self) -> impl Future<Output = Option<String>> + Send {
        async { None }
    }

    /// Shows this as the title of the main window. A host without a window has nothing to do.
    fn set_title(&self, _title: &str) {}

    /// Draws the content of the main window at this size, in percent. A host without a window has nothing to do.
    fn set_zoom(&self, _percent: u32) {}

    /// Gives the main window the whole screen, or takes it back, and returns whether it has it now. A host without a
    /// window has nothing to do.
    fn toggle_full_screen(&self) -> bool {
        false
    }
}

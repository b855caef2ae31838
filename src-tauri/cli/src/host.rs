//! The terminal as the application's host: it shows calls and asks, and has no windows for pages.

use porthole_app::{Application, Directories, Host};
use porthole_app::{
    data_dir::{DataDir, Opened},
    settings::Theme,
};
use porthole_base::error::{Code, Error, Result};
use porthole_extension::{OpenedPage, Server};

use crate::signals::Signals;

/// This process's terminal.
pub struct Terminal;

/// The application in a terminal.
pub type Porthole = Application<Terminal>;

impl Host for Terminal {
    fn open_page_window(&self, _: &OpenedPage) -> Result<()> {
        Err(no_pages())
    }

    fn focus_page_window(&self) -> Result<bool> {
        Ok(false)
    }

    fn close_page_window(&self) {}

    async fn clear_page_storage(&self) -> Result<()> {
        // No page was shown, so nothing was stored.
        Ok(())
    }

    fn check_page_server(&self, _: &Server) -> Result<()> {
        Err(no_pages())
    }

    fn apply_theme(&self, _: Theme) {}
}

fn no_pages() -> Error {
    Error::new(Code::WindowLost, "porthole-cli can't show an extension's page").hint("Open the extension in Porthole.")
}

/// Starts the application with temporary files only: neither the window's data nor its settings are used.
pub async fn start() -> Result<Porthole> {
    let temporary = std::env::temp_dir();
    let data = match DataDir::open(None, &temporary)? {
        Opened::Here(data) => data,
        Opened::Elsewhere(owner) => return Err(owner.already_running(&temporary)),
    };
    let directories =
        Directories { data, config: None, downloads: temporary, home: std::env::home_dir(), demo_extension: None };
    Ok(Porthole::start(directories, Terminal).await)
}

/// Ends every call, and waits until the reaper has ended what the calls left. A further signal ends the wait: the reaper
/// continues without this process.
pub async fn end(application: Porthole, mut signals: Signals) {
    signals.forget();
    let ended = async {
        application.close().await;
        let _ = tokio::task::spawn_blocking(|| drop(application)).await;
    };
    tokio::select! {
        () = ended => {}
        _ = signals.next() => {}
    }
}

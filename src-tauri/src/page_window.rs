//! The page's own window: the page has its own web process there, and what keeps that busy keeps
//! nothing else from answering.

#[cfg(target_os = "linux")]
use std::sync::Arc;

#[cfg(target_os = "linux")]
use crate::page_process::PageProcesses;
use porthole_base::error::{Code, Error, Result};
use porthole_core::page_window::PageWindowClosed;
use porthole_extension::OpenedPage;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindow, WebviewWindowBuilder};
use tokio::sync::watch;

use crate::{commands::Porthole, drawing, process, web};

/// The labels of the windows. Which commands the page's may use is marked in the list of commands.
pub const MAIN: &str = "main";
pub const OWN: &str = "page";

/// Whether it is there, and with what; or how it went.
#[derive(Debug, Clone, Default)]
struct State {
    shown: Option<OpenedPage>,
    gone: PageWindowClosed,
}

/// The window of the page's own, while there is one.
pub struct PageWindow {
    app: AppHandle,
    state: watch::Sender<State>,
    /// The owner of the data in the windows' web storage.
    storage_owner: tokio::sync::Mutex<Option<String>>,
    #[cfg(target_os = "linux")]
    processes: Arc<PageProcesses>,
}

impl PageWindow {
    /// None so far.
    pub fn new(app: AppHandle) -> Self {
        Self {
            app,
            state: watch::Sender::default(),
            storage_owner: tokio::sync::Mutex::default(),
            #[cfg(target_os = "linux")]
            processes: Arc::default(),
        }
    }

    /// What is shown in it.
    pub fn shown(&self) -> Option<OpenedPage> {
        self.state.borrow().shown.clone()
    }

    /// The window that the page is in.
    pub fn of_the_page(&self) -> Option<WebviewWindow> {
        let label = if self.shown().is_some() { OWN } else { MAIN };
        self.app.get_webview_window(label)
    }

    /// Opens it for a page, or brings it to the front.
    pub fn open(&self, opened: OpenedPage) -> Result<()> {
        if self.shown().is_some()
            && let Some(window) = self.app.get_webview_window(OWN)
        {
            return window.unminimize().and_then(|()| window.set_focus()).map_err(failed);
        }
        #[cfg(target_os = "linux")]
        self.processes.expect_one();
        let title = format!("{} - Porthole", opened.title);
        self.state.send_replace(State { shown: Some(opened), gone: PageWindowClosed::default() });
        let built = WebviewWindowBuilder::new(&self.app, OWN, WebviewUrl::App("index.html?page".into()))
            .title(title)
            .inner_size(1000.0, 720.0)
            .min_inner_size(480.0, 360.0)
            .on_navigation({
                let app = self.app.clone();
                move |url| web::may_go(&app, url)
            })
            .data_directory(self.app.state::<Porthole>().web_storage.clone())
            .build();
        match built {
            // It may have been closed, or Porthole with it, while it was made.
            Ok(window) if self.shown().is_none() || self.app.get_webview_window(MAIN).is_none() => {
                self.state.send_replace(State::default());
                window.destroy().map_err(failed)?;
                Err(Error::new(Code::WindowLost, "The page was closed"))
            }
            Ok(window) => {
                web::confine(&window);
                drawing::suit_the_machine(&window);
                process::look_after(&window);
                Ok(())
            }
            Err(error) => {
                #[cfg(target_os = "linux")]
                self.processes.expect_none();
                self.state.send_replace(State::default());
                Err(failed(error))
            }
        }
    }

    /// It goes, or is gone. Tells whether it was there until now: how it ended is reported once.
    pub fn close(&self, gone: PageWindowClosed) -> bool {
        let was_there = self.state.send_if_modified(|state| {
            let was_there = state.shown.take().is_some();
            if was_there {
                state.gone = gone;
            }
            was_there
        });
        if let Some(window) = self.app.get_webview_window(OWN)
            && let Err(error) = window.destroy()
        {
            tracing::debug!(%error, "the page's own window is gone already");
        }
        // After that: the end of a process that still has its window counts as a crash.
        #[cfg(target_os = "linux")]
        {
            let processes = Arc::clone(&self.processes);
            if let Err(error) = self.app.run_on_main_thread(move || processes.end()) {
                tracing::debug!(%error, "the page's own process ends with Porthole");
            }
        }
        was_there
    }

    /// Clears the windows' web storage unless it is this owner's already.
    ///
    /// # Errors
    /// [`Code::WindowLost`] when it can't be cleared: nothing of this owner may be shown then.
    pub async fn give_storage_to(&self, owner: Option<String>) -> Result<()> {
        let mut now = self.storage_owner.lock().await;
        if now.is_some() && *now != owner {
            #[cfg(target_os = "linux")]
            self.processes.gone().await?;
            web::clear(&self.app).await?;
        }
        *now = owner;
        Ok(())
    }

    /// Waits until it is gone, and tells how it went.
    pub async fn gone(&self) -> PageWindowClosed {
        let mut state = self.state.subscribe();
        let gone = state.wait_for(|state| state.shown.is_none()).await;
        gone.map(|state| state.gone.clone()).unwrap_or_default()
    }
}

fn failed(error: tauri::Error) -> Error {
    Error::new(Code::WindowLost, "Can't show the page's window").detail(error)
}

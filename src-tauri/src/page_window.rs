//! The page's own window: the page has its own web process there, and what keeps that busy keeps
//! nothing else from answering.

#[cfg(target_os = "linux")]
use std::sync::Arc;

#[cfg(target_os = "linux")]
use crate::page_process::PageProcesses;
use std::path::PathBuf;

use porthole_base::error::{Code, Error, Result};
use porthole_extension::OpenedPage;
use tauri::{AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};

use crate::{drawing, process, web};

/// The labels of the windows. Which commands the page's may use is marked in the list of commands.
pub const MAIN: &str = "main";
pub const OWN: &str = "page";

/// The window of the page's own. Whether there is one, and what it shows, is the application's to know.
pub struct PageWindow {
    app: AppHandle,
    /// Where the windows have their web storage.
    web_storage: PathBuf,
    #[cfg(target_os = "linux")]
    processes: Arc<PageProcesses>,
}

impl PageWindow {
    /// None so far.
    pub fn new(app: AppHandle, web_storage: PathBuf) -> Self {
        Self {
            app,
            web_storage,
            #[cfg(target_os = "linux")]
            processes: Arc::default(),
        }
    }

    /// Opens it for a page.
    pub fn open(&self, opened: &OpenedPage) -> Result<()> {
        #[cfg(target_os = "linux")]
        self.processes.expect_one();
        let title = format!("{} - Porthole", opened.title);
        let built = WebviewWindowBuilder::new(&self.app, OWN, WebviewUrl::App("index.html?page".into()))
            .title(title)
            .inner_size(1000.0, 720.0)
            .min_inner_size(480.0, 360.0)
            .on_navigation({
                let app = self.app.clone();
                move |url| web::may_go(&app, url)
            })
            .data_directory(self.web_storage.clone())
            .build();
        match built {
            // Porthole may have been closed while it was made.
            Ok(window) if self.app.get_webview_window(MAIN).is_none() => {
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
                Err(failed(error))
            }
        }
    }

    /// Brings it to the front, if it is there.
    pub fn focus(&self) -> Result<bool> {
        let Some(window) = self.app.get_webview_window(OWN) else { return Ok(false) };
        window.unminimize().and_then(|()| window.set_focus()).map(|()| true).map_err(failed)
    }

    /// Closes it, and ends its process.
    pub fn close(&self) {
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
    }

    /// Waits until the processes of closed windows are gone: until then they may go on storing.
    #[cfg(target_os = "linux")]
    pub async fn processes_gone(&self) -> Result<()> {
        self.processes.gone().await
    }
}

fn failed(error: tauri::Error) -> Error {
    Error::new(Code::WindowLost, "Can't show the page's window").detail(error)
}

//! The desktop window as the application's host.

use std::path::{Path, PathBuf};

use porthole_app::settings::Theme;
use porthole_app::{Application, Host, PathKind};
use porthole_base::error::{Code, Error, Result};
use porthole_extension::{OpenedPage, Server};
use tauri::{AppHandle, Manager, WebviewWindow};

use crate::{
    choose::choose,
    drawing, logging, notification,
    page_window::{MAIN, PageWindow},
    web::{self, DEVELOPED_AT},
};

/// The application in this window.
pub type Porthole = Application<TauriHost>;

/// The windows of this process.
pub struct TauriHost {
    app: AppHandle,
    page_window: PageWindow,
}

impl TauriHost {
    pub fn new(app: AppHandle, page_window: PageWindow) -> Self {
        Self { app, page_window }
    }

    /// Changes the main window. Does nothing if the window is closed; a failure is logged.
    fn with_main<T>(&self, what: &str, change: impl FnOnce(WebviewWindow) -> tauri::Result<T>) -> Option<T> {
        let changed = change(self.app.get_webview_window(MAIN)?);
        changed.inspect_err(|error| tracing::warn!(%error, "the window keeps {what}")).ok()
    }
}

impl Host for TauriHost {
    fn open_page_window(&self, opened: &OpenedPage) -> Result<()> {
        self.page_window.open(opened)
    }

    fn focus_page_window(&self) -> Result<bool> {
        self.page_window.focus()
    }

    fn close_page_window(&self) {
        self.page_window.close();
    }

    async fn clear_page_storage(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        self.page_window.processes_gone().await?;
        web::clear(&self.app).await
    }

    /// A frame of the origin that may call our commands would be the window itself.
    fn check_page_server(&self, server: &Server) -> Result<()> {
        if tauri::is_dev() && server.origin() == DEVELOPED_AT {
            let what = format!("{DEVELOPED_AT} is the development server of this window");
            let error = Error::new(Code::PageServerInvalid, what);
            return Err(error.hint("Have the extension's server listen on another port."));
        }
        Ok(())
    }

    fn apply_theme(&self, theme: Theme) {
        drawing::apply_theme(&self.app, theme);
    }

    fn log_file(&self) -> Option<PathBuf> {
        logging::newest(&logging::directory(&self.app.config().identifier)?)
    }

    fn open_file(&self, file: &Path) -> Result<()> {
        open::that_detached(file).map_err(|error| {
            let what = format!("No program could be started to open {}", file.display());
            Error::new(Code::OpenFailed, what).detail(error.to_string()).hint("Open the file in another way.")
        })
    }

    fn open_url(&self, url: &str) -> Result<()> {
        open::that_detached(url).map_err(|error| {
            Error::new(Code::OpenFailed, "No browser could be started")
                .detail(error.to_string())
                .hint(format!("Open {url} in a browser yourself."))
        })
    }

    fn notify(&self, title: &str, body: &str) {
        notification::show(&self.app, title, body);
    }

    async fn choose_path(&self, kind: PathKind, title: &str, suggested: Option<&Path>) -> Option<String> {
        choose(&self.app, kind, title, suggested).await
    }

    #[cfg(target_os = "linux")]
    async fn clipboard_text(&self) -> Option<String> {
        crate::clipboard::text(&self.app).await
    }

    fn set_title(&self, title: &str) {
        self.with_main("its title", |window| window.set_title(title));
    }

    fn set_zoom(&self, percent: u32) {
        self.with_main("its size", |window| window.set_zoom(f64::from(percent) / 100.0));
    }

    fn toggle_full_screen(&self) -> bool {
        self.with_main("the screen", |window| {
            let whole = !window.is_fullscreen()?;
            window.set_fullscreen(whole)?;
            Ok(whole)
        })
        .unwrap_or(false)
    }
}

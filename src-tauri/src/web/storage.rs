//! The web storage of all windows: one for each start, which is cleared when another extension's page is shown.

use porthole_core::error::{Code, Error, Result};
use tauri::{AppHandle, Manager};

/// Clears all that pages stored: cookies, caches, databases, storage of sessions, registrations of workers. Answers when
/// it is done; the frame that may not see it is loaded after that.
///
/// # Errors
/// [`Code::WindowLost`] when it can't be done.
pub async fn clear(app: &AppHandle) -> Result<()> {
    let failed = || Error::new(Code::WindowLost, "What the extension before had stored can't be cleared");
    let hint = "Restart Porthole: each start has a web storage of its own.";
    let window = app.webview_windows().into_values().next().ok_or_else(failed)?;
    let cleared = async {
        #[cfg(target_os = "linux")]
        {
            let (tell, told) = tokio::sync::oneshot::channel();
            window
                .with_webview(move |view| linux::clear(&view.inner(), tell))
                .map_err(|error| failed().detail(error))?;
            let done = tokio::time::timeout(PATIENCE, told).await;
            done.map_err(|_| failed().detail("The web view doesn't answer."))?
                .map_err(|_| failed())?
                .map_err(|error| failed().detail(error))
        }
        #[cfg(not(target_os = "linux"))]
        window.clear_all_browsing_data().map_err(|error| failed().detail(error))
    };
    cleared.await.map_err(|error: Error| error.hint(hint))
}

/// How long the web view may take.
#[cfg(target_os = "linux")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(target_os = "linux")]
mod linux {
    use tokio::sync::oneshot::Sender;
    use webkit2gtk::{
        WebView, WebViewExt, WebsiteDataManagerExtManual, WebsiteDataTypes, gio::Cancellable, glib::TimeSpan,
    };

    pub fn clear(view: &WebView, tell: Sender<Result<(), String>>) {
        let Some(data) = view.website_data_manager() else {
            let _ = tell.send(Err("The window has no web storage of its own.".to_owned()));
            return;
        };
        // Of all time.
        data.clear(WebsiteDataTypes::ALL, TimeSpan(0), Cancellable::NONE, |cleared| {
            let _ = tell.send(cleared.map_err(|error| error.to_string()));
        });
    }
}

//! The web storage of all windows: one for each start, which is cleared when another extension's page is shown.

use porthole_base::error::{Code, Error, Result};
use tauri::{AppHandle, Manager, WebviewWindow};

use crate::page_window::MAIN;

/// Clears all that pages stored: cookies, caches, databases, storage of sessions, registrations of workers. On Linux it
/// also ends what they asked of the network, and the connections to their servers. Answers when it is done; the frame that
/// may not see it is loaded after that.
///
/// # Errors
/// [`Code::WindowLost`] when it can't be done.
pub async fn clear(app: &AppHandle) -> Result<()> {
    let hint = "Restart Porthole: each start uses new web storage.";
    clear_all(app).await.map_err(|error| error.hint(hint))
}

#[cfg(target_os = "linux")]
async fn clear_all(app: &AppHandle) -> Result<()> {
    let (tell, told) = tokio::sync::oneshot::channel();
    window(app)?.with_webview(move |view| linux::clear(&view.inner(), tell)).map_err(|error| failed().detail(error))?;
    let done = tokio::time::timeout(PATIENCE, told).await;
    done.map_err(|_| failed().detail("The web view doesn't respond."))?
        .map_err(|_| failed())?
        .map_err(|error| failed().detail(error))
}

#[cfg(not(target_os = "linux"))]
async fn clear_all(app: &AppHandle) -> Result<()> {
    window(app)?.clear_all_browsing_data().map_err(|error| failed().detail(error))
}

/// One that stays: the page's own may be about to go.
fn window(app: &AppHandle) -> Result<WebviewWindow> {
    app.get_webview_window(MAIN).ok_or_else(failed)
}

fn failed() -> Error {
    Error::new(Code::WindowLost, "Can't clear the previous extension's web storage")
}

/// How long the web view may take.
#[cfg(target_os = "linux")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

#[cfg(target_os = "linux")]
mod linux {
    use tokio::sync::oneshot::Sender;
    use webkit2gtk::{
        NetworkProxyMode, WebView, WebViewExt, WebsiteDataManager, WebsiteDataManagerExt, WebsiteDataManagerExtManual,
        WebsiteDataTypes, gio::Cancellable, glib::TimeSpan,
    };

    pub fn clear(view: &WebView, tell: Sender<Result<(), String>>) {
        let Some(data) = view.website_data_manager() else {
            let _ = tell.send(Err("The window has no separate web storage.".to_owned()));
            return;
        };
        end_requests(&data);
        // Of all time.
        data.clear(WebsiteDataTypes::ALL, TimeSpan(0), Cancellable::NONE, |cleared| {
            let _ = tell.send(cleared.map_err(|error| error.to_string()));
        });
        end_requests(&data);
    }

    /// Ends all requests that go on and closes all connections. A page's `fetch` with `keepalive`, its `sendBeacon` and its
    /// `ping` go on without it in the network process, which has no call for this: but with another proxy it aborts all.
    /// That process works in the order of its messages.
    fn end_requests(data: &WebsiteDataManager) {
        for mode in [NetworkProxyMode::NoProxy, NetworkProxyMode::Default] {
            data.set_network_proxy_settings(mode, None);
        }
    }
}

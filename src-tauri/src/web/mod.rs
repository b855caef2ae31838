//! What keeps an extension's page inside its frame, beyond what browsers do for every page: a window that shows pages
//! holds the main one's commands, and one web storage serves every frame of every window.

#[cfg(target_os = "linux")]
mod dialogs;
#[cfg(target_os = "linux")]
mod features;
#[cfg(target_os = "linux")]
mod memory;
mod navigation;
mod storage;
#[cfg(target_os = "linux")]
mod stream;

#[cfg(target_os = "linux")]
pub use memory::release_unused;
pub use navigation::DEVELOPED_AT;
use std::path::Path;
pub use storage::clear;

use porthole_app::PageAccess;
use tauri::{AppHandle, Manager, Url, WebviewWindow};

use crate::host::Porthole;

/// Where the web storage of this start is, in the session's directory: it goes with it.
pub const STORAGE: &str = "web-storage";

/// Prepares the web storage of this start. It has no cache of files: WebKit answers for a while from what it has yet to
/// write there, also when the storage was cleared.
///
/// # Errors
/// What the operating system says when it can't be written.
pub fn prepare_storage(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)?;
    // Where it would make a folder for it. That it can't is no fault to it.
    #[cfg(target_os = "linux")]
    std::fs::write(directory.join("WebKitCache"), "")?;
    Ok(())
}

/// Whether a frame of a window may go there.
pub fn may_go(app: &AppHandle, url: &Url) -> bool {
    let access = app.try_state::<Porthole>().map_or_else(PageAccess::default, |porthole| porthole.page_access());
    let may = navigation::may_be_shown(url, &access);
    if may
        && navigation::is_of_server(url, &access)
        && let Some(porthole) = app.try_state::<Porthole>()
    {
        porthole.page_loads();
    }
    if !may {
        let url: String = url.as_str().chars().take(200).collect();
        tracing::warn!(url, "a frame may not show this");
    }
    may
}

/// Confines the pages of a window, before any is shown.
pub fn confine(window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    {
        let (app, label) = (window.app_handle().clone(), window.label().to_owned());
        let confined = window.with_webview(move |view| linux::confine(&view.inner(), app, &label));
        if let Err(error) = confined {
            tracing::error!(%error, "the pages of a window are confined by their frames alone");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = window;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::cell::Cell;

    use tauri::{AppHandle, Url};
    use webkit2gtk::{
        CacheModel, DownloadExt, LoadEvent, PolicyDecision, PolicyDecisionExt, PolicyDecisionType,
        ResponsePolicyDecision, ResponsePolicyDecisionExt, URIRequestExt, UserContentManagerExt, WebContextExt,
        WebView, WebViewExt, glib::Cast,
    };

    use super::{
        dialogs, features, may_go,
        navigation::{address_of, is_address_of, may_only_be_the_window},
        stream,
    };

    thread_local! {
        /// One context serves all windows.
        static PREPARED: Cell<bool> = const { Cell::new(false) };
    }

    pub fn confine(view: &WebView, app: AppHandle, label: &str) {
        features::disable(view);
        dialogs::refuse(view);
        stay(view, label.to_owned());
        if let Some(manager) = view.user_content_manager() {
            // The second way to the window's commands, which every frame could use. The first one is enough for ours.
            manager.unregister_script_message_handler("ipc");
        }
        if let Some(context) = view.context().filter(|_| !PREPARED.replace(true)) {
            stream::serve(&context, app.clone());
            // What no page uses any more is not kept for the next one.
            context.set_cache_model(CacheModel::DocumentViewer);
            context.connect_download_started(|_, download| {
                tracing::warn!("a page's download is refused");
                download.cancel();
            });
        }
        let label = label.to_owned();
        // Where a frame goes is looked at by `may_go`, which Tauri asks first.
        view.connect_decide_policy(move |_, decision, kind| {
            let refused = match kind {
                PolicyDecisionType::NavigationAction => return false,
                PolicyDecisionType::Response => !of_response(decision, &app, &label),
                // No page opens a window.
                _ => true,
            };
            if refused {
                decision.ignore();
            }
            refused
        });
    }

    /// Once more when the response begins: only here WebKit tells whether a frame is the window itself.
    fn of_response(decision: &PolicyDecision, app: &AppHandle, label: &str) -> bool {
        let Some(decision) = decision.downcast_ref::<ResponsePolicyDecision>() else { return false };
        let address = decision.request().and_then(|request| request.uri());
        let Some(url) = address.and_then(|address| Url::parse(&address).ok()) else { return false };
        if decision.is_main_frame_main_resource() {
            return is_address_of(&url, label);
        }
        !may_only_be_the_window(&url) && may_go(app, &url) && decision.is_mime_type_supported()
    }

    /// Keeps a window at its own address. What has no response, such as `about:blank`, is only seen here; this signal
    /// is of the window itself, and of none of its frames.
    fn stay(view: &WebView, label: String) {
        view.connect_load_changed(move |view, event| {
            let url = view.uri().and_then(|uri| Url::parse(&uri).ok());
            if url.is_none_or(|url| is_address_of(&url, &label)) {
                return;
            }
            match event {
                LoadEvent::Started | LoadEvent::Redirected => view.stop_loading(),
                LoadEvent::Committed => {
                    tracing::error!("the window was led away from its address, and is loaded again");
                    view.load_uri(&address_of(&label));
                }
                _ => {}
            }
        });
    }
}

//! The web process of a window: ended where nothing else helps, and begun again when it ended, for
//! whatever reason; the page's own window goes with its process. What the window shows is in this process and outlives it.

use tauri::WebviewWindow;

/// Loads the window again each time its web process ends. Without that it would stay white.
pub fn look_after(window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    {
        let looked_after = window.clone();
        let result = window.with_webview(move |view| linux::look_after(&view.inner(), looked_after));
        if let Err(error) = result {
            tracing::warn!(%error, "the window stays white when its web process ends");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = window;
}

/// Ends the web process, whatever it does. The main window is loaded again.
pub fn end(window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    let ended = window.with_webview(|view| webkit2gtk::WebViewExt::terminate_web_process(&view.inner()));
    // Not tried yet: whether a web view gives up a process that loops when it is led elsewhere.
    #[cfg(not(target_os = "linux"))]
    let ended = window.url().and_then(|url| window.navigate(url));
    if let Err(error) = ended {
        tracing::warn!(%error, "the window's web process can't be ended");
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        cell::Cell,
        rc::Rc,
        time::{Duration, Instant},
    };

    use porthole_app::page_window::PageWindowClosed;
    use porthole_base::error::{Code, Error};
    use tauri::{Manager, WebviewWindow};
    use webkit2gtk::{WebProcessTerminationReason, WebView, WebViewExt};

    use crate::{host::Porthole, lost, page_window::OWN};

    /// A process that ends again so soon may end each time: after a few times a dialog asks the user.
    const TOO_SOON: Duration = Duration::from_secs(10);
    const TOO_OFTEN: u32 = 4;

    pub fn look_after(view: &WebView, window: WebviewWindow) {
        let last: Cell<Option<Instant>> = Cell::new(None);
        let often = Rc::new(Cell::new(0));
        view.connect_web_process_terminated(move |view, reason| {
            let soon = last.replace(Some(Instant::now())).is_some_and(|last| last.elapsed() < TOO_SOON);
            often.set(if soon { often.get() + 1 } else { 0 });
            let ended = reason == WebProcessTerminationReason::TerminatedByApi;
            let porthole = window.state::<Porthole>();
            if window.label() == OWN {
                if !ended {
                    let trouble = Some(error_of(reason));
                    porthole.page_window_gone(PageWindowClosed { trouble, ..PageWindowClosed::default() });
                }
                return;
            }
            if !ended {
                porthole.page_lost(error_of(reason));
            }
            if often.get() < TOO_OFTEN {
                return view.reload();
            }
            tracing::error!("the window's web process ends as soon as it starts");
            let (view, often) = (view.clone(), Rc::clone(&often));
            lost::ask(&window, words(reason), move || {
                often.set(0);
                view.reload();
            });
        });
    }

    /// The message where no window can show it.
    fn words(reason: WebProcessTerminationReason) -> &'static str {
        match reason {
            WebProcessTerminationReason::ExceededMemoryLimit => "It used too much memory.",
            _ => "It crashed, or the system ended it, for example because of low memory.",
        }
    }

    fn error_of(reason: WebProcessTerminationReason) -> Error {
        let detail = match reason {
            WebProcessTerminationReason::ExceededMemoryLimit => "It used too much memory. A new one was started.",
            _ => "It crashed, or the system ended it, for example because of low memory. A new one was started.",
        };
        Error::new(Code::WindowLost, "The process that drew the window ended")
            .detail(detail)
            .hint("All calls and their output are kept. Choose Reload to load an extension's page again.")
    }
}

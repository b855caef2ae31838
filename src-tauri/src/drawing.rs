//! How the window is drawn where there is no graphics card.

use porthole_app::settings::Theme;
use tauri::{AppHandle, Manager, WebviewWindow};

/// Gives the windows a theme. The page of an extension asks the web view which one is preferred, and that
/// asks the window.
pub fn apply_theme(app: &AppHandle, theme: Theme) {
    let theme = match theme {
        Theme::System => None,
        Theme::Light => Some(tauri::Theme::Light),
        Theme::Dark => Some(tauri::Theme::Dark),
    };
    for window in app.webview_windows().values() {
        if let Err(error) = window.set_theme(theme) {
            tracing::warn!(%error, "pages of extensions follow the desktop's theme");
        }
    }
}

/// Has the web view draw without layers where nothing would speed them up: a machine with no
/// graphics card puts them together by software, the whole window for each change of a word, which
/// takes longer than drawing what changed.
pub fn suit_the_machine(window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    if !has_layers() {
        use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt, WebViewExt};

        let suited = window.with_webview(|view| {
            if let Some(settings) = view.inner().settings() {
                settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
            }
        });
        if let Err(error) = suited {
            tracing::warn!(%error, "the window draws as on a machine with a graphics card");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = window;
}

/// Whether there is a graphics card. Under WebDriver the answer is always yes: WebKitGTK 2.50 leaves
/// some of its questions for a picture without an answer otherwise. `PORTHOLE_LAYERS=0` is for who
/// asks for no pictures, as the bench does.
#[cfg(target_os = "linux")]
fn has_layers() -> bool {
    match std::env::var("PORTHOLE_LAYERS").as_deref() {
        Ok(asked) => asked != "0",
        Err(_) => std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some() || has_graphics_card(),
    }
}

/// What the kernel offers for drawing is named so.
#[cfg(target_os = "linux")]
fn has_graphics_card() -> bool {
    let mut offered = std::fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    offered.any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
}

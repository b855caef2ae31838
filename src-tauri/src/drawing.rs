//! How the window is drawn where there is no graphics card.

#[cfg(target_os = "linux")]
use std::path::Path;

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

/// Whether the web view is to draw with layers. Under WebDriver the answer is always yes: WebKitGTK 2.50 leaves some of
/// its questions for a picture without an answer otherwise. `PORTHOLE_LAYERS=0` or `=1` decides for it: the bench, which
/// asks for no pictures, says 0.
#[cfg(target_os = "linux")]
fn has_layers() -> bool {
    let asked = std::env::var("PORTHOLE_LAYERS").ok();
    let driven = std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    let machine = Machine::at(Path::new("/"));
    let layers = layers(asked.as_deref(), driven, &machine);
    tracing::info!(layers, driven, ?machine, "how the window is drawn");
    layers
}

#[cfg(target_os = "linux")]
fn layers(asked: Option<&str>, driven: bool, machine: &Machine) -> bool {
    match asked {
        Some(asked) => asked != "0",
        None => driven || (machine.graphics_card && !machine.nvidia_driver),
    }
}

/// What decides how the window is drawn.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Machine {
    /// The kernel offers something to draw with.
    graphics_card: bool,
    /// NVIDIA's own driver is loaded. WebKitGTK's layers reach the screen through buffers that this driver doesn't share:
    /// the window stays white.
    nvidia_driver: bool,
}

#[cfg(target_os = "linux")]
impl Machine {
    fn at(root: &Path) -> Self {
        let mut offered = std::fs::read_dir(root.join("dev/dri")).into_iter().flatten().flatten();
        Self {
            graphics_card: offered.any(|entry| entry.file_name().to_string_lossy().starts_with("renderD")),
            nvidia_driver: root.join("proc/driver/nvidia/version").exists(),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn with_nvidias_driver_the_window_is_drawn_without_layers_which_would_be_white() {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        let layers_by_default = || layers(None, false, &Machine::at(root.path()));
        assert!(!layers_by_default(), "no graphics card");
        make("dev/dri/renderD128");
        assert!(layers_by_default());
        make("proc/driver/nvidia/version");
        assert!(!layers_by_default());
        assert!(layers(None, true, &Machine::at(root.path())), "WebDriver's pictures need layers");
        assert!(layers(Some("1"), false, &Machine::at(root.path())));
        assert!(!layers(Some("0"), true, &Machine::at(root.path())));
    }
}

//! An extension with a backend of its own, without an engine: the demo backend of this process stands in for it.

use std::{fs, path::Path};

use porthole_app::demo::Demo;
use porthole_tests::window::{App, Home};
use serde_json::json;

use crate::page::open;

/// The backend, as long as this value is there.
pub struct Backed {
    _demo: Demo,
    _at: tempfile::TempDir,
}

/// Gives the extension in a folder a backend in its manifest.
pub fn name_a_backend(folder: &Path) {
    let manifest = folder.join("metadata.json");
    let text = fs::read_to_string(&manifest).unwrap();
    if !text.contains("\"vm\"") {
        let vm = "\"vm\": { \"image\": \"acme/backend\", \"exposes\": { \"socket\": \"b.sock\" } }, \"ui\"";
        fs::write(manifest, text.replacen("\"ui\"", vm, 1)).unwrap();
    }
}

/// The window, where no engine answers: nothing else is offered for a backend.
pub async fn without_engine() -> App {
    App::open_in(Home::default(), NO_ENGINE).await
}

/// What keeps every engine away.
pub const NO_ENGINE: &[(&str, &str)] = &[("DOCKER_HOST", "unix:///nonexistent/d.sock")];

/// Opens the extension in a folder, and loads its page when the demo backend is its own.
pub async fn open_backed(app: &App, folder: &Path) -> Backed {
    name_a_backend(folder);
    open(app, folder).await;
    reload_backed(app).await
}

/// The same for a page that is open: what it asked for is decided, and its prompt gone.
pub async fn reload_backed(app: &App) -> Backed {
    // What a page says behind another side waits until it is seen: what it asks for without a backend is refused first.
    app.click("#side-page").await;
    app.click("#page-clear:not(:disabled)").await;
    let backend = take_backend(app).await;
    app.click("#side-page").await;
    app.click("#page-reload:not(:disabled)").await;
    backend
}

/// Takes the demo backend of this process for that of the extension that is open.
pub async fn take_backend(app: &App) -> Backed {
    let at = tempfile::tempdir().unwrap();
    let demo = Demo::start(at.path()).await.unwrap();
    let endpoint = json!(demo.endpoint().to_string());
    let taken =
        format!("await window.__TAURI_INTERNALS__.invoke('use_native', {{ endpoint: {endpoint} }}); return true");
    assert_eq!(app.answer(&taken).await, json!(true));
    app.until("the backend", "document.querySelector('#page-backend.up')").await;
    Backed { _demo: demo, _at: at }
}

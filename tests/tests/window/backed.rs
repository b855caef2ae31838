//! An extension with a backend of its own, without an engine: the demo backend of this process stands in for it.

use std::{fs, path::Path};

use porthole_core::demo::Demo;
use porthole_tests::window::App;

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

/// Opens the extension in a folder, and loads its page when the demo backend is its own.
pub async fn open_backed(app: &App, folder: &Path) -> Backed {
    name_a_backend(folder);
    open(app, folder).await;
    let backend = take_backend(app).await;
    app.click("#page-clear:not(:disabled)").await;
    app.click("#page-reload:not(:disabled)").await;
    backend
}

/// Takes the demo backend of this process for that of the extension that is open.
pub async fn take_backend(app: &App) -> Backed {
    let at = tempfile::tempdir().unwrap();
    let demo = Demo::start(at.path()).await.unwrap();
    app.click("#side-backend").await;
    app.click("summary").await;
    app.fill("#backend-native", &demo.endpoint().to_string()).await;
    app.click("#backend-use-native").await;
    app.until("the endpoint", "document.querySelector('#backend-endpoint')").await;
    app.click("#side-page").await;
    Backed { _demo: demo, _at: at }
}

//! A page that has no backend, or whose backend is down, while the user inspects an engine's own socket: nothing of it
//! arrives there.

use std::{
    io::{Read, Write},
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use porthole_tests::window::App;

use crate::page::{in_page, open, shows};

/// A socket in an engine's place, and the first bytes of what came to it.
struct FakeEngine {
    folder: tempfile::TempDir,
    came: Arc<Mutex<Vec<String>>>,
}

impl FakeEngine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let came: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&came);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = [0; 256];
                let read = stream.read(&mut head).unwrap_or_default();
                kept.lock().unwrap().push(String::from_utf8_lossy(&head[..read]).into_owned());
                let _ = stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 11\r\n\r\n{\"Id\":\"me\"}");
            }
        });
        Self { folder, came }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// What came, but for the window's own look at whether it listens: that says nothing.
    fn requests(&self) -> Vec<String> {
        self.came.lock().unwrap().iter().filter(|head| head.contains("/containers")).cloned().collect()
    }
}

#[tokio::test]
async fn a_page_without_a_backend_reaches_nothing_of_what_the_user_inspects() {
    let engine = FakeEngine::new();
    let app = App::open().await;
    let target = format!("unix://{}", engine.socket().display());
    app.answer(&format!(
        "await window.__TAURI_INTERNALS__.invoke('set_target', {{ target: {{ name: 'engine', endpoint: {target:?}, host: {{ env: [] }} }} }}); return true"
    ))
    .await;
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/extensions/no-backend");
    open(&app, &hostile).await;
    shows(&app, "print", "ready").await;
    in_page(&app, "void window.attack(); return true").await;
    shows(&app, "print", "tried all").await;
    for attempt in ["post", "request", "absolute", "remove", "read", "exec"] {
        shows(&app, "print", &format!("{attempt}: The extension has no backend")).await;
    }
    assert_eq!(engine.requests(), Vec::<String>::new());
    assert_eq!(app.calls().await, 0);
    // What the user sends there themselves arrives.
    app.send("GET", "/containers/json").await;
    app.becomes(1, "status").await;
    assert_eq!(engine.requests().len(), 1);
    app.close().await;
}

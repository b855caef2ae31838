//! Recording what a desktop sends: the backend's socket is moved, and put back.

use std::path::{Path, PathBuf};

use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_tests::{recorder::send, window::App};

use crate::drawn::{drawn_right, drawn_right_under};

/// Starts the recording as a person does; tells the paths that the dialog names.
async fn record(app: &App) -> (PathBuf, PathBuf) {
    app.click("#target-button").await;
    app.click("#target-tap").await;
    app.until("what is moved", "document.querySelector('#tap-aside')").await;
    let paths = (app.text("#tap-path").await.into(), app.text("#tap-aside").await.into());
    app.click("#tap-start").await;
    app.until("it records", "document.querySelector('#tap-state')").await;
    paths
}

async fn desktop_sends(path: &Path) {
    let sent = send(&Endpoint::Unix(path.to_owned()), &Request::new("GET", "/hello?by=desktop")).await;
    assert_eq!(sent.status(), 200);
}

const ROW: &str =
    "[...document.querySelectorAll('#timeline [data-call]')].find((row) => row.innerText.includes('by=desktop'))";

#[tokio::test]
async fn what_the_desktop_sends_is_in_the_timeline_and_the_socket_is_put_back() {
    let app = App::open().await;
    app.click("#target-button").await;
    app.click("#target-tap").await;
    app.until("what is moved", "document.querySelector('#tap-aside')").await;
    drawn_right_under(&app, "tap").await;
    app.click("#tap button.btn:not(.primary)").await;
    let (path, aside) = record(&app).await;
    assert!(aside.exists());
    desktop_sends(&path).await;
    app.until("the call", &format!("{ROW}?.innerText.includes('tap')")).await;
    // What Porthole itself sends isn't recorded twice.
    app.send("GET", "/hello?by=porthole").await;
    app.becomes(app.newest().await, "status").await;
    assert_eq!(app.calls().await, 2);
    drawn_right(&app, "tap-recording").await;
    app.reload().await;
    app.until("it still records", "document.querySelector('#tap-state')").await;
    app.click("#tap-state-stop").await;
    app.until("it has ended", "!document.querySelector('#tap-state')").await;
    assert!(path.exists() && !aside.exists());
    desktop_sends(&path).await;
    // The end of the window is one of the recording as well.
    let (path, aside) = record(&app).await;
    app.close().await;
    assert!(!aside.exists() && !path.exists(), "the demo backend has ended, and nothing is left of it");
}

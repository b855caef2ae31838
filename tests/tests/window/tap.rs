//! Recording what a desktop sends: the backend's socket is moved, and put back.

use std::path::{Path, PathBuf};

use porthole_app::demo::Demo;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_tests::{
    eventually, given,
    inside::{At, Inside},
    recorder::send,
    window::{App, Home},
};
use serde_json::json;

use crate::drawn::{drawn_right, drawn_right_under};

const BACKEND: &str = env!("CARGO_BIN_EXE_backend");

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

/// The words of the recording in the status bar.
async fn says(app: &App, words: &str) {
    let line = "document.querySelector('#tap-state')?.innerText.replaceAll('\\n', ' ')";
    app.until(words, &format!("{line}?.includes({})", json!(words))).await;
}

#[tokio::test]
async fn a_recording_goes_on_when_the_target_changes_and_says_what_it_records() {
    let other = tempfile::tempdir().unwrap();
    let demo = Demo::start(other.path()).await.unwrap();
    let app = App::open().await;
    let (path, aside) = record(&app).await;
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    says(&app, &format!("Recording {name}: 0 requests")).await;
    desktop_sends(&path).await;
    says(&app, &format!("Recording {name}: 1 request")).await;
    app.set_target(&demo.endpoint().to_string()).await;
    says(&app, &format!("Recording {name}, not the target: 1 request")).await;
    desktop_sends(&path).await;
    says(&app, ": 2 requests").await;
    drawn_right(&app, "tap-other-target").await;
    app.click("#tap-state").await;
    app.until("what it means", "document.querySelector('#tap-other')").await;
    assert_eq!(PathBuf::from(app.text("#tap-path").await), path);
    app.until("its counts", "document.querySelector('#tap-counts').innerText.startsWith('2 requests')").await;
    drawn_right_under(&app, "tap-other-target-dialog").await;
    app.click("#tap-stop").await;
    app.until("it has ended", "!document.querySelector('#tap-state')").await;
    assert!(path.exists() && !aside.exists());
    // The new target's own socket.
    let (path, _) = record(&app).await;
    assert_eq!(demo.endpoint(), &Endpoint::Unix(path));
    app.close().await;
}

#[tokio::test]
async fn a_backend_that_is_started_again_is_recorded_again() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let app = App::open().await;
    app.set_target(&demo.endpoint().to_string()).await;
    let (path, _) = record(&app).await;
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    desktop_sends(&path).await;
    says(&app, &format!("Recording {name}: 1 request")).await;
    drop(demo);
    says(&app, &format!("Not recording {name} at the moment")).await;
    drawn_right(&app, "tap-lost").await;
    app.click("#tap-state").await;
    app.until("why", "document.querySelector('#tap-problem')?.innerText.includes('stopped listening')").await;
    drawn_right_under(&app, "tap-lost-dialog").await;
    let demo = Demo::start(folder.path()).await.unwrap();
    app.until("it is over", "!document.querySelector('#tap-problem')").await;
    app.click("#tap button.btn:not(.primary)").await;
    says(&app, &format!("Recording {name}: 1 request")).await;
    desktop_sends(&path).await;
    says(&app, &format!("Recording {name}: 2 requests")).await;
    app.has_calls(2).await;
    app.close().await;
    // Its socket is where it was.
    desktop_sends(&path).await;
    drop(demo);
    assert!(!path.exists());
}

/// The backend's socket is in a volume of the engine, or in the container's own files. The desktop connects from another container.
#[tokio::test]
async fn engine_what_the_desktop_sends_into_a_container_is_in_the_timeline_and_the_socket_is_put_back() {
    for (at, state) in [(At::volume(), "tap-volume"), (At::own("/data/sockets"), "tap-container")] {
        let inside = Inside::start(BACKEND, at).await;
        let before = inside.files().await;
        let app = App::open_in(Home::default(), &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await;
        app.set_target(&inside.endpoint().to_string()).await;
        app.until("up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
        app.click("#target-button").await;
        app.click("#target-tap").await;
        app.until("the container", "document.querySelector('#tap-container')").await;
        assert_eq!(app.text("#tap-container").await, inside.name);
        drawn_right_under(&app, state).await;
        app.click("#tap button.btn:not(.primary)").await;
        assert_eq!(inside.files().await, before, "nothing is moved before it is confirmed");
        let (path, aside) = record(&app).await;
        assert_eq!(aside, PathBuf::from(format!("{}.porthole", path.display())));
        assert!(inside.files().await.contains("backend.sock.porthole"));
        let request = Request::new("GET", "/hello?by=desktop");
        assert_eq!(inside.send(&request).await.status(), 200);
        app.until("the call", &format!("{ROW}?.innerText.includes('tap')")).await;
        app.value(&format!("{ROW}.click()")).await;
        app.until("its response", "document.querySelector('#log .line')").await;
        // What Porthole itself sends isn't recorded twice.
        app.send("GET", "/hello?by=porthole").await;
        app.becomes(app.newest().await, "status").await;
        assert_eq!(app.calls().await, 2);
        drawn_right(&app, &format!("{state}-recording")).await;
        app.click("#tap-state-stop").await;
        app.until("it has ended", "!document.querySelector('#tap-state')").await;
        assert_eq!(inside.files().await, before, "the same files, with the same numbers");
        assert_eq!(inside.send(&request).await.status(), 200);
        // The end of the window is one of the recording as well.
        record(&app).await;
        let process = app.process();
        app.close().await;
        eventually("the backend's own socket", async || (inside.files().await == before).then_some(())).await;
        eventually("no helper", async || inside.taps(process).await.is_empty().then_some(())).await;
        assert_eq!(inside.send(&request).await.status(), 200);
    }
}

//! A session in the place of a backend.

use std::path::Path;

use porthole_tests::window::App;

use crate::drawn::drawn_right;

/// Exports all calls to a file, with nothing taken out.
async fn export(app: &App, path: &Path) {
    app.click("#timeline-export").await;
    app.until("looked through", "!document.querySelector('#export-go').disabled").await;
    app.put("#export-path", &path.display().to_string()).await;
    app.click("#export-go").await;
    app.until("it is written", "document.querySelector('#export-done')").await;
    app.click("#export-close").await;
}

const TARGET: &str = "document.querySelector('#target-button').innerText";

#[tokio::test]
async fn a_session_is_served_as_the_target_and_its_command_runs_without_a_process() {
    let folder = tempfile::tempdir().unwrap();
    let (path, marker) = (folder.path().join("bug.porthole"), folder.path().join("marker"));
    let script = format!("echo recorded; touch {}; exit 3", marker.display());
    let app = App::open().await;
    app.send("GET", "/hello").await;
    app.becomes(1, "status").await;
    app.run_on_host("sh", &["-c", &script]).await;
    app.becomes(2, "ended").await;
    export(&app, &path).await;
    std::fs::remove_file(&marker).unwrap();
    let opened = format!(
        "return await window.__TAURI_INTERNALS__.invoke('open_session', {{ path: {} }})",
        serde_json::json!(path.display().to_string())
    );
    assert_eq!(app.answer(&opened).await, serde_json::json!(1));
    app.has_calls(4).await;

    app.click("[data-serve-mock=\"1\"]").await;
    app.until("the mock is told of", "document.querySelector('#mock')?.innerText.includes('bug.porthole')").await;
    app.until("it is the target", &format!("{TARGET}.includes('Mock of bug.porthole')")).await;
    app.send("GET", "/hello").await;
    app.becomes(5, "status").await;
    app.until("the body", "document.querySelector('#log')?.innerText.includes('Hello')").await;
    app.run_on_host("sh", &["-c", &script]).await;
    app.becomes(6, "ended").await;
    app.until("the output", "document.querySelector('#log')?.innerText.includes('recorded')").await;
    assert!(!marker.exists(), "no process was started");
    app.send("GET", "/hello?other=1").await;
    app.becomes(7, "status").await;
    app.until("the closest call", "document.querySelector('#log')?.innerText.includes('not_recorded')").await;
    app.until("counted", "document.querySelector('#mock').innerText.includes('1 served, 1 not recorded')").await;
    let speed = "document.querySelector('#mock-speed').innerText";
    app.until("as recorded", &format!("{speed}.includes('recorded speed')")).await;
    app.click("#mock-speed").await;
    app.click("#mock-speed-0").await;
    app.until("at once", &format!("{speed}.includes('at once')")).await;
    drawn_right(&app, "mock").await;

    app.click("#mock-stop").await;
    app.until("it ended", "!document.querySelector('#mock')").await;
    app.until("the demo backend again", &format!("!{TARGET}.includes('Mock of')")).await;
    app.run_on_host("sh", &["-c", &script]).await;
    app.becomes(8, "ended").await;
    assert!(marker.exists(), "now it runs");
    app.close().await;
}

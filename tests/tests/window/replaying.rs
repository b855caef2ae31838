//! A session replayed in the window: what differs is listed, allowed, and no longer differs.

use std::path::Path;

use fantoccini::key::Key;
use porthole_tests::window::App;
use porthole_timeline::{
    compare::Allow,
    session::{Session, rules_of},
};
use serde_json::{Value, json};

use crate::drawn::drawn_right_under;

async fn invoke(app: &App, command: &str, arguments: Value) -> Value {
    app.answer(&format!("return await window.__TAURI_INTERNALS__.invoke('{command}', {arguments})")).await
}

/// Makes a request and a command of this machine, saves them as a session, and opens that in their place.
async fn with_session(app: &App, path: &Path) {
    app.send("GET", "/hello").await;
    app.becomes(1, "status").await;
    app.run_on_host("echo", &["recorded"]).await;
    app.becomes(2, "ended").await;
    let path = path.display().to_string();
    let export = json!({ "ids": null, "format": "session", "redact": null, "path": path, "replace": false });
    invoke(app, "export", export).await;
    invoke(app, "clear", json!({})).await;
    app.has_calls(0).await;
    assert_eq!(invoke(app, "open_session", json!({ "path": path })).await, json!(1));
    app.has_calls(2).await;
}

async fn counts(app: &App, expected: &str) {
    let is = format!("document.querySelector('#replay-counts')?.innerText === {}", json!(expected));
    app.until(expected, &is).await;
}

async fn result(app: &App, number: u32, kind: &str) {
    let is = format!("document.querySelector('[data-replayed=\"{number}\"]')?.dataset.result === '{kind}'");
    app.until(&format!("call {number} is {kind}"), &is).await;
}

#[tokio::test]
async fn a_difference_is_allowed_and_the_next_replay_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.porthole");
    let app = App::open().await;
    with_session(&app, &path).await;
    // The date of the next response is of another second.
    app.value("window.from = Date.now()").await;
    app.until("another second", "Date.now() - window.from > 2100").await;
    app.click("[data-replay-session=\"1\"]").await;
    app.click("#replay-go").await;
    counts(&app, "1 different, 1 not run").await;
    result(&app, 1, "different").await;
    result(&app, 2, "skipped").await;
    drawn_right_under(&app, "replay-different").await;

    app.click("#replay [data-allow=header]").await;
    app.until("the rule", "document.querySelector('#session-rules summary').innerText.includes('1 rule')").await;
    app.click("#replay-go").await;
    counts(&app, "1 same, 1 not run").await;
    let rules = rules_of(&Session::open(&path).unwrap()).unwrap();
    assert_eq!(rules.allow, [Allow::Header { name: "date".to_owned() }]);

    // With a tick the command runs too.
    app.click("#replay-host").await;
    app.click("#replay-go").await;
    counts(&app, "2 same").await;
    app.click("#session-rules summary").await;
    drawn_right_under(&app, "replay-same").await;
    app.click("[data-replayed=\"1\"]").await;
    app.until("the comparison", "document.querySelector('#compare-result')?.innerText === 'No differences'").await;
    app.until(
        "by the rules",
        "document.querySelector('#compare [data-part=headers]').innerText.includes('1 allowed difference')",
    )
    .await;
    drawn_right_under(&app, "replay-compare").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("the replay is there again", "document.querySelector('#replay') !== null").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is closed", "document.querySelector('#replay') === null").await;
    // Each replay is a group of its own: one call, one call, and two.
    app.has_calls(6).await;
    app.click("#bottom-maximize").await;
    app.until("the replays", "document.querySelectorAll('#timeline [data-group^=replay]').length === 3").await;
    app.close().await;
}

#[tokio::test]
async fn lines_that_differ_each_time_are_allowed_with_one_click() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.porthole");
    let printed = folder.path().join("printed");
    std::fs::write(&printed, "worker 17 up\nready\n").unwrap();
    let app = App::open().await;
    app.run_on_host("cat", &[&printed.display().to_string()]).await;
    app.becomes(1, "ended").await;
    let shown = path.display().to_string();
    let export = json!({ "ids": null, "format": "session", "redact": null, "path": shown, "replace": false });
    invoke(&app, "export", export).await;
    invoke(&app, "open_session", json!({ "path": shown })).await;
    app.has_calls(2).await;
    std::fs::write(&printed, "worker 4711 up\nready\n").unwrap();
    app.click("[data-replay-session=\"1\"]").await;
    app.click("#replay-host").await;
    app.click("#replay-go").await;
    counts(&app, "1 different").await;
    drawn_right_under(&app, "replay-lines").await;
    app.click("#replay [data-allow=lines]").await;
    app.until("the rule", "document.querySelector('#session-rules summary').innerText.includes('1 rule')").await;
    app.click("#replay-go").await;
    counts(&app, "1 same").await;
    let rules = rules_of(&Session::open(&path).unwrap()).unwrap();
    assert_eq!(rules.allow, [Allow::Lines { pattern: "^worker [0-9]+ up$".to_owned() }]);
    app.close().await;
}

#[tokio::test]
async fn a_replay_is_stopped_with_the_call_that_it_waits_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slow.porthole");
    let app = App::open().await;
    app.send("GET", "/slow?ms=1").await;
    app.becomes(1, "status").await;
    let path = path.display().to_string();
    let export = json!({ "ids": null, "format": "session", "redact": null, "path": path, "replace": false });
    invoke(&app, "export", export).await;
    invoke(&app, "open_session", json!({ "path": path })).await;
    app.has_calls(2).await;
    // A target that accepts and doesn't answer.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    app.set_target(&format!("http://{}", silent.local_addr().unwrap())).await;
    app.click("[data-replay-session=\"1\"]").await;
    app.click("#replay-go").await;
    app.has_calls(3).await;
    app.click("#replay-stop").await;
    counts(&app, "1 not run").await;
    result(&app, 1, "not_run").await;
    let call = invoke(&app, "call", json!({ "id": 3 })).await;
    assert_eq!(call["act"]["failure"]["error"]["code"], json!("cancelled"), "{call}");
    app.close().await;
}

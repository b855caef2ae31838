//! Sessions: recorded, exported, opened by another start, and read there like any calls.

use std::{fs, path::Path, process::Command};

use fantoccini::key::Key;
use porthole_tests::{
    given,
    window::{App, Home},
};
use serde_json::json;

use crate::drawn::{drawn_right, drawn_right_under};

/// A request with a secret, and a command.
async fn recorded() -> App {
    let app = App::open().await;
    app.send("GET", "/hello?token=s3cret-of-mine").await;
    app.becomes(1, "status").await;
    app.run_on_host("sh", &["-c", "echo recorded; exit 3"]).await;
    app.becomes(2, "ended").await;
    app
}

/// Exports to a file, with what is taken out shown first.
async fn export(app: &App, path: &Path) {
    app.click("#timeline-export").await;
    app.until("looked through", "!document.querySelector('#export-go').disabled").await;
    app.put("#export-path", &path.display().to_string()).await;
    app.click("#export-go").await;
    app.until("it is written", "document.querySelector('#export-done')").await;
    app.click("#export-close").await;
}

/// A second start with a file, as a file manager starts it.
fn start_with(home: &Home, file: &Path) {
    let mut second = Command::new(given("PORTHOLE_APP"));
    home.lead(&mut second);
    assert!(second.arg(file).status().unwrap().success());
}

/// What is put on the clipboard is in `window.copied`.
async fn catch_copies(app: &App) {
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
}

const HEADS: &str =
    "[...document.querySelectorAll('#timeline [data-group^=session] b')].map((head) => head.innerText).join()";

#[tokio::test]
async fn a_session_is_exported_without_secrets_and_another_start_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bug.porthole");
    let app = recorded().await;
    app.click("#timeline-export").await;
    app.until("the redactions", "document.querySelector('#export-redactions')?.innerText.includes('Field token')")
        .await;
    drawn_right_under(&app, "export").await;
    app.click("#export-close").await;
    export(&app, &path).await;
    let file = fs::read(&path).unwrap();
    assert!(!file.windows(14).any(|part| part == b"s3cret-of-mine"));
    app.close().await;

    // With an empty home: a second start hands the file over.
    let app = App::open().await;
    start_with(app.home(), &path);
    app.has_calls(2).await;
    app.until("its name", &format!("{HEADS} === 'bug.porthole'")).await;
    app.click("#timeline [data-call=\"1\"]").await;
    app.until("the body", "document.querySelector('#log')?.innerText.includes('Hello')").await;
    drawn_right(&app, "session-open").await;
    app.click("#detail-tab-received").await;
    app.until("in your code", "document.querySelector('#detail').innerText.includes('resolves')").await;
    catch_copies(&app).await;
    app.open_menu_of("#timeline [data-call=\"1\"]").await;
    app.click("#row-copy-markdown").await;
    app.until("Markdown", "window.copied?.startsWith('## `GET /hello?token=[redacted]`')").await;
    // The command's output can be searched, and its finding is there.
    app.click("#timeline [data-call=\"2\"]").await;
    app.click("#detail-tab-output").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], 'f').await;
    app.until("the search is open", "document.activeElement?.id === 'search-text'").await;
    app.fill("#search-text", "recorded").await;
    app.until("a hit", "document.querySelector('#search-count')?.innerText.trim() === '1 of 1'").await;
    // Closing it leaves the file, and can be undone.
    app.click("[data-close-session=\"1\"]").await;
    app.has_calls(0).await;
    assert_eq!(fs::read(&path).unwrap(), file);
    app.close().await;
}

#[tokio::test]
async fn what_is_no_session_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.porthole");
    fs::write(&path, "not a zip").unwrap();
    let app = App::open().await;
    start_with(app.home(), &path);
    app.until("why", "document.querySelector('.notes [role=alert]')?.innerText.includes('broken.porthole')").await;
    let axe = app.findings_of_axe().await;
    assert!(axe.is_empty(), "{axe:#?}");
    assert_eq!(app.calls().await, 0);
    app.close().await;
}

#[tokio::test]
async fn a_har_file_is_written_and_opened_beside_live_calls() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.har");
    let app = recorded().await;
    app.click("#timeline-export").await;
    app.click("#export [role=radiogroup][aria-label=Format] :nth-child(2)").await;
    app.until(
        "commands are left out",
        "document.querySelector('#export-facts').innerText.includes('no commands: 1 left out')",
    )
    .await;
    app.until("the path", "document.querySelector('#export-path').value.endsWith('.har')").await;
    app.put("#export-path", &path.display().to_string()).await;
    app.click("#export-go").await;
    app.until("it is written", "document.querySelector('#export-done')").await;
    app.click("#export-close").await;
    let har: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(har["log"]["entries"][0]["response"]["status"], json!(200));
    let opened = format!(
        "return await window.__TAURI_INTERNALS__.invoke('open_session', {{ path: {} }})",
        json!(path.display().to_string())
    );
    assert_eq!(app.answer(&opened).await, json!(1));
    app.has_calls(3).await;
    app.until("its name", &format!("{HEADS} === 'calls.har'")).await;
    app.click("#timeline [data-call=\"3\"]").await;
    app.until("the body", "document.querySelector('#log')?.innerText.includes('Hello')").await;
    app.close().await;
}

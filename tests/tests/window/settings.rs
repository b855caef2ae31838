//! The settings: fonts, timeouts, permissions, what is stored, Clear all.

use fantoccini::key::Key;
use porthole_tests::{servers::Raw, window::App};
use serde_json::json;

use crate::drawn::drawn_right_under;

#[tokio::test]
async fn each_page_is_drawn_right_and_fonts_are_kept() {
    let app = App::open().await;
    app.click("#settings-open").await;
    for page in ["appearance", "calls", "permissions", "privacy"] {
        app.click(&format!("#settings-tab-{page}")).await;
        app.until("the page", "document.querySelector('.settings:not([hidden]) section')").await;
        drawn_right_under(&app, &format!("settings-{page}")).await;
    }
    app.until("where things are", "document.querySelector('#settings').innerText.includes('settings.json')").await;
    app.click("#settings-tab-appearance").await;
    app.fill("#settings-mono-size", "15").await;
    app.chord(&[], Key::Tab.into()).await;
    app.fill("#settings-ui-size", "99").await;
    app.chord(&[], Key::Tab.into()).await;
    app.until("no such size", "document.querySelector('#settings-ui-size').value === '13'").await;
    app.click("#settings-fonts-system").await;
    let size = "getComputedStyle(document.querySelector('#request-path')).fontSize";
    app.until("larger", &format!("{size} === '15px'")).await;
    let family = "getComputedStyle(document.body).fontFamily";
    app.until("the system's", &format!("!{family}.includes('Inter')")).await;
    app.click("#settings-close").await;
    let home = app.close().await;
    let app = App::open_in(home, &[]).await;
    app.until("they were kept", &format!("{size} === '15px' && !{family}.includes('Inter')")).await;
    app.close().await;
}

#[tokio::test]
async fn a_backend_that_never_answers_is_given_up_after_the_response_timeout() {
    let raw = Raw::new(std::mem::forget);
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.click("#settings-open").await;
    app.click("#settings-tab-calls").await;
    app.fill("#settings-response-timeout", "400").await;
    app.chord(&[], Key::Tab.into()).await;
    app.click("#settings-close").await;
    app.send("GET", "/never").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "failed").await;
    app.until("why", "document.querySelector('#failure')?.innerText.includes('no response within 400 ms')").await;
    app.close().await;
}

#[tokio::test]
async fn clear_all_asks_once_more_and_removes_pinned_calls_and_recent_targets() {
    let app = App::open().await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.click("#keep").await;
    app.until("pinned", "document.querySelector('#timeline [data-kept]')").await;
    app.click("#settings-open").await;
    app.click("#settings-tab-privacy").await;
    app.click("#settings-clear-all").await;
    drawn_right_under(&app, "settings-clear-all").await;
    app.click("#settings-clear-not").await;
    app.until("nothing happened", "document.querySelector('#settings-clear-all')").await;
    app.click("#settings-clear-all").await;
    app.click("#settings-clear-go").await;
    app.until("done", "document.querySelector('#settings-cleared')").await;
    app.click("#settings-close").await;
    app.has_calls(0).await;
    // It can't be undone.
    assert_eq!(app.value("document.querySelector('#toasts .toast')").await, json!(null));
    app.close().await;
}

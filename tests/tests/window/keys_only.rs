//! The main job without a pointer, from the welcome screen to a stopped command: the focus is always somewhere, and seen.

use fantoccini::key::Key;
use porthole_tests::{servers::Raw, window::App};
use serde_json::json;

use crate::keyboard::UNSEEN;

const VOLUMES: &str = r#"{"volumes": [{"name": "pg", "state": "in use"}, {"name": "cache", "state": "idle"}]}"#;

fn is_focused(css: &str) -> String {
    format!("document.activeElement?.matches({})", json!(css))
}

/// A key with others held. Afterwards something has the focus, and shows it.
async fn press(app: &App, held: &[Key], key: impl Into<char>) {
    app.chord(held, key.into()).await;
    app.until("something has the focus", "document.activeElement && document.activeElement !== document.body").await;
    assert_eq!(app.value(UNSEEN).await, json!(null), "it has the focus, and nothing shows that");
}

/// Moves by Tab, or by Shift+Tab, until this has the focus.
async fn tab_to(app: &App, held: &[Key], css: &str) {
    for _ in 0..80 {
        if app.value(&is_focused(css)).await == json!(true) {
            return;
        }
        press(app, held, Key::Tab).await;
    }
    panic!("Tab never comes to {css}");
}

async fn types(app: &App, text: &str) {
    for key in text.chars() {
        press(app, &[], key).await;
    }
}

/// Replaces what a field holds.
async fn retypes(app: &App, text: &str) {
    press(app, &[Key::Control], 'a').await;
    types(app, text).await;
}

async fn focused(app: &App, css: &str) {
    app.until(css, &is_focused(css)).await;
}

/// From pane to pane by F6.
async fn pane(app: &App, css: &str) {
    for _ in 0..6 {
        if app.value(&is_focused(css)).await == json!(true) {
            return;
        }
        press(app, &[], Key::F6).await;
    }
    panic!("F6 never comes to {css}");
}

/// Chooses an action of the palette.
async fn act(app: &App, words: &str, entry: &str) {
    press(app, &[Key::Control], 'k').await;
    focused(app, "#palette-text").await;
    types(app, words).await;
    let chosen = "document.querySelector('#palette-list [aria-selected=true]')?.dataset.entry";
    app.until(entry, &format!("{chosen} === {}", json!(entry))).await;
    press(app, &[], Key::Enter).await;
}

#[tokio::test]
async fn a_target_is_chosen_a_response_read_and_a_command_stopped_by_keys_alone() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    let backend = Raw::answering(format!("{head}: {}\r\n\r\n{VOLUMES}", VOLUMES.len()));
    let app = App::open_welcome().await;
    // The target.
    press(&app, &[], Key::Tab).await;
    tab_to(&app, &[], "#welcome-endpoint").await;
    types(&app, &backend.endpoint.to_string()).await;
    press(&app, &[], Key::Enter).await;
    app.until("connected", "!document.querySelector('#welcome')").await;
    focused(&app, "#composer [role=tab]").await;
    // Two requests.
    press(&app, &[Key::Control], '1').await;
    focused(&app, "#request-path").await;
    for (call, path) in [(1, "/health"), (2, "/volumes?all=1")] {
        retypes(&app, path).await;
        press(&app, &[Key::Control], Key::Enter).await;
        app.newer_than(call - 1).await;
        app.becomes(call, "status").await;
    }
    read_the_response(&app).await;
    run_and_stop(&app).await;
    // The settings.
    press(&app, &[Key::Control], ',').await;
    focused(&app, "#settings *").await;
    tab_to(&app, &[], "#settings [role=tab], #settings [role=radio], #settings input").await;
    press(&app, &[], Key::Escape).await;
    app.until("they are closed", "!document.querySelector('#settings')").await;
    focused(&app, "#command-program, #args *, #composer *").await;
    app.close().await;
}

/// Filters the timeline, chooses the call, walks through its tabs, and searches its body.
async fn read_the_response(app: &App) {
    pane(app, "#timeline").await;
    press(app, &[], Key::Home).await;
    app.until("the first", "document.querySelector('[data-call=\"1\"]').ariaSelected === 'true'").await;
    tab_to(app, &[Key::Shift], "#timeline-filter").await;
    types(app, "path:/volumes").await;
    app.until("one is left", "document.querySelectorAll('#timeline [data-call]').length === 1").await;
    if app.value("document.activeElement.ariaExpanded").await == json!("true") {
        press(app, &[], Key::Escape).await;
    }
    press(app, &[], Key::Down).await;
    focused(app, "#timeline").await;
    press(app, &[], Key::Home).await;
    app.until("it is selected", "document.querySelector('[data-call=\"2\"]')?.ariaSelected === 'true'").await;
    press(app, &[Key::Alt], '1').await;
    focused(app, "#detail-tab-output").await;
    let tabs = app.value("document.querySelectorAll('.detail-tabs [role=tab]').length").await.as_u64().unwrap();
    assert!(tabs > 4, "{tabs}");
    for tab in 1..=tabs {
        let at = format!("[...document.querySelectorAll('.detail-tabs [role=tab]')][{}]", tab % tabs);
        press(app, &[], Key::Right).await;
        app.until("the next tab", &format!("document.activeElement === {at} && {at}.ariaSelected === 'true'")).await;
        let panel = "document.querySelector('#detail [role=tabpanel]:not([hidden])')";
        app.until("what is in it", &format!("{panel}?.innerText.trim().length > 0")).await;
    }
    press(app, &[Key::Control], 'f').await;
    focused(app, "#search-text").await;
    types(app, "state").await;
    app.until("two", "/\\b2\\b/.test(document.querySelector('#search-count').innerText)").await;
    let line = "document.querySelector('#log .current')?.closest('.line').innerText";
    app.until("the first", &format!("{line}.includes('in use')")).await;
    press(app, &[], Key::Enter).await;
    app.until("the next", &format!("{line}.includes('idle')")).await;
    press(app, &[], Key::Escape).await;
    focused(app, "#log").await;
}

/// Shows all calls again, runs a command that the palette leads to, and stops it.
async fn run_and_stop(app: &App) {
    pane(app, "#timeline").await;
    tab_to(app, &[Key::Shift], "#timeline-filter").await;
    press(app, &[], Key::Escape).await;
    app.until("both again", "document.querySelectorAll('#timeline [data-call]').length === 2").await;
    act(app, "compose a command", "compose-command").await;
    focused(app, "#command-program").await;
    retypes(app, "sleep").await;
    tab_to(app, &[], "#args input").await;
    types(app, "60").await;
    press(app, &[Key::Control], Key::Enter).await;
    let call = app.newer_than(2).await;
    app.becomes(call, "running").await;
    press(app, &[Key::Shift], Key::F5).await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGTERM");
}

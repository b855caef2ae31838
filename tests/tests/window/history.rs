//! The history in the side bar: what was called in this start and earlier ones.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::drawn_right;

/// What the list has, from top to bottom.
const LISTED: &str = "[...document.querySelectorAll('[data-history] .grow')].map((row) => row.textContent).join()";

/// Shows the history in the side bar.
async fn show(app: &App) {
    app.until("the side bar", "document.querySelector('#side-history')").await;
    let tab = "document.querySelector('#side-history')";
    app.value(&format!("{tab}.ariaSelected === 'true' || {tab}.click()")).await;
}

async fn lists(app: &App, rows: &str) {
    show(app).await;
    app.until(&format!("the history has {rows}"), &format!("{LISTED} === {}", json!(rows))).await;
}

/// Three calls, which the history has.
async fn with_calls() -> App {
    let app = App::open().await;
    for (call, path) in [(1, "/hello"), (2, "/status/404"), (3, "/bytes/9000")] {
        app.send("GET", path).await;
        app.becomes(call, "status").await;
    }
    lists(&app, "/bytes/9000,/status/404,/hello").await;
    app.until(
        "the end of all",
        "[...document.querySelectorAll('[data-history] [data-tone]')].every((badge) => badge.dataset.tone !== 'busy')",
    )
    .await;
    app
}

async fn focus(app: &App) {
    app.value("document.querySelector('#history-list').focus()").await;
}

#[tokio::test]
async fn calls_are_there_after_a_restart_and_open_in_the_timeline() {
    let app = with_calls().await;
    drawn_right(&app, "history").await;
    let app = App::open_in(app.close().await, &[]).await;
    lists(&app, "/bytes/9000,/status/404,/hello").await;
    assert_eq!(app.calls().await, 0);
    assert_eq!(app.text("#history .day").await, "Today");
    app.click("[data-history]").await;
    app.becomes(1, "status").await;
    app.until("it is selected", "document.querySelector('#timeline [data-call=\"1\"][aria-selected=true]')").await;
    app.until(
        "its body",
        "document.querySelector('#detail')?.innerText.includes('9.0 kB') || document.body.innerText.includes('9.0 kB')",
    )
    .await;
    app.until("where it is from", "document.querySelector('#timeline [data-call=\"1\"] .pin')").await;
    // Again by keys: it is shown, and not there twice.
    focus(&app).await;
    app.chord(&[], Key::Down.into()).await;
    app.chord(&[], Key::Enter.into()).await;
    app.becomes(2, "status").await;
    focus(&app).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("the same", "document.querySelector('#timeline [data-call=\"2\"][aria-selected=true]')").await;
    assert_eq!(app.calls().await, 2);
    app.close().await;
}

#[tokio::test]
async fn a_killed_app_loses_nothing_that_was_recorded() {
    let app = with_calls().await;
    app.send("GET", "/slow?ms=600000").await;
    lists(&app, "/slow?ms=600000,/bytes/9000,/status/404,/hello").await;
    let app = App::open_in(app.kill().await, &[]).await;
    lists(&app, "/slow?ms=600000,/bytes/9000,/status/404,/hello").await;
    app.click("[data-history]").await;
    app.becomes(1, "cancelled").await;
    app.close().await;
}

#[tokio::test]
async fn the_history_is_searched_by_words_and_in_bodies() {
    let app = with_calls().await;
    app.fill("#history-filter", "stat").await;
    lists(&app, "/status/404").await;
    app.fill("#history-filter", "nothing has this").await;
    app.until("that nothing matches", "document.querySelector('#history-none')?.innerText === 'No matches.'").await;
    app.click("#history-bodies").await;
    app.fill("#history-filter", "hello from the DEMO").await;
    lists(&app, "/hello").await;
    app.until("all was searched", "document.querySelector('#history-search')?.dataset.state === 'complete'").await;
    drawn_right(&app, "history-bodies").await;
    app.click("#history-bodies").await;
    app.fill("#history-filter", "hello").await;
    lists(&app, "/hello").await;
    app.close().await;
}

#[tokio::test]
async fn calls_are_pinned_and_deleted_from_the_history() {
    let app = with_calls().await;
    let app = App::open_in(app.close().await, &[]).await;
    lists(&app, "/bytes/9000,/status/404,/hello").await;
    app.open_menu_of("[data-history]:last-child").await;
    app.click("#history-menu-pin").await;
    app.until("it is pinned", "document.querySelector('[data-history][data-pinned]')?.innerText.includes('/hello')")
        .await;
    // The focus is in the list again; the newest is deleted, and comes back.
    focus(&app).await;
    app.chord(&[], Key::Home.into()).await;
    app.chord(&[], Key::Delete.into()).await;
    lists(&app, "/status/404,/hello").await;
    app.until("an offer to undo it", "document.querySelector('#toasts')?.innerText.includes('/bytes/9000')").await;
    app.click("#toasts .act").await;
    lists(&app, "/bytes/9000,/status/404,/hello").await;
    // Pinned calls are in the timeline of each start, and survive clearing.
    let app = App::open_in(app.close().await, &[]).await;
    app.becomes(1, "status").await;
    app.click("#settings-open").await;
    app.click("#settings-tab-privacy").await;
    app.click("#settings-history-clear").await;
    app.click("#settings-history-delete").await;
    lists(&app, "/hello").await;
    app.click("#settings-close").await;
    let app = App::open_in(app.close().await, &[]).await;
    lists(&app, "/hello").await;
    app.close().await;
}

#[tokio::test]
async fn nothing_is_kept_when_the_history_is_off() {
    let app = App::open().await;
    app.click("#settings-open").await;
    app.click("#settings-tab-privacy").await;
    app.click("#settings-history").await;
    app.click("#settings-close").await;
    show(&app).await;
    app.until("that it is off", "document.querySelector('#history-none')?.innerText.startsWith('The history is off')")
        .await;
    app.send("GET", "/hello").await;
    app.becomes(1, "status").await;
    let app = App::open_in(app.close().await, &[]).await;
    show(&app).await;
    app.until("that it is off", "document.querySelector('#history-none')?.innerText.startsWith('The history is off')")
        .await;
    assert_eq!(app.value(LISTED).await, json!(""));
    app.close().await;
}

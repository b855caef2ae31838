//! Two calls compared in the window.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::drawn_right_under;

#[tokio::test]
async fn two_selected_calls_are_compared_part_by_part() {
    let app = App::open().await;
    app.send("GET", "/hello").await;
    let first = app.newer_than(0).await;
    app.becomes(first, "status").await;
    app.send("GET", "/no-such-route").await;
    let second = app.newer_than(first).await;
    app.becomes(second, "status").await;
    app.click(&format!("#timeline [data-call=\"{second}\"]")).await;
    app.value("document.querySelector('#timeline').focus()").await;
    app.chord(&[Key::Shift], Key::Up.into()).await;
    app.until(
        "both are selected",
        "document.querySelectorAll('#timeline [data-call][aria-selected=true]').length === 2",
    )
    .await;
    app.chord(&[Key::Control], 'd').await;
    app.until("the result", "document.querySelector('#compare-result')?.innerText.startsWith('Different: ')").await;
    let parts = "[...document.querySelectorAll('#compare [data-part]')].filter((part) =>
        !['same', 'times'].includes(part.dataset.difference)).map((part) => part.dataset.part)";
    let different = app.value(parts).await;
    for part in ["request", "outcome", "body", "in_your_code"] {
        assert!(different.as_array().unwrap().contains(&json!(part)), "{part} in {different}");
    }
    drawn_right_under(&app, "compare").await;
    app.click("#compare-swap").await;
    app.until("swapped", "document.querySelector('#compare .side .mono')?.innerText.includes('/no-such-route')").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is closed", "document.querySelector('#compare') === null").await;
    app.close().await;
}

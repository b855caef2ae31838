//! Pressed faster than answers come.

use porthole_app::demo::Demo;
use porthole_tests::window::App;
use serde_json::json;

const OUTCOMES: &str = "[...document.querySelectorAll('#timeline [data-call]')].map((row) => [Number(row.dataset.call), row.dataset.outcome])";

/// Twenty Calls, in their order, each with this outcome.
async fn twenty(app: &App, outcome: &str) {
    app.until("twenty calls", "document.querySelector('#timeline').ariaRowCount === '21'").await;
    // All of them are drawn only when they fit.
    app.click("#bottom-maximize").await;
    let wanted = json!((1..=20).map(|call| json!([call, outcome])).collect::<Vec<_>>());
    app.until("all ended", &format!("JSON.stringify({OUTCOMES}) === JSON.stringify({wanted})")).await;
    let words = if outcome == "status" { "200 OK" } else { "exit 0" };
    for call in 1..=20 {
        assert_eq!(app.badge(call).await, words);
    }
    app.click("#bottom-maximize").await;
}

#[tokio::test]
async fn send_pressed_twenty_times_is_twenty_answers_in_order() {
    let app = App::open().await;
    app.fill("#request-path", "/hello").await;
    app.value("(() => { for (let i = 0; i < 20; i++) document.querySelector('#request-send').click() })()").await;
    twenty(&app, "status").await;
    app.close().await;
}

#[tokio::test]
async fn run_pressed_twenty_times_is_twenty_runs_that_end() {
    let app = App::open().await;
    app.click("#tab-command").await;
    app.compose("echo", &["again"]).await;
    app.value("(() => { for (let i = 0; i < 20; i++) document.querySelector('#command-run').click() })()").await;
    twenty(&app, "ended").await;
    app.line(0, "again").await;
    app.close().await;
}

#[tokio::test]
async fn cancel_and_send_again_at_once() {
    let app = App::open().await;
    app.fill("#request-path", "/slow?ms=60000").await;
    app.click("#request-send").await;
    app.becomes(1, "pending").await;
    app.until("it is selected", "document.querySelector('[data-call=\"1\"]').ariaSelected === 'true'").await;
    app.click("#request-cancel").await;
    app.click("#request-send").await;
    app.becomes(1, "cancelled").await;
    app.newer_than(1).await;
    // The one that was sent at once is the next to be cancelled by its row.
    app.becomes(2, "pending").await;
    app.fill("#request-path", "/hello").await;
    app.click("#request-send").await;
    let call = app.newer_than(2).await;
    app.becomes(call, "status").await;
    app.becomes(2, "pending").await;
    app.click("#timeline [data-call=\"2\"]").await;
    app.click("#request-cancel").await;
    app.becomes(2, "cancelled").await;
    app.close().await;
}

/// Where the selected exchange went, by its facts.
async fn went_to(app: &App, call: u64, endpoint: &str) {
    app.click(&format!("#timeline [data-call=\"{call}\"]")).await;
    app.click("#detail-tab-headers").await;
    app.until(
        "its endpoint",
        &format!("document.querySelector('.heads .where .data')?.innerText === {}", json!(endpoint)),
    )
    .await;
}

#[tokio::test]
async fn a_pending_call_ends_where_it_began_when_the_target_changes() {
    let directory = tempfile::tempdir().unwrap();
    let other = Demo::start(directory.path()).await.unwrap();
    let other = other.endpoint().to_string();
    let missing = format!("unix://{}/missing.sock", directory.path().display());
    let app = App::open().await;
    let first = app.play("slow response").await;
    app.becomes(first, "pending").await;
    app.set_target(&other).await;
    app.send("GET", "/hello").await;
    let second = app.newer_than(first).await;
    app.set_target(&missing).await;
    app.send("GET", "/hello").await;
    let third = app.newer_than(second).await;
    app.becomes(third, "failed").await;
    app.becomes(second, "status").await;
    app.becomes(first, "status").await;
    went_to(&app, second, &other).await;
    went_to(&app, third, &missing).await;
    app.click(&format!("#timeline [data-call=\"{first}\"]")).await;
    app.until("its own endpoint", "document.querySelector('.heads .where .data')?.innerText.endsWith('/demo.sock')")
        .await;
    assert_ne!(app.text(".heads .where .data").await, other);
    app.close().await;
}

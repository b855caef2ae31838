//! The page may be loaded again at any moment: what runs does not belong to it.

use fantoccini::key::Key;
use porthole_tests::window::App;

#[tokio::test]
async fn a_reload_in_the_middle_of_a_stream_loses_nothing() {
    let app = App::open().await;
    let hello = app.play("hello").await;
    app.becomes(hello, "status").await;
    let failed = app.play("closed early").await;
    app.becomes(failed, "failed").await;
    let stream = app.play("a live stream").await;
    app.until("lines", "Number([...document.querySelectorAll('#log .line')].at(-1)?.dataset.line) > 10").await;
    // WebKit lays out when it draws, which takes it seconds on a busy machine. Before, the timeline has fewer columns.
    app.until("all columns", "document.querySelector('#timeline [data-waterfall]')").await;
    let rows = "[...document.querySelectorAll('#timeline [data-call]')].map((row) => `${row.dataset.call} ${row.dataset.outcome} ${row.children[0].innerText} ${row.children[2].innerText}`)";
    let before = app.value(rows).await;
    let seen = app.last_line().await;

    app.reload().await;
    app.until("the same rows", &format!("JSON.stringify({rows}) === JSON.stringify({before})")).await;
    app.click(&format!("#timeline [data-call=\"{stream}\"]")).await;
    app.begins_with("segment 1 written").await;
    app.chord(&[], Key::End.into()).await;
    app.grows_to(seen + 10).await;
    app.becomes(stream, "running").await;
    app.click("#tab-command").await;
    app.click("#command-stop").await;
    app.becomes(stream, "ended").await;
    app.click(&format!("#timeline [data-call=\"{hello}\"]")).await;
    app.until("the old body", "document.querySelector('#log').innerText.includes('Hello from the demo backend')").await;
    app.close().await;
}

#[tokio::test]
async fn many_reloads_in_a_row_leave_one_page_that_works() {
    let app = App::open().await;
    let stream = app.play("events (SSE)").await;
    app.becomes(stream, "receiving").await;
    for _ in 0..5 {
        app.reload().await;
    }
    app.until("the row", "document.querySelectorAll('#timeline [data-call]').length === 1").await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.becomes(stream, "receiving").await;
    app.close().await;
}

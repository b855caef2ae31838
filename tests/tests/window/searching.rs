//! Search in the window: while lines arrive, and through what is there.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::drawn_right;

async fn open(app: &App, text: &str) {
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], 'f').await;
    app.until("the search is open", "document.activeElement?.id === 'search-text'").await;
    app.fill("#search-text", text).await;
}

async fn counts(app: &App, words: &str) {
    app.until(words, &format!("document.querySelector('#search-count')?.innerText.trim() === {}", json!(words))).await;
}

#[tokio::test]
async fn hits_are_counted_marked_and_gone_through() {
    let app = App::open().await;
    let call = app.play("a million lines").await;
    app.becomes(call, "ended").await;
    // The end is seen: what is found there comes first.
    open(&app, "99999").await;
    counts(&app, "10 of 19").await;
    app.line(999_989, "999990").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("closed", "!document.querySelector('#search')").await;
    app.chord(&[], Key::Home.into()).await;
    app.line(0, "1").await;
    open(&app, "99999").await;
    counts(&app, "1 of 19").await;
    app.line(99_998, "99999").await;
    let found = "document.querySelector('#log .line[data-line=\"99998\"] .found')?.textContent";
    app.until("it is marked", &format!("{found} === '99999'")).await;
    app.chord(&[], Key::Enter.into()).await;
    counts(&app, "2 of 19").await;
    app.line(199_998, "199999").await;
    app.chord(&[Key::Shift], Key::Enter.into()).await;
    app.chord(&[Key::Shift], Key::Enter.into()).await;
    counts(&app, "19 of 19").await;
    app.line(999_998, "999999").await;
    drawn_right(&app, "search").await;
    // All of them are drawn only when they fit.
    app.click("#detail-maximize").await;
    app.click("#search-only").await;
    app.until("only hits", "document.querySelectorAll('#log .line').length === 19").await;
    app.click("#detail-maximize").await;
    app.line(99_998, "99999").await;
    drawn_right(&app, "search-only").await;
    app.click("#search-only").await;
    app.click("#search-regex").await;
    app.fill("#search-text", "^1(0+)$").await;
    counts(&app, "6 of 6").await;
    app.line(999_999, "1000000").await;
    app.chord(&[], Key::Enter.into()).await;
    counts(&app, "1 of 6").await;
    app.line(9, "10").await;
    app.click("#search-inverse").await;
    app.until("all but six", "document.querySelector('#search-count').innerText.includes('999,994')").await;
    app.click("#search-inverse").await;
    app.fill("#search-text", "(").await;
    app.until("it says why", "document.querySelector('#search-text').ariaInvalid === 'true'").await;
    drawn_right(&app, "search-invalid").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("closed", "!document.querySelector('#search')").await;
    app.close().await;
}

#[tokio::test]
async fn a_search_counts_on_while_lines_arrive() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "i=0; while :; do i=$((i+1)); echo line $i; echo oops $i >&2; sleep 0.02; done"])
        .await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    open(&app, "oops").await;
    let count = "Number(document.querySelector('#search-count').innerText.replace(/^.*of/, '').replace(/\\D/g, ''))";
    app.until("some", &format!("{count} > 5")).await;
    app.until("more", &format!("{count} > 40")).await;
    app.click("#search-only").await;
    app.until(
        "hits alone",
        "[...document.querySelectorAll('#log .line')].every((line) => line.dataset.stream === 'stderr')",
    )
    .await;
    app.click("#search-only").await;
    app.chord(&[], Key::Escape.into()).await;
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    app.close().await;
}

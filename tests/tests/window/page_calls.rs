//! What a page asked: from where, with what, and all of it again from the composer.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::{Value, json};

use crate::{
    backed::{Backed, open_backed, without_engine},
    drawn::{drawn_right, pictures},
    page::{extension, in_page, may, shows},
};

/// Two calls, each on a line of its own, which are what is asked for.
const CALLS: &str = "window.post = () =>
  ddClient.extension.vm.service.request({ method: 'POST', url: '/echo?a=b%20c', headers: { 'X-Asked': 'yes' }, data: { name: 'pg data', n: [1, 2.5] } })
    .then((got) => console.log('posted', JSON.stringify(got).length))
window.run = () =>
    ddClient.extension.host.cli.exec('printenv', ['GREETING'], { cwd: '/', env: { GREETING: 'two  words' }, stream: { splitOutputLines: true,
      onOutput: (data) => console.log('out', data.stdout), onClose: (code) => console.log('closed', code), onError: (error) => console.log('error', error.message) } })
console.log('ready')
";

/// Opens a page with those calls.
async fn opened() -> ((tempfile::TempDir, Backed), App) {
    let folder = extension("Calls", CALLS);
    let app = without_engine().await;
    let backend = open_backed(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    ((folder, backend), app)
}

/// Shows a Call in the detail.
async fn select(app: &App, call: u64) {
    app.click(&format!("#timeline [data-call=\"{call}\"]")).await;
    app.until(
        "it is shown",
        &format!("document.querySelector('#acts') && document.querySelector('#timeline [data-call=\"{call}\"].on')"),
    )
    .await;
}

/// Chooses what to do with the Call that is shown.
async fn act(app: &App, what: &str) {
    app.click("#acts").await;
    app.click(&format!("{what}:not([data-disabled])")).await;
}

/// The texts of the elements.
async fn texts(app: &App, css: &str) -> Vec<String> {
    let texts = format!("[...document.querySelectorAll({})].map((one) => one.value ?? one.textContent)", json!(css));
    serde_json::from_value(app.value(&texts).await).unwrap()
}

async fn asked(app: &App) -> String {
    app.click("#detail-tab-code").await;
    app.until("what was asked", "document.querySelector('#asked pre')").await;
    app.text("#asked pre").await
}

#[tokio::test]
async fn a_request_of_a_page_says_from_where_and_with_what_and_is_edited_and_sent_again() {
    let (_folder, app) = opened().await;
    in_page(&app, "void window.post(); return true").await;
    shows(&app, "print", "posted").await;
    // Where it was asked stands beside it, in the page's log and over the call.
    shows(&app, "call", "app.js:2:").await;
    select(&app, 1).await;
    app.until("its place", "document.querySelector('#detail .aside').innerText.includes('page app.js:2:')").await;
    assert_eq!(
        asked(&app).await,
        r#"ddClient.extension.vm.service.request({ method: "POST", url: "/echo?a=b%20c", headers: { "X-Asked": "yes" }, data: {"name":"pg data","n":[1,2.5]} })"#
    );
    drawn_right(&app, "page-asked").await;
    act(&app, "#again").await;
    app.becomes(2, "status").await;
    app.until("its origin", "document.querySelector('#detail .aside').innerText.startsWith('composer')").await;
    select(&app, 1).await;
    act(&app, "#edit").await;
    app.until("the form", "document.querySelector('#request-path')?.value === '/echo?a=b%20c'").await;
    assert_eq!(app.value("document.querySelector('#request-method').value").await, json!("POST"));
    app.fill("#request-path", "/echo?a=changed").await;
    app.click("#request-send").await;
    app.becomes(3, "status").await;
    // The backend had the same but for what was changed. All rows are drawn where there is room.
    app.click("#detail-maximize").await;
    app.click("#detail-tab-output").await;
    for words in ["changed", "X-Asked", "pg data"] {
        let there = format!(
            "(document.querySelector('#log')?.innerText ?? '').toLowerCase().includes({})",
            json!(words.to_lowercase())
        );
        app.until(words, &there).await;
    }
    app.close().await;
}

#[tokio::test]
async fn a_command_of_a_page_that_was_only_recorded_is_run_after_all_and_edited() {
    let (_folder, app) = opened().await;
    may(&app, "host", "record").await;
    in_page(&app, "window.run(); return true").await;
    shows(&app, "print", "error Not run: Porthole only records host commands").await;
    app.becomes(1, "failed").await;
    assert_eq!(app.badge(1).await, "recorded");
    select(&app, 1).await;
    app.until("why", "document.querySelector('#failure[data-code=recorded_only]')").await;
    let source = asked(&app).await;
    assert_eq!(
        source,
        r#"ddClient.extension.host.cli.exec("printenv", ["GREETING"], { cwd: "/", env: { GREETING: "two  words" }, stream: { splitOutputLines: true, onOutput, onError, onClose } })"#
    );
    drawn_right(&app, "page-recorded").await;
    app.click("#acts").await;
    app.until("the menu", "document.querySelector('#edit-code')").await;
    assert_eq!(app.findings_of_axe().await, Vec::<String>::new());
    app.picture(&pictures().join("page-recorded-again.png")).await;
    app.chord(&[], Key::Escape.into()).await;
    // Done after all, by the key: the same command in the same place.
    app.click("#timeline [data-call=\"1\"]").await;
    app.chord(&[Key::Control, Key::Shift], Key::Enter.into()).await;
    app.becomes(2, "ended").await;
    app.click("#detail-tab-output").await;
    app.line(0, "two  words").await;
    select(&app, 1).await;
    app.chord(&[Key::Control], 'e').await;
    app.until("the form", "document.querySelector('#command-program')?.value === 'printenv'").await;
    assert_eq!(texts(&app, "#args input").await, ["GREETING", ""]);
    assert_eq!(app.value("document.querySelector('#command-cwd').value").await, json!("/"));
    assert_eq!(app.value("document.querySelector('#command-split').checked").await, json!(true));
    app.click("#command-run").await;
    app.becomes(3, "ended").await;
    app.line(0, "two  words").await;
    // As code it is asked of the Runtime once more, with every argument.
    select(&app, 1).await;
    act(&app, "#edit-code").await;
    app.click("#console-run").await;
    app.decide("once").await;
    app.becomes(4, "ended").await;
    let said = "document.querySelector('#console-log').textContent.includes('two  words\"}')";
    app.until("what it wrote", said).await;
    select(&app, 4).await;
    app.until("its line", "/console code:\\d+:\\d+/.test(document.querySelector('#detail .aside').innerText)").await;
    app.close().await;
}

#[tokio::test]
async fn a_call_that_waits_for_the_user_is_seen_waiting_with_its_age() {
    let (_folder, app) = opened().await;
    in_page(&app, "window.run(); return true").await;
    app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    let age = "document.querySelector('#page-log [data-entry=call] .age')?.innerText ?? ''";
    app.until("it waits", &format!("/^waits [\\d.]+ ?(ms|s)/.test({age})")).await;
    let first = app.value(age).await;
    app.until("its age grows", &format!("({age}) !== {first}")).await;
    // It is over for the log when the page is.
    in_page(&app, "setTimeout(() => location.reload()); return true").await;
    shows(&app, "call", "Not run: the code ended first").await;
    app.decide("close").await;
    assert_eq!(app.value(age).await, Value::from(""));
    app.close().await;
}

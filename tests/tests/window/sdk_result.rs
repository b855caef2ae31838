//! What code receives, what is to be said about it, and the code for it, in the real window.

use porthole_tests::{gate::Gate, servers::Raw, window::App};
use serde_json::json;

use crate::drawn::drawn_right;

/// Shows what code gets on a runtime, and waits for these words in it.
async fn card(app: &App, runtime: &str, words: &[&str]) {
    app.click(&format!("#received-{runtime}")).await;
    for word in words {
        let shown =
            format!("document.querySelector('#detail [data-runtime={runtime}]')?.innerText.includes({})", json!(word));
        app.until(&format!("{word} on {runtime}"), &shown).await;
    }
}

#[tokio::test]
async fn a_failed_command_is_shown_as_each_runtime_hands_it_over() {
    let app = App::open().await;
    let call = app.play("out, err, exit 3").await;
    app.becomes(call, "ended").await;
    app.click("#detail-tab-received").await;
    card(&app, "docker-desktop", &["rejects", "killed: false", "code: 3", "signal: null", "reported"]).await;
    card(&app, "rancher-desktop", &["rejects", "code: 3", "// no killed"]).await;
    card(&app, "podman-desktop", &["rejects", "// no", "stderr: \"to stderr\\n\""]).await;
    drawn_right(&app, "received-exit").await;
    app.click("#detail-maximize").await;
    app.click("#received-beside").await;
    app.until("all beside each other", "document.querySelectorAll('#detail [data-runtime]').length === 3").await;
    drawn_right(&app, "received-beside").await;
    app.click("#received-beside").await;
    app.click("#detail-maximize").await;
    // The chosen Runtime is remembered.
    app.click("#runtime-podman-desktop").await;
    app.until(
        "it is chosen",
        "document.querySelector('#detail [data-runtime=podman-desktop]').ariaLabel.includes('chosen')",
    )
    .await;
    let settings = app.home().settings();
    porthole_tests::eventually("it is written down", async || {
        std::fs::read_to_string(&settings).ok().filter(|text| text.contains("podman-desktop"))
    })
    .await;
    let app = App::open_in(app.close().await, &[]).await;
    app.until("it is there again", "document.querySelector('#runtime').dataset.value === 'podman-desktop'").await;
    app.close().await;
}

#[tokio::test]
async fn an_answer_that_is_refused_is_three_different_errors() {
    let app = App::open().await;
    let call = app.play("404").await;
    app.becomes(call, "status").await;
    app.click("#detail-tab-received").await;
    card(&app, "docker-desktop", &["rejects", "statusCode: 404"]).await;
    card(&app, "rancher-desktop", &["rejects", "name: \"Not Found\""]).await;
    card(&app, "podman-desktop", &["rejects", "Error: Not Found"]).await;
    card(&app, "podman-desktop-older", &["rejects", "Response code 404 (Not Found)"]).await;
    drawn_right(&app, "received-404").await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    card(&app, "docker-desktop", &["resolves", "9007199254740992"]).await;
    app.close().await;
}

/// Runs a command with a callback a line.
async fn begin_streaming_by_lines(app: &App, program: &str, args: &[&str]) -> u64 {
    app.click("#tab-command").await;
    app.compose(program, args).await;
    app.click("#command-streaming").await;
    app.click("#command-split").await;
    app.click("#command-run").await;
    app.newer_than(0).await
}

/// Looks at the callbacks of a command when it has ended.
async fn look_at_callbacks(app: &App, call: u64) {
    app.becomes(call, "ended").await;
    app.click("#detail-tab-callbacks").await;
}

#[tokio::test]
async fn callbacks_are_listed_as_the_runtime_makes_them() {
    let app = App::open().await;
    let mut gate = Gate::closed();
    let script = format!("echo first; echo to stderr >&2; {}; printf 'no end'; exit 4", gate.wait());
    let call = begin_streaming_by_lines(&app, "sh", &["-c", &script]).await;
    app.until("a line of each stream", "document.querySelector('#log .line[data-line=\"1\"]')").await;
    gate.open();
    look_at_callbacks(&app, call).await;
    app.until("four callbacks", "document.querySelector('#callbacks')?.dataset.total === '4'").await;
    drawn_right(&app, "callbacks").await;
    app.click("#runtime-rancher-desktop").await;
    app.until("the unterminated line is lost", "document.querySelector('#callbacks')?.dataset.total === '3'").await;
    app.until("and said to be", "document.querySelector('#callbacks-lost')?.innerText.includes('no end')").await;
    app.click("#callbacks-chunks").await;
    app.until("as a chunk it comes", "document.querySelector('#callbacks')?.dataset.total === '4'").await;
    app.close().await;
}

#[tokio::test]
async fn callbacks_of_a_million_lines_are_read_from_end_to_end() {
    let app = App::open().await;
    let call = begin_streaming_by_lines(&app, "seq", &["1000000"]).await;
    look_at_callbacks(&app, call).await;
    app.until("all of them", "document.querySelector('#callbacks')?.dataset.total === '1000001'").await;
    app.value("document.querySelector('#callbacks [tabindex=\"0\"], #callbacks[tabindex=\"0\"]').focus()").await;
    app.chord(&[], fantoccini::key::Key::End.into()).await;
    app.until("the last line", "document.querySelector('#callbacks').innerText.includes('1000000')").await;
    app.until("the end", "document.querySelector('#callbacks').innerText.includes('onClose')").await;
    app.close().await;
}

#[tokio::test]
async fn findings_say_what_happened_why_it_matters_and_what_to_do() {
    let app = App::open().await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.click("#detail-tab-findings").await;
    app.until(
        "nothing to say",
        "document.querySelector('#detail .panel:not([hidden])')?.innerText.includes('Nothing')",
    )
    .await;
    assert_eq!(app.value("Boolean(document.querySelector('#timeline [data-found]'))").await, json!(false));
    let call = app.play("an error page").await;
    app.becomes(call, "status").await;
    app.until("its findings", "document.querySelector('#detail [data-rule]')").await;
    app.until("counted in the list", "document.querySelector('#timeline [data-found]')").await;
    drawn_right(&app, "findings").await;
    app.close().await;
}

#[tokio::test]
async fn a_program_that_the_container_does_not_have_and_a_body_of_events_are_diagnosed() {
    let raw = Raw::answering(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n<!doctype html>",
    );
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/api").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    app.click("#detail-tab-findings").await;
    app.until("HTML where JSON was expected", "document.querySelector('#detail [data-rule*=html]')").await;
    app.close().await;
}

/// Pastes a line into the panel for it, which must be a new one.
async fn paste(app: &App, line: &str) {
    app.until("no panel is open", "!document.querySelector('#paste-text')").await;
    app.click("#code-paste").await;
    app.until("the panel", "document.querySelector('#paste-text')").await;
    app.put("#paste-text", line).await;
    app.click("#paste-fill").await;
}

#[tokio::test]
async fn code_for_a_request_is_shown_copied_and_pasted_back() {
    let app = App::open().await;
    let call = app.play("echo JSON").await;
    app.becomes(call, "status").await;
    app.click("#detail-tab-code").await;
    app.until("curl", "document.querySelector('#code-form-curl')?.innerText.includes('--unix-socket')").await;
    app.until(
        "the current form",
        "document.querySelector('#code-form-current')?.innerText.includes('ddClient.extension.vm.service')",
    )
    .await;
    drawn_right(&app, "code").await;
    app.until("the line in the composer", "document.querySelector('#code-line')?.innerText.includes('ddClient')").await;
    // A pasted line fills the form, whichever is shown.
    app.click("#tab-command").await;
    paste(&app, "curl -X PUT 'http://localhost/volumes/7?x=1' -H 'X-One: 1' -d 'a=b'").await;
    app.until("the request form is filled", "document.querySelector('#request-path')?.value.startsWith('/volumes/7')")
        .await;
    assert_eq!(app.value("document.querySelector('#request-method').value").await, json!("PUT"));
    paste(&app, "docker exec -it -w /data -e A=1 backend ls -l 'a b'").await;
    app.until("the command form is filled", "document.querySelector('#command-program')?.value === 'ls'").await;
    let args = app.value("[...document.querySelectorAll('#args input')].map((box) => box.value).filter(Boolean)").await;
    assert_eq!(args, json!(["-l", "a b"]));
    paste(&app, "curl --no-such-option x").await;
    app.until("it says what it could not read", "document.body.innerText.includes('--no-such-option')").await;
    app.close().await;
}

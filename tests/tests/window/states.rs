//! Each state is drawn right: light and dark, wide and narrow, with nothing that axe objects to.

use fantoccini::key::Key;
use porthole_tests::{servers::Raw, window::App};
use serde_json::json;

use crate::drawn::{drawn_right, pictures};

/// The failure that is shown has this code and stage.
async fn fails_as(app: &App, call: u64, code: &str, stage: &str) {
    app.becomes(call, "failed").await;
    let shown = format!("(({{ code, stage }}) => code === {} && stage === {})", json!(code), json!(stage));
    app.until(code, &format!("{shown}(document.querySelector('#failure')?.dataset ?? {{}})")).await;
}

#[tokio::test]
async fn empty() {
    let app = App::open().await;
    app.until("service up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    drawn_right(&app, "empty").await;
    app.close().await;
}

#[tokio::test]
async fn running_host_command() {
    let app = App::open().await;
    let call = app.play("a live stream").await;
    app.becomes(call, "running").await;
    app.until("both streams", "document.querySelectorAll('#log .line[data-stream=stderr]').length > 1").await;
    drawn_right(&app, "running").await;
    app.click("#command-stop-menu").await;
    app.click("#stop-SIGKILL").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGKILL");
    app.close().await;
}

#[tokio::test]
async fn json_is_shown_pretty_with_its_numbers_as_they_came() {
    let app = App::open().await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    app.line(2, "  \"unsafe\": 9007199254740993,").await;
    app.line(6, "  \"trailing_zero\": 1.0").await;
    drawn_right(&app, "success").await;
    app.click("#detail-tab-headers").await;
    app.until("the head", "document.querySelector('.heads')?.innerText.includes('HTTP/1.1 200 OK')").await;
    drawn_right(&app, "headers").await;
    app.click("#detail-tab-timing").await;
    app.until("the phases", "document.querySelectorAll('.timing li').length > 2").await;
    drawn_right(&app, "timing").await;
    app.close().await;
}

#[tokio::test]
async fn closed_before_answering() {
    let app = App::open().await;
    let call = app.play("closed early").await;
    fails_as(&app, call, "closed_before_response", "wait").await;
    drawn_right(&app, "failure-closed").await;
    app.close().await;
}

#[tokio::test]
async fn cut_in_the_body_still_shows_what_was_read() {
    let app = App::open().await;
    let call = app.play("cut in the body").await;
    fails_as(&app, call, "body_cut", "body").await;
    let line = "the quick brown fox jumps over the lazy dog, and the porthole shows every byte of it";
    app.line(0, line).await;
    app.line(2, line).await;
    drawn_right(&app, "failure-cut").await;
    app.close().await;
}

#[tokio::test]
async fn not_http() {
    let raw = Raw::answering("220 mail.example ESMTP\r\n250 ok\r\n");
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/").await;
    let call = app.newer_than(0).await;
    fails_as(&app, call, "bad_response", "head").await;
    app.until("what came", "document.querySelector('#failure pre').innerText.includes('220 mail.example')").await;
    app.until("service down", "document.querySelector('#mark-service').dataset.state === 'down'").await;
    drawn_right(&app, "failure-not-http").await;
    app.close().await;
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let app = App::open().await;
    app.run_on_host("no-such-program", &["--version"]).await;
    let call = app.newer_than(0).await;
    fails_as(&app, call, "program_not_found", "start").await;
    assert_eq!(app.badge(call).await, "not found");
    drawn_right(&app, "failure-program").await;
    app.close().await;
}

#[tokio::test]
async fn a_socket_that_is_not_there_and_one_that_nobody_listens_on() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("gone.sock");
    let endpoint = format!("unix://{}", socket.display());
    let app = App::open().await;
    app.set_target(&endpoint).await;
    app.until("service down", "document.querySelector('#mark-service').dataset.state === 'down'").await;
    app.send("GET", "/hello").await;
    let call = app.newer_than(0).await;
    fails_as(&app, call, "endpoint_missing", "connect").await;
    assert!(app.text("#failure").await.contains(&endpoint));
    drawn_right(&app, "failure-missing").await;
    // A stale file: bound once, and its owner is gone.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    app.send("GET", "/hello").await;
    let call = app.newer_than(call).await;
    fails_as(&app, call, "endpoint_refused", "connect").await;
    app.close().await;
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_read_is_explained_in_the_form() {
    let app = App::open().await;
    app.edit_target().await;
    app.fill("#target-endpoint", "ftp://somewhere/else").await;
    app.click("#target-apply").await;
    app.until("a problem", "document.querySelector('#target-problem')?.innerText.length > 10").await;
    let axe = app.findings_of_axe().await;
    assert!(axe.is_empty(), "{axe:#?}");
    app.picture(&pictures().join("target-problem-light-wide.png")).await;
    app.click("#target-demo").await;
    app.until("the form is gone", "!document.querySelector('#target-apply')").await;
    assert_eq!(app.text("#target-button .clip").await, "demo backend");
    app.close().await;
}

#[tokio::test]
async fn exit_3_with_stdout_and_stderr_told_apart() {
    let app = App::open().await;
    let call = app.play("out, err, exit 3").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "exit 3");
    app.until("both lines", "document.querySelectorAll('#log .line').length === 2").await;
    for (stream, text, sign) in [("stdout", "to stdout", ""), ("stderr", "to stderr", "err")] {
        let line = format!("#log .line[data-stream={stream}]");
        app.until(stream, &format!("document.querySelector('{line} .text')?.textContent === '{text}'")).await;
        assert_eq!(app.text(&format!("{line} .mark")).await, sign, "colour alone does not tell");
    }
    let colours = "['stdout', 'stderr'].map((s) => getComputedStyle(document.querySelector(`#log .line[data-stream=${s}] .text`)).color)";
    let colours = app.value(colours).await;
    assert_ne!(colours[0], colours[1]);
    drawn_right(&app, "exit").await;
    app.click("#detail-tab-headers").await;
    app.until("facts", "document.querySelector('.facts')?.innerText.includes('Exit code 3')").await;
    drawn_right(&app, "facts").await;
    app.close().await;
}

#[tokio::test]
async fn ended_by_a_signal() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "echo before; kill -TERM $$"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGTERM");
    app.line(0, "before").await;
    drawn_right(&app, "signal").await;
    app.close().await;
}

#[tokio::test]
async fn a_million_lines_are_read_from_end_to_end_by_keys() {
    let app = App::open().await;
    let call = app.play("a million lines").await;
    app.becomes(call, "ended").await;
    app.line(999_999, "1000000").await;
    let log = "document.querySelector('#log')";
    app.begins_with("1").await;
    app.until("paused", "document.querySelector('#log-status').dataset.following === 'false'").await;
    app.chord(&[], Key::PageDown.into()).await;
    app.until("a page on", "!document.querySelector('#log .line[data-line=\"0\"]')").await;
    app.chord(&[], Key::Up.into()).await;
    app.chord(&[], Key::End.into()).await;
    app.line(999_999, "1000000").await;
    app.until("following", "document.querySelector('#log-status').dataset.following === 'true'").await;
    // In the middle, by the scrollbar.
    app.value(&format!("{log}.scrollTop = {log}.scrollHeight / 2")).await;
    app.until("the middle", "(() => { const l = document.querySelector('#log .line'); const n = Number(l.dataset.line); return n > 490000 && n < 510000 && l.querySelector('.text').textContent === String(n + 1) })()").await;
    app.click("#log-follow").await;
    app.line(999_999, "1000000").await;
    drawn_right(&app, "long").await;
    app.close().await;
}

#[tokio::test]
async fn another_window_size_keeps_following() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "seq 300; while :; do echo more; sleep 0.05; done"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    let end = "(() => { const total = Number(document.querySelector('#log-status').innerText.match(/(\\d+) lines/)?.[1]);
        const last = Number([...document.querySelectorAll('#log .line')].at(-1)?.dataset.line);
        return total > 300 && document.querySelector('#log-status').dataset.following === 'true' && last === total - 1 })()";
    app.until("the end", end).await;
    for (width, height) in [(700, 600), (1440, 900), (900, 500), (1300, 900)] {
        app.resize(width, height).await;
        let seen = app.last_line().await;
        app.grows_to(seen + 5).await;
        app.until("still at the end", end).await;
    }
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    app.close().await;
}

#[tokio::test]
async fn page_up_pauses_a_live_output_and_tells_what_is_new() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "seq 200; while :; do echo more; sleep 0.05; done"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    app.until("many lines", "Number([...document.querySelectorAll('#log .line')].at(-1)?.dataset.line) > 200").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::PageUp.into()).await;
    app.until("paused", "document.querySelector('#log-status').dataset.following === 'false'").await;
    let first = app.value("document.querySelector('#log .line').dataset.line").await;
    app.until("news", "/\\b([5-9]|\\d{2,}) new lines/.test(document.querySelector('#log-follow')?.innerText)").await;
    assert_eq!(app.value("document.querySelector('#log .line').dataset.line").await, first, "it stays where it is");
    drawn_right(&app, "paused").await;
    app.click("#log-follow").await;
    app.until("following", "document.querySelector('#log-status').dataset.following === 'true'").await;
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    app.close().await;
}

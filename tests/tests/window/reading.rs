//! Ways to read an output: each view of it, how it is drawn, and taking it away.

use std::fs;

use fantoccini::key::Key;
use porthole_tests::{gate::Gate, servers::Raw, window::App};
use serde_json::json;

use crate::drawn::drawn_right;

/// Chooses a view by the word on its button.
async fn view(app: &App, word: &str) {
    let button =
        format!("[...document.querySelectorAll('.tools [role=radio]')].find((b) => b.innerText === {})", json!(word));
    app.until(word, &button).await;
    app.value(&format!("{button}.click()")).await;
    app.until(word, &format!("{button}?.ariaChecked === 'true'")).await;
}

/// Remembers what is put on the clipboard.
async fn watch_the_clipboard(app: &App) {
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
}

async fn copied(app: &App, text: &str) {
    app.until("a copy", &format!("window.copied === {}", json!(text))).await;
    app.value("delete window.copied").await;
}

#[tokio::test]
async fn events_stand_one_a_row_as_they_arrive() {
    let app = App::open().await;
    let call = app.play("events (SSE)").await;
    app.line(2, "{\"tick\":2}").await;
    assert!(app.text("#log .line[data-line='1']").await.contains("tick"));
    drawn_right(&app, "events").await;
    view(&app, "Raw").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::Home.into()).await;
    app.line(1, "event: tick").await;
    view(&app, "Events").await;
    app.click("#request-cancel").await;
    app.becomes(call, "cancelled").await;
    let records = app.play("JSON lines").await;
    app.becomes(records, "status").await;
    app.until("forty", "document.querySelector('#log-status').innerText.includes('40 records')").await;
    app.line(39, "{\"line\":39,\"text\":\"one JSON value per line\"}").await;
    app.begins_with("{\"line\":0,\"text\":\"one JSON value per line\"}").await;
    assert!(app.text("#log .line[data-line='3']").await.contains("\"line\":3"));
    app.close().await;
}

#[tokio::test]
async fn what_is_no_event_and_no_json_is_told_apart() {
    let body = ": keep\n\nretry: 900\n\nevent: a\ndata: {\"n\":9007199254740993}\nid: 7\n\ndata: two\ndata: lines\n\ndata: cut";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n", body.len());
    let raw = Raw::answering(head + body);
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/").await;
    app.outcome("status").await;
    app.line(2, "{\"n\":9007199254740993}").await;
    app.line(3, "two␊lines").await;
    for (line, words) in [(0, "Comment"), (1, "900"), (2, "ID 7"), (4, "Unfinished")] {
        let text = app.text(&format!("#log .line[data-line='{line}']")).await;
        assert!(text.contains(words), "{line}: {text}");
    }
    drawn_right(&app, "events-odd").await;
    app.close().await;
}

#[tokio::test]
async fn json_folds_by_mouse_and_by_key() {
    let body = r#"{"a":[1,2,{"b":9007199254740993}],"c":{"d":1.0}}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let raw = Raw::answering(head + body);
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/").await;
    app.outcome("status").await;
    app.line(5, "      \"b\": 9007199254740993").await;
    app.click("#log .line[data-line='1'] .fold").await;
    app.until("folded", "!document.querySelector('#log .line[data-line=\"5\"]')").await;
    app.line(8, "  \"c\": {").await;
    assert!(app.text("#log .line[data-line='1']").await.contains('6'));
    drawn_right(&app, "folded").await;
    app.click("#unfold-all").await;
    app.line(5, "      \"b\": 9007199254740993").await;
    app.click("#fold-all").await;
    app.until("folded", "document.querySelectorAll('#log .line').length === 4").await;
    // By key, on the marked line.
    app.click("#log .line[data-line='8'] .n").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::Right.into()).await;
    app.line(9, "    \"d\": 1.0").await;
    app.chord(&[], Key::Left.into()).await;
    app.until("folded again", "!document.querySelector('#log .line[data-line=\"9\"]')").await;
    app.close().await;
}

#[tokio::test]
async fn chunks_bytes_and_colours_of_a_run() {
    let app = App::open().await;
    let mut gate = Gate::closed();
    let script = format!(
        r"printf '\033[1;31mred\033[0m \033]8;;https://example.com\007link\033]8;;\007 caf\303'; {}; printf '\251\n10%%\r100%%\n'",
        gate.wait()
    );
    app.run_on_host("sh", &["-c", &script]).await;
    let call = app.newer_than(0).await;
    app.until("the first half of a character", "document.querySelector('#log .line[data-line=\"0\"]')").await;
    gate.open();
    app.becomes(call, "ended").await;
    app.line(0, "red link café").await;
    app.line(1, "100%").await;
    let severity = "getComputedStyle([...document.querySelectorAll('#log .line[data-line=\"0\"] .text span')].find((s) => s.textContent === 'red')).fontWeight";
    assert!(app.value(&format!("Number({severity}) >= 600")).await == json!(true));
    assert_eq!(
        app.value("document.querySelectorAll('#log a').length").await,
        json!(0),
        "no link is made of a backend's text"
    );
    drawn_right(&app, "colours").await;
    app.click("#ansi").await;
    app.until(
        "codes are shown",
        "document.querySelector('#log .line[data-line=\"0\"] .text').textContent.startsWith('␛[1;31mred')",
    )
    .await;
    app.line(1, "10%␍100%").await;
    view(&app, "Chunks").await;
    app.until("two chunks", "document.querySelectorAll('#log .line').length === 2").await;
    for line in [0, 1] {
        let text = app.text(&format!("#log .line[data-line='{line}']")).await;
        assert!(text.contains("character"), "{text}");
    }
    drawn_right(&app, "chunks").await;
    view(&app, "Hex").await;
    app.until(
        "sixteen bytes a row",
        "document.querySelector('#log .line .text')?.textContent.startsWith('1b 5b 31 3b 33 31 6d 72  65 64 1b')",
    )
    .await;
    drawn_right(&app, "hex").await;
    app.close().await;
}

#[tokio::test]
async fn long_lines_wrap_and_can_be_scrolled_through() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "seq 200; seq -s ' ' 3000; echo after; seq 30"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(231, "30").await;
    app.click("#wrap").await;
    app.line(231, "30").await;
    let bottom = "(() => { const log = document.querySelector('#log').getBoundingClientRect(); const last = document.querySelector('#log .line[data-line=\"231\"]').getBoundingClientRect(); return Math.abs(log.bottom - last.bottom) < 24 })()";
    app.until("the last line stands at the bottom", bottom).await;
    // Up from the end, through the long line, which is higher than the window.
    app.value("document.querySelector('#log').focus()").await;
    for _ in 0..4 {
        app.chord(&[], Key::PageUp.into()).await;
    }
    app.until(
        "the long line",
        "document.querySelector('#log .line[data-line=\"200\"]')?.getBoundingClientRect().height > 100",
    )
    .await;
    drawn_right(&app, "wrapped").await;
    app.chord(&[], Key::End.into()).await;
    app.until("the last line stands at the bottom", bottom).await;
    app.click("#wrap").await;
    app.line(231, "30").await;
    app.close().await;
}

#[tokio::test]
async fn one_goes_to_a_line_a_time_and_the_end() {
    let app = App::open().await;
    let call = app.play("a million lines").await;
    app.becomes(call, "ended").await;
    app.line(999_999, "1000000").await;
    for (to, line) in [("1", 0), ("765,432", 765_431), ("+0s", 0), ("end", 999_999)] {
        app.value("document.querySelector('#log').focus()").await;
        app.chord(&[Key::Control], 'g').await;
        app.fill("#jump-text", to).await;
        app.chord(&[], Key::Enter.into()).await;
        app.line(line, &(line + 1).to_string()).await;
    }
    app.chord(&[Key::Control], 'g').await;
    app.fill("#jump-text", "nowhere").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("a word of help", "document.querySelector('#jump-problem')?.innerText.length > 10").await;
    drawn_right(&app, "jump").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("closed", "!document.querySelector('#jump-text')").await;
    app.close().await;
}

#[tokio::test]
async fn lines_are_copied_and_saved_as_they_came() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", r"printf 'tab\tnul\0 esc\033[1m\r\nsecond\n'; seq 5000; echo last"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(5002, "last").await;
    watch_the_clipboard(&app).await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::Home.into()).await;
    app.line(1, "second").await;
    app.click("#log .line[data-line='0'] .n").await;
    app.click("#copy").await;
    copied(&app, "tab\tnul\0 esc\x1b[1m\r\n").await;
    // A range that is longer than what is drawn.
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::End.into()).await;
    app.line(5002, "last").await;
    let extend = "document.querySelector('#log .line[data-line=\"5002\"] .n').dispatchEvent(new MouseEvent('click', { bubbles: true, shiftKey: true }))";
    app.value(extend).await;
    app.click("#copy").await;
    let numbers: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    copied(&app, &format!("tab\tnul\0 esc\x1b[1m\r\nsecond\n{numbers}last\n")).await;

    let folder = app.home().path().to_owned();
    for (what, name) in [("stdout", "out.txt"), ("both", "both.txt"), ("chunks", "chunks.jsonl")] {
        app.click("#save").await;
        app.until("a path", "document.querySelector('#save-path')?.value.startsWith('/')").await;
        let radio = format!("document.querySelector('#save-what input[value=\"{what}\"]')");
        app.value(&format!("{radio}.click()")).await;
        app.fill("#save-path", &folder.join(name).display().to_string()).await;
        if what == "both" {
            drawn_right(&app, "save").await;
        }
        app.click("#save-go").await;
        app.until("it is saved", "document.querySelector('#save-done')?.innerText.startsWith('Saved')").await;
        app.chord(&[], Key::Escape.into()).await;
        app.until("closed", "!document.querySelector('#save-path')").await;
    }
    let saved = fs::read_to_string(folder.join("out.txt")).unwrap();
    assert_eq!(saved, format!("tab\tnul\0 esc\x1b[1m\r\nsecond\n{numbers}last\n"));
    assert!(fs::read_to_string(folder.join("both.txt")).unwrap().lines().all(|line| line.contains("\tstdout\t")));
    assert!(fs::read_to_string(folder.join("chunks.jsonl")).unwrap().starts_with('{'));
    // The same name again is asked about.
    app.click("#save").await;
    app.fill("#save-path", &folder.join("out.txt").display().to_string()).await;
    app.click("#save-go").await;
    app.until("it is said", "document.querySelector('[role=alert].exists, .exists[role=alert]')").await;
    drawn_right(&app, "save-exists").await;
    app.close().await;
}

#[tokio::test]
async fn a_kept_call_is_there_after_the_next_start() {
    let app = App::open().await;
    let call = app.play("out, err, exit 3").await;
    app.becomes(call, "ended").await;
    app.click("#keep").await;
    app.until("it is kept", "document.querySelector('#keep')?.ariaPressed === 'true'").await;
    let other = app.play("hello").await;
    app.becomes(other, "status").await;
    let app = App::open_in(app.close().await, &[]).await;
    app.becomes(1, "ended").await;
    assert_eq!((app.calls().await, app.badge(1).await.as_str()), (1, "exit 3"));
    app.click("#timeline [data-call='1']").await;
    app.line(1, "to stderr").await;
    app.close().await;
}

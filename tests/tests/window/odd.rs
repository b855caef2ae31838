//! Hostile and odd data: shown, not dropped, and the window stays in shape.

use fantoccini::key::Key;
use porthole_tests::{servers::Raw, window::App};
use serde_json::json;

/// No part of the window moved out of it, and the page itself does not scroll.
async fn in_shape(app: &App) {
    let shape = "(() => { const d = document.documentElement;
        const parts = ['header', 'main', 'footer', '.composer', '#timeline', '#detail', '#log'].map((css) => document.querySelector(css)).filter((part) => part?.checkVisibility());
        return d.scrollWidth <= innerWidth && d.scrollHeight <= innerHeight && parts.every((part) => {
          const box = part.getBoundingClientRect();
          return box.left >= 0 && box.right <= innerWidth + 1 && box.bottom <= innerHeight + 1 && box.height > 10 }) })()";
    assert_eq!(app.value(shape).await, json!(true), "the window is out of shape");
}

#[tokio::test]
async fn control_bytes_and_invalid_text_are_shown() {
    let app = App::open().await;
    app.run_on_host("printf", &[r"nul\000nul\n\033[31mred\033[0m\nbad \377\376 utf8\ncrlf\r\nlast"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.until("five lines", "document.querySelectorAll('#log .line').length === 5").await;
    let log = app.text("#log").await;
    for part in ["nul", "red", "bad ", " utf8", "crlf", "last"] {
        assert!(log.contains(part), "{part} is missing: {log}");
    }
    // Terminal codes are followed: the colour is there, and no sign of the code.
    let signs = "document.querySelectorAll('#log .line[data-line=\"1\"] .shown').length";
    assert_eq!(app.value(signs).await, json!(0), "{log}");
    let colours = "['', ' span'].map((part) => getComputedStyle(document.querySelector(`#log .line[data-line=\"1\"] .text${part}`)).color)";
    let colours = app.value(colours).await;
    assert_ne!(colours[0], colours[1], "it is red");
    app.click("#ansi").await;
    app.until("codes are shown", "document.querySelector('#log .line[data-line=\"1\"] .shown')").await;
    let log = app.text("#log").await;
    // What has no glyph stands there as a sign of its own, told from text.
    for (line, shown) in [(0, 1), (1, 2), (2, 1), (3, 0), (4, 0)] {
        let signs = format!("document.querySelectorAll('#log .line[data-line=\"{line}\"] .shown').length");
        assert_eq!(app.value(&signs).await, json!(shown), "line {line}: {log}");
    }
    in_shape(&app).await;
    app.close().await;
}

#[tokio::test]
async fn a_line_of_five_megabytes_does_not_freeze_the_window() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo after"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(1, "after").await;
    app.until(
        "it says how much more there is",
        "/[\\d,]+ more bytes/.test(document.querySelector('#log .line[data-line=\"0\"] .cut')?.innerText)",
    )
    .await;
    assert!(app.text("#log-status").await.contains("5.0 MB"));
    in_shape(&app).await;
    // A frame costs what is in the page, and not what the line has.
    let drawn = app.value("document.querySelector('#log').textContent.length").await.as_f64().unwrap();
    assert!(drawn < 1e5, "{drawn} characters are drawn");
    app.close().await;
}

#[tokio::test]
async fn a_body_that_says_json_and_is_not_is_shown_as_it_came() {
    let json = |body: &str| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        Raw::answering(format!("{head}content-length: {}\r\n\r\n{body}", body.len()))
    };
    // Not at all: at once.
    let page = json("<html>\nno such route\n</html>\n");
    let app = App::open().await;
    app.set_target(&page.endpoint.to_string()).await;
    app.send("GET", "/").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    app.line(0, "<html>").await;
    app.line(1, "no such route").await;
    app.until("why", "document.querySelector('#body-problem')?.innerText.includes('JSON')").await;
    in_shape(&app).await;
    // From somewhere on: up to there, with the reason, and all of it one click away.
    let broken = json("{\"a\": 1,\nx}\n");
    app.set_target(&broken.endpoint.to_string()).await;
    app.send("GET", "/").await;
    let call = app.newer_than(call).await;
    app.becomes(call, "status").await;
    app.line(1, "  \"a\": 1,").await;
    app.until("why", "document.querySelector('#body-problem')?.innerText.includes('expected a key')").await;
    in_shape(&app).await;
    app.click("#body-problem button").await;
    app.line(0, "{\"a\": 1,").await;
    app.line(1, "x}").await;
    in_shape(&app).await;
    app.close().await;
}

#[tokio::test]
async fn a_header_of_ten_thousand_characters_is_shown_whole() {
    let long = "v".repeat(10_000);
    let raw = Raw::answering(format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\ncontent-length: 0\r\n\r\n"));
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.click("#tab-request").await;
    app.value("[...document.querySelectorAll('.request [role=tab]')].find((tab) => tab.innerText.startsWith('Headers')).click()").await;
    app.put("[aria-label='header 1, name']", "X-Sent").await;
    app.put("[aria-label='header 1, value']", &long).await;
    app.send("GET", "/").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    app.click("#detail-tab-headers").await;
    let whole = format!(
        "[...document.querySelectorAll('.heads dd')].filter((value) => value.textContent === {}).length === 2",
        json!(long)
    );
    app.until("both headers", &whole).await;
    in_shape(&app).await;
    app.close().await;
}

#[tokio::test]
async fn long_and_foreign_names_keep_the_window_in_shape() {
    let app = App::open().await;
    let path = format!("/{}?q=a%20b", "long".repeat(300));
    app.click("#tab-request").await;
    app.put("#request-path", &path).await;
    app.click("#request-send").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    assert_eq!(app.badge(call).await, "404");
    in_shape(&app).await;
    app.run_on_host("printf", &["日本語 \\360\\237\\220\\213 \u{202e}right to left\u{202c}"]).await;
    let call = app.newer_than(call).await;
    app.becomes(call, "ended").await;
    app.until("the text", "document.querySelector('#log').innerText.includes('日本語 🐋')").await;
    in_shape(&app).await;
    app.close().await;
}

#[tokio::test]
async fn three_hundred_calls_stay_usable() {
    let app = App::open().await;
    app.fill("#request-path", "/hello").await;
    app.value("(() => { for (let i = 0; i < 300; i++) document.querySelector('#request-send').click() })()").await;
    app.until("300 calls", "document.querySelector('#timeline').ariaRowCount === '301'").await;
    app.becomes(300, "status").await;
    assert!(app.value("document.querySelectorAll('#timeline [data-call]').length < 60").await.as_bool().unwrap());
    app.value("document.querySelector('#timeline').focus()").await;
    app.chord(&[], Key::Home.into()).await;
    app.until("the first", "document.querySelector('#timeline [data-call=\"1\"]')?.ariaSelected === 'true'").await;
    app.until("its body", "document.querySelector('#log').innerText.includes('Hello')").await;
    app.chord(&[], Key::End.into()).await;
    app.until("the last", "document.querySelector('#timeline [data-call=\"300\"]')?.ariaSelected === 'true'").await;
    app.fill("#timeline-filter", "nothing like it").await;
    app.until("none", "document.querySelector('#timeline').innerText.includes('None of the 300 calls')").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("all again", "document.querySelector('#timeline').ariaRowCount === '301'").await;
    app.click("#timeline-clear").await;
    app.until("none left", "document.querySelector('#timeline').ariaRowCount === '1'").await;
    app.until("nothing is selected", "document.querySelector('#detail').textContent.includes('No call selected')")
        .await;
    app.close().await;
}

//! What a response has besides its head and body, and text in another charset, in the window.

use porthole_tests::{servers::Raw, window::App};

use crate::drawn::drawn_right;

/// Sends a request to a backend that answers so.
async fn answered(app: &App, raw: &Raw) -> u64 {
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/x").await;
    app.newer_than(0).await
}

#[tokio::test]
async fn trailers_informational_responses_and_bytes_after_the_end_are_in_the_headers_tab() {
    let raw = Raw::answering(concat!(
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n",
        "5\r\nhello\r\n0\r\nX-Checksum: 5d41402a\r\n\r\nand more",
    ));
    let app = App::open().await;
    let call = answered(&app, &raw).await;
    app.becomes(call, "status").await;
    app.line(0, "hello").await;
    app.until("the excess", "document.querySelector('#status-excess')?.innerText === '+ 8 B after the end'").await;
    app.click("#status-excess").await;
    let says = async |part: &str, words: &str| {
        let script = format!("document.querySelector('{part}')?.innerText.includes('{words}')");
        app.until(words, &script).await;
    };
    says("#informational", "HTTP/1.1 103 Early Hints").await;
    says("#informational", "</style.css>; rel=preload").await;
    says("#trailers", "5d41402a").await;
    says("#excess", "8 bytes after the end of the response").await;
    says("#excess", "and more").await;
    drawn_right(&app, "response-facts").await;
    app.close().await;
}

#[tokio::test]
async fn text_in_another_charset_is_decoded_named_and_can_be_shown_otherwise() {
    let body = b"\x83|\x81[\x83g\n\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\n";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=Shift_JIS\r\nConnection: close\r\n\r\n";
    let raw = Raw::answering([head.as_bytes(), body].concat());
    let app = App::open().await;
    let call = answered(&app, &raw).await;
    app.becomes(call, "status").await;
    app.line(0, "ポート").await;
    app.line(1, "こんにちは").await;
    let named = async |name: &str| {
        app.until(name, &format!("document.querySelector('#status-charset')?.innerText === '{name}'")).await;
    };
    named("Shift_JIS (Content-Type)").await;
    drawn_right(&app, "charset").await;
    app.click("#charset").await;
    app.click("#charset-UTF-8").await;
    named("UTF-8 (chosen)").await;
    app.line(0, "\\x83|\\x81[\\x83g").await;
    app.click("#charset").await;
    app.click("#charset-automatic").await;
    named("Shift_JIS (Content-Type)").await;
    app.line(1, "こんにちは").await;
    app.close().await;
}

#[tokio::test]
async fn what_follows_a_change_of_protocol_is_shown_in_pieces() {
    let raw = Raw::answering(
        &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello"[..],
    );
    let app = App::open().await;
    let call = answered(&app, &raw).await;
    app.becomes(call, "status").await;
    app.until("a piece", "document.querySelector('#log .line')?.innerText.includes('hello')").await;
    app.until("chunks", "document.querySelector('#log-status').innerText.includes('1 chunk')").await;
    drawn_right(&app, "upgraded").await;
    app.close().await;
}

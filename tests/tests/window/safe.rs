//! The page may do what it needs and nothing else, and what a backend says is only text.

use porthole_tests::{
    servers::{Lure, Raw},
    window::App,
};
use serde_json::json;

#[tokio::test]
async fn the_page_can_reach_no_network_and_evaluate_no_text() {
    let lure = Lure::set();
    let port = lure.port;
    let app = App::open().await;
    for script in [
        format!("return await (await fetch('http://127.0.0.1:{port}/')).text()"),
        "return new Function('return 1')()".to_owned(),
        "return (0, eval)('1')".to_owned(),
    ] {
        let answer = app.answer(&script).await;
        assert!(answer.as_str().is_some_and(|answer| answer.starts_with("threw ")), "{script} gave {answer}");
    }
    // A frame may hold a development server of this machine, and nothing of another address.
    let framed = format!(
        "const refused = new Promise((done) => addEventListener('securitypolicyviolation', done, {{ once: true }}));
         const made = document.createElement('iframe'); made.src = 'http://127.0.0.2:{port}/'; document.body.append(made);
         return (await refused).effectiveDirective"
    );
    assert_eq!(app.answer(&framed).await, json!("frame-src"));
    // Whatever loads by itself: an image, a script, a form, a socket.
    app.answer(&format!(
        "const at = 'http://127.0.0.1:{port}/';
         for (const [tag, name] of [['img', 'src'], ['script', 'src'], ['link', 'href'], ['object', 'data']]) {{
           const made = document.createElement(tag); if (tag === 'link') made.rel = 'stylesheet'; made[name] = at; document.body.append(made)
         }}
         const refused = new Promise((done) => addEventListener('securitypolicyviolation', done, {{ once: true }}));
         try {{ new WebSocket('ws://127.0.0.1:{port}/') }} catch {{}}
         navigator.sendBeacon?.(at);
         await refused; await new Promise((done) => setTimeout(done, 300)); return 1"
    ))
    .await;
    assert_eq!(lure.asked(), 0, "something got out");
    app.close().await;
}

#[tokio::test]
async fn commands_that_are_not_listed_are_refused() {
    let app = App::open().await;
    for command in [
        "plugin:window|close",
        "plugin:window|destroy",
        "plugin:window|set_title",
        "plugin:webview|create_webview_window",
        "plugin:event|emit",
        "plugin:event|listen",
        "plugin:app|version",
        "plugin:path|resolve_directory",
        "plugin:window-state|save_window_state",
        "plugin:shell|open",
        "no_such_command",
    ] {
        let script = format!(
            "return 'answered ' + JSON.stringify(await window.__TAURI_INTERNALS__.invoke({}, {{ label: 'main', value: 'x', event: 'x', directory: 1 }}))",
            json!(command)
        );
        // An unknown error's message may be a plain text.
        let answer = app.answer(&script).await;
        let answer = answer.as_str().unwrap_or_default();
        assert!(answer.starts_with("threw "), "{command}: {answer}");
    }
    assert_eq!(app.value("window.__TAURI__ === undefined").await, json!(true));
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.close().await;
}

const MARKUP: &str = "<img src=x onerror=\"window.hurt=1\"><script>window.hurt=1</script><b id=planted>bold</b><iframe srcdoc=x></iframe>";
const PLANTED: &str = "window.hurt || document.querySelector('#planted, #app img, #app iframe:not(#preview-page), #app script, #app [onerror]')";

#[tokio::test]
async fn markup_from_a_backend_is_drawn_as_text() {
    let head = format!("HTTP/1.1 200 {MARKUP}\r\nX-Markup: {MARKUP}\r\ncontent-type: text/html\r\n");
    let raw = Raw::answering(format!("{head}content-length: {}\r\n\r\n{MARKUP}", MARKUP.len()));
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    // As a page or formatted it runs nothing either; as text it is what was sent.
    assert_eq!(app.value(&format!("Boolean({PLANTED})")).await, json!(false));
    app.click("#format").await;
    app.click("#format-text").await;
    app.line(0, MARKUP).await;
    app.click("#detail-tab-headers").await;
    app.until(
        "the header as text",
        &format!(
            "[...document.querySelectorAll('.heads dd')].some((value) => value.textContent === {})",
            json!(MARKUP)
        ),
    )
    .await;
    assert_eq!(app.value(&format!("Boolean({PLANTED})")).await, json!(false));
    app.close().await;
}

#[tokio::test]
async fn markup_from_a_command_is_drawn_as_text() {
    let app = App::open().await;
    app.click("#tab-command").await;
    app.compose("printf", &["%s\\n", MARKUP]).await;
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(0, MARKUP).await;
    app.click("#detail-tab-headers").await;
    app.until(
        "the argument as text",
        &format!("[...document.querySelectorAll('.facts .arg')].some((arg) => arg.textContent === {})", json!(MARKUP)),
    )
    .await;
    assert_eq!(app.value(&format!("Boolean({PLANTED})")).await, json!(false));
    app.close().await;
}

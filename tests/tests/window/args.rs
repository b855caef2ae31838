//! One box an argument.

use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::drawn_right;

const BOXES: &str = "[...document.querySelectorAll('#args input:not(.draft), #args textarea')].map((box) => box.value)";

/// Pastes a text into the field with the focus.
async fn paste(app: &App, css: &str, text: &str) {
    let script = format!(
        "(() => {{ const field = document.querySelector({}); field.focus();
           const data = new DataTransfer(); data.setData('text/plain', {});
           return field.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true, cancelable: true }})) }})()",
        json!(css),
        json!(text)
    );
    assert_eq!(app.value(&script).await, json!(false), "the page takes the paste for itself");
}

#[tokio::test]
async fn a_line_in_the_program_is_offered_to_be_split_and_replaces_what_was_there() {
    let app = App::open().await;
    app.click("#tab-command").await;
    app.compose("before", &["old"]).await;
    app.put("#command-program", r#"printf '%s|' --volume "pg data" a\ b '' $HOME *"#).await;
    app.until(
        "the offer",
        "document.querySelector('#command-split-line')?.innerText === 'Split into program and 7 arguments'",
    )
    .await;
    drawn_right(&app, "command-offer").await;
    app.click("#command-split-line").await;
    let words = json!(["%s|", "--volume", "pg data", "a b", "", "$HOME", "*"]);
    app.until("the boxes", &format!("JSON.stringify({BOXES}) === JSON.stringify({words})")).await;
    assert_eq!(app.value("document.querySelector('#command-program').value").await, json!("printf"));
    assert!(app.text("#command-offer").await.contains("Split into program and 7 arguments."));
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(0, "--volume|pg data|a b||$HOME|*|").await;
    app.close().await;
}

#[tokio::test]
async fn a_pasted_line_can_be_put_back_as_one_argument() {
    let app = App::open().await;
    app.click("#tab-command").await;
    app.compose("echo", &["first"]).await;
    let line = r#"two "three four" "#;
    paste(&app, "#args .draft", line).await;
    app.until("three boxes", &format!("JSON.stringify({BOXES}) === '[\"first\",\"two\",\"three four\"]'")).await;
    app.click(".command .link").await;
    app.until("one argument", &format!("JSON.stringify({BOXES}) === {}", json!(json!(["first", line]).to_string())))
        .await;
    assert_eq!(app.value("document.querySelector('#command-program').value").await, json!("echo"));
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(0, &format!("first {line}")).await;
    app.close().await;
}

#[tokio::test]
async fn a_line_with_an_open_quote_is_not_split_and_says_why() {
    let app = App::open().await;
    app.click("#tab-command").await;
    app.compose("echo", &[]).await;
    paste(&app, "#args .draft", "it's one text").await;
    app.until("one argument", &format!("JSON.stringify({BOXES}) === '[\"it\\'s one text\"]'")).await;
    app.until("why", "document.querySelector('.command .note')?.innerText.startsWith('Not split')").await;
    app.close().await;
}

//! Environments: variables in requests and commands, unknown ones, secrets.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::{
    composing::part,
    drawn::{drawn_right, drawn_right_under},
};

async fn variable(app: &App, number: u32, name: &str, value: &str) {
    app.fill(&format!("[aria-label='variable {number}, name']"), name).await;
    app.fill(&format!("[aria-label='variable {number}, value']"), value).await;
}

#[tokio::test]
async fn variables_are_replaced_unknown_ones_refuse_sending_and_secrets_stay_out_of_snippets() {
    let app = App::open().await;
    app.click("#environment-edit").await;
    app.click("#environment-add").await;
    app.until("its name", "document.activeElement.id === 'environment-name'").await;
    variable(&app, 1, "greeting", "hello").await;
    variable(&app, 2, "token", "s3cret-token").await;
    app.value("document.querySelectorAll('.secret input')[1].click()").await;
    app.until("it is hidden", "document.querySelector('[aria-label=\"variable 2, value\"]').type === 'password'").await;
    drawn_right_under(&app, "environments").await;
    app.click("#environments-close").await;
    app.until("it is active", "document.querySelector('#environment').innerText.includes('local')").await;
    // Sent with the values; the call has what was really sent.
    app.send("POST", "/echo?t={{token}}&g={{greeting}}").await;
    app.becomes(1, "status").await;
    app.click("#detail-tab-headers").await;
    app.until(
        "what was sent",
        "document.querySelector('.heads section[aria-label=\"Request headers\"]')?.innerText.includes('/echo?t=s3cret-token&g=hello')",
    )
    .await;
    let variables = "(document.querySelector('#variables')?.innerText ?? '')";
    app.until("what they stand for", &format!("{variables}.includes('hello') && {variables}.includes('secret')")).await;
    assert_eq!(app.value(&format!("{variables}.includes('s3cret')")).await, json!(false));
    // A snippet has the name of the secret, also that of the recorded call.
    let line = "(document.querySelector('#code-line')?.innerText ?? '')";
    app.until("the snippet", &format!("{line}.includes('{{{{token}}}}') && {line}.includes('hello')")).await;
    app.click("#detail-tab-code").await;
    app.until(
        "snippets of the call",
        "document.querySelector('#detail [role=tabpanel]:not([hidden])').innerText.includes('{{token}}')",
    )
    .await;
    let shown = app.value("document.querySelector('#detail [role=tabpanel]:not([hidden])').innerText").await;
    assert!(!shown.as_str().unwrap().contains("s3cret"), "{shown}");
    drawn_right(&app, "environment-used").await;
    // Unknown.
    app.fill("#request-path", "/{{nope}}").await;
    app.until("it is marked", "document.querySelector('[data-variable=nope].unknown')").await;
    app.until("the field too", "document.querySelector('#request-path').ariaInvalid === 'true'").await;
    app.click("#request-send").await;
    app.until("why", "document.querySelector('#composer [data-code=variable_unknown], #composer .trouble')?.innerText.includes('Unknown variable: nope')")
        .await;
    drawn_right(&app, "environment-unknown").await;
    assert_eq!(app.calls().await, 1);
    app.click("#variables-define").await;
    app.until("it is added", "document.querySelector('[aria-label=\"variable 3, name\"]')?.value === 'nope'").await;
    app.fill("[aria-label='variable 3, value']", "hello").await;
    app.click("#environments-close").await;
    app.click("#request-send").await;
    app.becomes(2, "status").await;
    // A command.
    app.run_on_host("echo", &["{{greeting}}", "{{.Names}}"]).await;
    app.becomes(3, "ended").await;
    app.click("#detail-tab-output").await;
    app.line(0, "hello {{.Names}}").await;
    // None is active: what is unknown isn't sent as it is.
    app.click("#environment").await;
    app.click("#environment-none").await;
    app.click("#command-run").await;
    app.until("why", "document.querySelector('#composer .trouble')?.innerText.includes('No environment is active')")
        .await;
    let home = app.close().await;
    let settings: serde_json::Value = serde_json::from_slice(&std::fs::read(home.settings()).unwrap()).unwrap();
    assert_eq!(settings["environments"][0]["name"], "local");
    assert_eq!(settings["environments"][0]["variables"][1]["secret"], true);
}

#[tokio::test]
async fn unknown_variables_are_underlined_in_a_json_body_and_say_what_they_are() {
    let app = App::open().await;
    app.click("#environment-edit").await;
    app.click("#environment-add").await;
    app.until("its name", "document.activeElement.id === 'environment-name'").await;
    variable(&app, 1, "volume", "pg data").await;
    app.click("#environments-close").await;
    app.click("#tab-request").await;
    part(&app, "Body").await;
    app.click("#body-json").await;
    app.until("the editor", "document.querySelector('.request .cm-content')").await;
    let editor = app.client().find(fantoccini::Locator::Css(".request .cm-content")).await.unwrap();
    editor.send_keys("[\"{{volume}}\", \"{{nope}}\"]").await.unwrap();
    let mark = |name: &str| format!("document.querySelector('.cm-content [data-variable={name}]')");
    app.until("a known one", &format!("{}?.dataset.tooltip === 'pg data'", mark("volume"))).await;
    let underline = |name: &str| format!("getComputedStyle({}).textDecorationStyle", mark(name));
    app.until("an unknown one", &format!("{} === 'wavy'", underline("nope"))).await;
    assert_eq!(app.value(&underline("volume")).await, "solid", "there is none");
    app.hover(".cm-content [data-variable=nope]").await;
    app.until("what it is", "document.querySelector('.tooltip')?.innerText === 'Unknown variable: nope'").await;
    drawn_right(&app, "environment-json").await;
    // It follows the text and the environment.
    app.click(".request .cm-content").await;
    app.chord(&[Key::Control], Key::Home.into()).await;
    editor.send_keys("  ").await.unwrap();
    app.until("it moved along", &format!("{}?.textContent === '{{{{nope}}}}'", mark("nope"))).await;
    app.click("#variables-define").await;
    app.fill("[aria-label='variable 2, value']", "known now").await;
    app.click("#environments-close").await;
    app.until("it is known", &format!("{}?.dataset.tooltip === 'known now'", mark("nope"))).await;
    // Other fields say it too.
    part(&app, "Headers").await;
    app.fill("[aria-label='header 1, name']", "x-volume").await;
    app.fill("[aria-label='header 1, value']", "{{other}}").await;
    let value = "document.querySelector('[aria-label=\"header 1, value\"]')";
    app.until("it is marked", &format!("{value}.ariaInvalid === 'true' && {value}.dataset.tooltip.endsWith('other')"))
        .await;
    app.close().await;
}

#[tokio::test]
async fn unknown_variables_are_marked_in_each_field_of_a_command() {
    let app = App::open().await;
    app.click("#environment-edit").await;
    app.click("#environment-add").await;
    app.until("its name", "document.activeElement.id === 'environment-name'").await;
    variable(&app, 1, "known", "here").await;
    app.click("#environments-close").await;
    app.click("#tab-command").await;
    app.click("#command-host").await;
    app.compose("echo-{{nope}}", &["{{known}}", "--volume={{nope}}", "plain"]).await;
    app.fill("#command-cwd", "/{{other}}").await;
    app.click("#command-add-stdin").await;
    app.fill("#command-stdin", "{{nope}} and {{other}}").await;
    let marked =
        "[...document.querySelectorAll('form.command [aria-invalid=true]')].map((field) => field.dataset.tooltip)";
    let expected = json!([
        "Unknown variable: nope",
        "Unknown variable: nope",
        "Unknown variable: other",
        "Unknown variables: nope, other"
    ]);
    app.until("each of them", &format!("JSON.stringify({marked}) === {}", json!(expected.to_string()))).await;
    let arg = |n: u32| format!("document.querySelector('#args [aria-label=\"Argument {n}\"]').ariaInvalid");
    assert_eq!(app.value(&format!("[{}, {}, {}]", arg(1), arg(2), arg(3))).await, json!(["false", "true", "false"]));
    drawn_right(&app, "environment-command").await;
    app.click("#variables-define").await;
    app.fill("[aria-label='variable 2, value']", "known now").await;
    app.click("#environments-close").await;
    app.until("all are known", &format!("{marked}.length === 0")).await;
    app.close().await;
}

#[tokio::test]
async fn a_deleted_environment_is_put_back_and_names_are_checked() {
    let app = App::open().await;
    app.click("#environment-edit").await;
    app.click("#environment-add").await;
    app.until("its name", "document.activeElement.id === 'environment-name'").await;
    app.fill("#environment-name", "staging").await;
    app.chord(&[], Key::Tab.into()).await;
    variable(&app, 1, "1x", "y").await;
    app.until("no name", "document.querySelector('[aria-label=\"variable 1, name\"]').ariaInvalid === 'true'").await;
    app.click("#environment-remove").await;
    app.until("it is gone", "!document.querySelector('#environment-name')").await;
    app.click("#environment-undo").await;
    app.until("it is back", "document.querySelector('#environment-name')?.value === 'staging'").await;
    app.until("with its variables", "document.querySelector('[aria-label=\"variable 1, value\"]')?.value === 'y'")
        .await;
    app.close().await;
}

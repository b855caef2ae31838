//! Menus and popovers: by keyboard, while a command runs.

use fantoccini::{
    Locator,
    actions::{InputSource, MouseActions, PointerAction},
    key::Key,
};
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::pictures;

/// Opens what this button has, with Enter, and waits for the focus to be in it.
async fn open(app: &App, button: &str) {
    app.value(&format!("document.querySelector({}).focus()", json!(button))).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until(button, "document.activeElement.closest('[data-layer]')").await;
}

/// It closes with Escape, which gives the focus back and does nothing else.
async fn escape(app: &App, button: &str) {
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is closed", "document.querySelector('[data-layer]') === null").await;
    app.until("the focus is back", &format!("document.activeElement.matches({})", json!(button))).await;
}

async fn drawn(app: &App, name: &str) {
    // A menu's own colors are those of the window: each theme is looked at in one of the sizes.
    let theme = if name.ends_with("wide") { "light" } else { "dark" };
    app.value(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
    app.picture(&pictures().join(format!("popup-{name}.png"))).await;
    assert_eq!(app.findings_of_axe().await, Vec::<String>::new(), "{name} {theme}");
    let outside = "(() => { const box = document.querySelector('[data-layer]').getBoundingClientRect();
      return box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight })()";
    assert_eq!(app.value(outside).await, json!(false), "{name} is cut off");
}

#[tokio::test]
async fn escape_closes_each_menu_and_popover_gives_the_focus_back_and_ends_no_run() {
    let app = App::open().await;
    app.run_on_host("sh", &["-c", "echo out; sleep 600"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    for button in
        ["#target-button", "#theme-button", "#command-stop-menu", "#code-paste", "#code-copy", "#acts", "#times"]
    {
        open(&app, button).await;
        drawn(&app, &format!("{}-wide", &button[1..])).await;
        escape(&app, button).await;
    }
    app.resize(700, 520).await;
    for (tab, button) in [("request", ".method .choose"), ("command", "#code-paste"), ("console", "#console-examples")]
    {
        app.click(&format!("#tab-{tab}")).await;
        open(&app, button).await;
        drawn(&app, &format!("{tab}-narrow")).await;
        escape(&app, button).await;
    }
    for button in [".list-button", "#runtime", "#acts"] {
        open(&app, button).await;
        drawn(&app, &format!("{}-narrow", &button[1..])).await;
        escape(&app, button).await;
    }
    // It stays while the rest is used, and Escape in it closes it alone.
    open(&app, "#save").await;
    drawn(&app, "save-narrow").await;
    app.click("#tab-command").await;
    app.until("it stays", "document.querySelector('#save-path')").await;
    app.value("document.querySelector('#save-path').focus()").await;
    escape(&app, "#save").await;
    app.becomes(call, "running").await;
    app.close().await;
}

#[tokio::test]
async fn the_arrows_choose_in_a_menu_and_what_was_chosen_gets_the_focus() {
    let app = App::open().await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    open(&app, ".method .choose").await;
    app.until("the first one", "document.activeElement.matches('[role=menuitem]')").await;
    app.chord(&[], Key::Down.into()).await;
    app.until("another one", "document.activeElement.textContent.trim() === 'POST'").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("the second method", "document.querySelector('#request-method').value === 'POST'").await;
    open(&app, "#acts").await;
    app.until("the first one", "document.activeElement.matches('[role=menuitem]')").await;
    app.chord(&[], Key::Down.into()).await;
    app.until("the second one", "document.activeElement.id === 'edit'").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("the form", "document.activeElement.id === 'request-path'").await;
    app.close().await;
}

/// The finding on code is the card of the other findings: rule, impact and fix apart.
#[tokio::test]
async fn a_finding_on_code_is_drawn_as_a_card() {
    let app = App::open().await;
    app.click("#tab-console").await;
    let code =
        "const result = await ddClient.extension.host.cli.exec('true', [])\\nif (result.code) console.log('failed')\\n";
    app.until("the editor", "document.querySelector('#console-editor .cm-content')").await;
    app.value("document.querySelector('#console-editor .cm-content').focus()").await;
    app.chord(&[Key::Control], 'a').await;
    app.value(&format!("document.execCommand('insertText', false, \"{code}\")")).await;
    app.until("the finding is marked", "document.querySelector('#console-editor .cm-lint-marker')").await;
    let marker = app.client().find(Locator::Css("#console-editor .cm-lint-marker")).await.expect("the mark");
    let over = PointerAction::MoveToElement { element: marker, duration: None, x: 0.0, y: 0.0 };
    let over = MouseActions::new("mouse".into()).then(over);
    app.client().perform_actions(over).await.expect("the pointer over it");
    app.until("the card", "document.querySelector('.cm-tooltip .finding[data-rule]')?.innerText.includes('→')").await;
    drawn_code(&app).await;
    app.close().await;
}

async fn drawn_code(app: &App) {
    for theme in ["light", "dark"] {
        app.value(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        app.picture(&pictures().join(format!("popup-code-finding-{theme}.png"))).await;
        assert_eq!(app.findings_of_axe().await, Vec::<String>::new(), "{theme}");
    }
}

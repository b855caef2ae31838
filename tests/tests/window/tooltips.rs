//! Tooltips are Porthole's own: for the pointer and the keyboard, in the window and over its dialogs.

use fantoccini::key::Key;
use porthole_tests::{desktop::Desktop, window::App};
use serde_json::json;

use crate::{
    drawn::pictures,
    page::{extension, in_page, open, shows},
    person::place,
};

const SHOWN: &str = "document.querySelector('.tooltip')?.innerText ?? ''";

/// The element that the tooltip describes has it as its description, and all of it is in the window.
async fn is_shown(app: &App, of: &str, words: &str) {
    app.until(words, &format!("({SHOWN}).includes({})", json!(words))).await;
    let described = format!("document.querySelector({}).getAttribute('aria-describedby')?.split(' ')", json!(of));
    app.until("it is described", &format!("({described})?.includes('tooltip')")).await;
    let within = "(() => { const box = document.querySelector('.tooltip').getBoundingClientRect();
      return box.width > 20 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight })()";
    app.until("it is within the window", within).await;
}

async fn is_hidden(app: &App) {
    app.until(
        "no tooltip",
        "!document.querySelector('.tooltip') && !document.querySelector('[aria-describedby~=tooltip]')",
    )
    .await;
}

/// Puts the focus before an element, and goes on to it by keyboard.
async fn tab_to(app: &App, css: &str) {
    let before = format!(
        "(() => {{ const all = [...document.querySelectorAll('button, input, [tabindex=\"0\"]')]
             .filter((one) => one.tabIndex >= 0 && !one.disabled && one.offsetParent);
           all[all.indexOf(document.querySelector({})) - 1].focus() }})()",
        json!(css)
    );
    app.value(&before).await;
    app.chord(&[], Key::Tab.into()).await;
    app.until(css, &format!("document.activeElement.matches({})", json!(css))).await;
}

async fn point(desktop: &Desktop, app: &App, css: &str) {
    let at = app.value(&place(css)).await;
    let (x, y) = (at[0].as_f64().expect("a place"), at[1].as_f64().expect("a place"));
    desktop.point(app, "Porthole", x, y);
}

#[tokio::test]
async fn a_tooltip_is_shown_under_the_pointer_on_buttons_that_are_disabled_too_and_leaves_with_it() {
    let desktop = Desktop::start();
    let app = App::open_in(Default::default(), &desktop.variables()).await;
    desktop.focus(&app, "Porthole").await;
    point(&desktop, &app, "#theme-button").await;
    is_shown(&app, "#theme-button", "Theme").await;
    app.picture(&pictures().join("tooltip-theme.png")).await;
    assert_eq!(app.findings_of_axe().await, Vec::<String>::new());
    point(&desktop, &app, "#timeline-filter").await;
    is_hidden(&app).await;
    app.until("nothing to clear", "document.querySelector('#timeline-clear').disabled").await;
    point(&desktop, &app, "#timeline-clear").await;
    is_shown(&app, "#timeline-clear", "Remove finished calls").await;
    // A click is what the tooltip was read for.
    point(&desktop, &app, "#target-button").await;
    is_shown(&app, "#target-button", "Change the target").await;
    desktop.click();
    is_hidden(&app).await;
    app.close().await;
}

#[tokio::test]
async fn the_keyboard_shows_a_tooltip_at_once_and_escape_hides_it_and_nothing_else() {
    let app = App::open().await;
    tab_to(&app, "#mark-service button").await;
    is_shown(&app, "#mark-service button", "service: up").await;
    app.chord(&[], Key::Escape.into()).await;
    is_hidden(&app).await;
    app.until("the focus stays", "document.activeElement.matches('#mark-service button')").await;

    app.click("#tab-command").await;
    app.click("#command-streaming").await;
    tab_to(&app, "#command-split").await;
    is_shown(&app, "#command-split", "one callback per line").await;
    app.chord(&[], Key::Tab.into()).await;
    app.until("another or none", "document.querySelector('#command-split[aria-describedby]') === null").await;

    // In a popover, the first Escape is the tooltip's and the second the popover's.
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.click("#find").await;
    app.until("the search", "document.activeElement.id === 'search-text'").await;
    is_hidden(&app).await;
    app.chord(&[], Key::Tab.into()).await;
    is_shown(&app, "#search-case", "Match case").await;
    app.chord(&[], Key::Escape.into()).await;
    is_hidden(&app).await;
    app.until("it is open", "document.querySelector('#search')").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is closed", "!document.querySelector('#search')").await;
    app.close().await;
}

/// A tooltip drawn by the web view shows `a gpj.exe` for this.
#[tokio::test]
async fn a_long_text_with_hidden_characters_is_wrapped_and_marked_and_leaves_with_its_element() {
    let app = App::open().await;
    app.resize(640, 480).await;
    let text = format!("a\u{202e}exe.jpg \u{1b}[2K {}\n{}", "x".repeat(100_000), "line\n".repeat(10_000));
    let button = format!(
        "(() => {{ const button = document.createElement('button'); button.id = 'odd'; button.textContent = 'odd'
           button.style = 'position: fixed; right: 0; bottom: 0'; button.dataset.tooltip = {}
           document.querySelector('main').append(button); button.focus() }})()",
        json!(text)
    );
    app.chord(&[], Key::Tab.into()).await;
    app.value(&button).await;
    is_shown(&app, "#odd", "⟨U+202E⟩").await;
    app.picture(&pictures().join("tooltip-hostile.png")).await;
    let raw = r"/[\u202e\u001b]/.test(document.querySelector('.tooltip').textContent)";
    assert_eq!(app.value(raw).await, json!(false));
    app.value("document.querySelector('#odd').dataset.tooltip = 'another text'").await;
    is_shown(&app, "#odd", "another text").await;
    app.value("document.querySelector('#odd').remove()").await;
    app.until("no tooltip", "!document.querySelector('.tooltip')").await;
    app.close().await;
}

/// A modal dialog is in the web view's top layer, above all that is only drawn later.
#[tokio::test]
async fn a_tooltip_is_drawn_over_the_dialog_that_its_element_is_in() {
    let folder = extension(
        "Looks",
        "window.ask = () => void ddClient.extension.host.cli.exec('a\\u202eb', []); console.log('ready')",
    );
    let desktop = Desktop::start();
    let app = App::open_in(Default::default(), &desktop.variables()).await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    desktop.focus(&app, "Porthole").await;
    in_page(&app, "window.ask(); return true").await;
    app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    point(&desktop, &app, "#prompt .mark").await;
    is_shown(&app, "#prompt .mark", "right-to-left override").await;
    app.picture(&pictures().join("tooltip-over-dialog.png")).await;
    let last = "document.querySelector('.tooltip').matches(':popover-open')";
    assert_eq!(app.value(last).await, json!(true));
    app.close().await;
}

//! Context menus: each is the window's own, by pointer and by keys.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::drawn_right_under;

/// The ids of the entries of the menu that is open.
const ENTRIES: &str = "[...document.querySelectorAll('#context-menu [role=menuitem]')].map((entry) => entry.id).join()";

async fn offers(app: &App, entries: &str) {
    app.until(entries, &format!("({ENTRIES}) === {}", json!(entries))).await;
}

async fn escape(app: &App) {
    app.chord(&[], Key::Escape.into()).await;
    app.until("no menu", "!document.querySelector('[role=menu]')").await;
}

/// Notes for each `contextmenu` event whether the web view's own menu would have come.
const WATCH: &str = "(() => { window.shown = []; window.addEventListener('contextmenu',
    (event) => setTimeout(() => window.shown.push(event.defaultPrevented))); return 1 })()";

#[tokio::test]
async fn a_field_is_edited_by_its_menu_and_the_clipboard_is_read() {
    let app = App::open().await;
    app.value(WATCH).await;
    app.fill("#request-path", "/copied").await;
    app.chord(&[Key::Control], 'a').await;
    app.open_menu_of("#request-path").await;
    offers(&app, "edit-undo,edit-cut,edit-copy,edit-paste,edit-select-all").await;
    drawn_right_under(&app, "menu-field").await;
    app.click("#edit-cut").await;
    app.until("it is cut", "document.querySelector('#request-path').value === ''").await;
    app.until("the focus is back", "document.activeElement.id === 'request-path'").await;
    app.chord(&[Key::Shift], Key::F10.into()).await;
    app.until("the menu by keys", "document.querySelector('#edit-paste')").await;
    app.click("#edit-paste").await;
    app.until("it is pasted", "document.querySelector('#request-path').value === '/copied'").await;
    // The form heard of it.
    app.click("#request-send").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    app.until("what was sent", "document.querySelector('[data-call=\"1\"]').innerText.includes('/copied')").await;
    let native = app.value("window.shown.filter((prevented) => !prevented).length").await;
    assert_eq!(native, json!(0));
    app.close().await;
}

#[tokio::test]
async fn rows_of_an_output_selected_text_headers_and_findings_have_menus() {
    let app = App::open().await;
    app.value(WATCH).await;
    app.run_on_host("seq", &["12"]).await;
    app.becomes(1, "ended").await;
    app.click("#detail-maximize").await;
    app.line(3, "4").await;
    app.open_menu_of("#log .line[data-line='3'] .text").await;
    offers(&app, "log-copy-line,log-copy-sent,log-mark,log-go-to").await;
    drawn_right_under(&app, "menu-row").await;
    app.click("#log-mark").await;
    app.until("it is marked", "document.querySelector('#log .line.marked')?.dataset.line === '3'").await;
    app.open_menu_of("#log .line[data-line='3'] .text").await;
    app.click("#log-go-to").await;
    app.until("where to go", "document.activeElement.id === 'jump-text'").await;
    app.chord(&[], Key::Escape.into()).await;
    // A selected text.
    app.value("getSelection().selectAllChildren(document.querySelector('#log .line[data-line=\"5\"] .text'))").await;
    app.open_menu_of("#log .line[data-line='5'] .text").await;
    app.until("the selection", "document.querySelector('#selection-search')").await;
    app.click("#selection-search").await;
    app.until("it is searched", "document.querySelector('#search-text')?.value === '6'").await;
    app.until("it is found", "document.querySelector('#log .line .found, #log .found')").await;
    app.click("#detail-maximize").await;
    // A header.
    app.send("GET", "/hello").await;
    app.becomes(2, "status").await;
    app.click("#detail-tab-headers").await;
    app.until("headers", "document.querySelector('.heads .header dd')").await;
    app.open_menu_of(".heads section[aria-label='Response headers'] .header dd").await;
    offers(&app, "header-copy-value,header-copy-line,header-copy-name,header-add").await;
    drawn_right_under(&app, "menu-header").await;
    app.click("#header-add").await;
    app.until(
        "it is in the composer",
        "document.querySelector('[aria-label=\"header 1, name\"]')?.value.toLowerCase() ===
         document.querySelector('.heads section[aria-label=\"Response headers\"] .header dt').innerText.toLowerCase()",
    )
    .await;
    // A finding.
    app.send("GET", "/numbers").await;
    app.becomes(3, "status").await;
    app.click("#detail-tab-findings").await;
    app.until("a finding", "document.querySelector('#detail .finding')").await;
    app.open_menu_of("#detail .finding b").await;
    app.until("its menu", "document.querySelector('#finding-copy')").await;
    escape(&app).await;
    // Where there is nothing to do, nothing opens, and never the web view's own menu.
    let x = "document.querySelector('#side').dispatchEvent(new MouseEvent('contextmenu',
        { bubbles: true, cancelable: true, clientX: 5, clientY: 5 }))";
    assert_eq!(app.value(x).await, json!(false));
    app.until("every event", "window.shown.length >= 6").await;
    assert_eq!(app.value("window.shown.every((prevented) => prevented)").await, json!(true));
    assert_eq!(app.value("document.querySelector('[role=menu]')").await, json!(null));
    app.close().await;
}

#[tokio::test]
async fn a_value_of_json_has_its_menu_by_the_right_button_and_a_field_in_a_dialog_has_one_too() {
    let app = App::open().await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    app.until("JSON", "document.querySelector('#log .line[data-json] .text')").await;
    app.open_menu_of("#log .line[data-line='1'] .text").await;
    app.until("its path", "document.querySelector('#json-copy-path')").await;
    escape(&app).await;
    app.click("#settings-open").await;
    app.click("#settings-tab-calls").await;
    app.click("#settings-quota").await;
    app.chord(&[Key::Shift], Key::F10.into()).await;
    app.until("the menu is in the dialog", "document.querySelector('dialog #edit-select-all')").await;
    app.click("#edit-select-all").await;
    app.until("the dialog is still there", "document.querySelector('#settings')").await;
    app.until(
        "all is selected",
        "document.activeElement.id === 'settings-quota' && document.activeElement.selectionEnd > 0",
    )
    .await;
    app.close().await;
}

//! What the user types and pastes into Porthole is not the page's, whatever the page does to get it.

use porthole_tests::desktop::key;
use serde_json::json;

use crate::{
    page::{in_page, shows},
    person::{Person, STAGES, Stage},
};

const KEYS: &str = include_str!("../../hostile/pages/keys.js");

/// A field of the window that is always there.
const FIELD: &str = "input[type=search]";

const STOPPED: &str = "document.body.innerText.includes('kept moving the keyboard focus')";

/// Has the user click into the page once: without that the web view gives no focus to it at all.
async fn used(person: &Person) {
    person.click_in_page("#own").await;
    person.app.until("the page has the keyboard", "document.activeElement?.id === 'page-frame'").await;
    person.desktop.type_text("hi");
    shows(&person.app, "print", "own field has hi").await;
}

/// Has the user click into a field of the window.
async fn at_field(person: &Person) {
    person.click(FIELD).await;
    person.app.until("the field has the keyboard", &format!("document.activeElement?.matches('{FIELD}')")).await;
}

/// Types into the field that has the keyboard and pastes what was typed.
async fn types(person: &Person) {
    person.desktop.control('a');
    for letter in "hunter2".chars() {
        person.desktop.key(u32::from(letter));
        // As a person does: one key after the other has come to something.
        person.app.value("1").await;
    }
    person.desktop.control('a');
    person.desktop.control('c');
    person.desktop.control('v');
    person.desktop.control('v');
    let both = format!("document.querySelector('{FIELD}').value === 'hunter2hunter2'");
    person.app.until("what was typed and pasted", &both).await;
}

async fn a_loop_gets_nothing(stage: Stage, deep: bool) {
    let person = Person::before(KEYS, stage).await;
    used(&person).await;
    in_page(&person.app, &format!("window.trap({deep}); window.insist(); return true")).await;
    // In a frame that the user never was in, the web view itself gives no focus: nothing typed is lost.
    if !deep {
        // While it insists, a click and a key or so get lost. None gets to the page.
        person.click(FIELD).await;
        person.desktop.type_text("hunter2");
        person.desktop.control('v');
        person.app.until("the page is stopped", STOPPED).await;
    }
    at_field(&person).await;
    types(&person).await;
    let log = person.log().await;
    assert!(!log.contains("got "), "{stage:?} {deep}: the page got keys\n{log}");
    person.app.close().await;
}

#[tokio::test]
async fn a_focus_loop_in_a_page_of_files_gets_no_key_and_no_paste() {
    a_loop_gets_nothing(Stage::Frame, false).await;
}

#[tokio::test]
async fn a_focus_loop_in_a_frame_within_the_page_gets_no_key_and_no_paste() {
    a_loop_gets_nothing(Stage::Frame, true).await;
}

#[tokio::test]
async fn a_focus_loop_in_a_page_of_a_server_gets_no_key_and_no_paste() {
    a_loop_gets_nothing(Stage::Server, false).await;
}

#[tokio::test]
async fn a_focus_loop_in_the_pages_own_window_gets_no_key() {
    let person = Person::before(KEYS, Stage::PageWindow).await;
    used(&person).await;
    in_page(&person.app, "window.trap(false); window.insist(); return true").await;
    person.click(".tools .title").await;
    person.desktop.type_text("hunter2");
    person.app.until("the page is stopped", STOPPED).await;
    let log = person.log().await;
    assert!(!log.contains("got "), "the page got keys\n{log}");
}

#[tokio::test]
async fn a_page_that_is_out_of_sight_gets_no_key_and_its_calls_wait() {
    let person = Person::before(KEYS, Stage::Frame).await;
    used(&person).await;
    in_page(&person.app, "window.trap(false); return true").await;
    person.click("#tab-request").await;
    person.app.until("the form", "document.querySelector('#request-path')?.checkVisibility()").await;
    assert_eq!(in_page(&person.app, "return document.visibilityState").await, json!("hidden"));
    in_page(&person.app, "void ddClient.extension.host.cli.exec('echo', ['evil']); window.insist(); return true").await;
    person.click("#request-path").await;
    person.desktop.type_text("hunter2");
    // Out of sight as well: no key is lost to it after that.
    let stopped = "document.body.textContent.includes('kept moving the keyboard focus')";
    person.app.until("the page is stopped", stopped).await;
    person.desktop.control('a');
    person.desktop.type_text("/hunter2");
    person.app.until("what was typed", "document.querySelector('#request-path').value === '/hunter2'").await;
    // A page that nobody sees asks for nothing.
    assert_eq!(person.app.value("document.querySelector('#prompt')").await, json!(null));
    person.click("#tab-page").await;
    person.app.until("the page is stopped", STOPPED).await;
    assert!(!person.log().await.contains("got "), "the page got keys");
    person.app.close().await;
}

#[tokio::test]
async fn calls_of_a_page_out_of_sight_are_taken_when_it_is_back() {
    let person = Person::before(KEYS, Stage::Frame).await;
    person.click("#tab-request").await;
    person.app.until("the form", "document.querySelector('#request-path')?.checkVisibility()").await;
    in_page(&person.app, "void ddClient.extension.host.cli.exec('echo', ['mine']); return true").await;
    let call = person.app.play("hello").await;
    person.app.becomes(call, "status").await;
    assert_eq!(person.app.value("document.querySelector('#prompt')").await, json!(null), "the page's call was taken");
    person.click("#tab-page").await;
    person.app.decide("once").await;
    person.app.until("its call", "document.querySelectorAll('#timeline [data-call]').length === 2").await;
    assert_eq!(in_page(&person.app, "return document.visibilityState + document.hidden").await, json!("visiblefalse"));
    person.app.close().await;
}

/// Presses Tab, and waits until it has moved the focus, in the window or to the page's field; or until it was kept from
/// a page that was only just entered.
async fn tab(person: &Person) {
    let moved = |count: &str| {
        format!(
            "[{count}, [...document.querySelectorAll('#page-log [data-entry=print]')]
                .filter((entry) => entry.textContent.includes('own field is entered')).length].join()"
        )
    };
    let count = "(() => {
        if (window.moves === undefined) {
            window.moves = 0
            addEventListener('focusin', () => window.moves++, true)
            addEventListener('focusout', () => window.moves++, true)
            addEventListener('message', ({ data }) => window.moves += data === 'porthole: a key was kept from the page')
        }
        return window.moves
    })()";
    let before = person.app.value(&moved(count)).await;
    person.desktop.key(key::TAB);
    person.app.until("Tab moves the focus", &format!("{} !== {before}", moved(count))).await;
}

#[tokio::test]
async fn the_user_tabs_into_the_page_and_out_of_it() {
    for stage in STAGES {
        let person = Person::before(KEYS, stage).await;
        person.app.value("document.querySelector('#page-clear').click()").await;
        person.app.until("an empty log", "!document.querySelector('#page-log [data-entry]')").await;
        person.click("#page-reload").await;
        shows(&person.app, "print", "ready").await;
        person.app.until("the frame", "document.querySelector('#page-frame')").await;
        let mut tabs = 0;
        while !person.printed("own field is entered").await {
            tabs += 1;
            assert!(tabs < 40, "{stage:?}: no Tab leads into the page's field");
            tab(&person).await;
        }
        person.desktop.type_text("hi");
        shows(&person.app, "print", "own field has hi").await;
        person.desktop.key(key::TAB);
        person.app.until("Tab leads on", "document.activeElement?.id !== 'page-frame'").await;
        if stage == Stage::PageWindow {
            person.app.go_to(false).await;
        }
        person.app.close().await;
    }
}

#[tokio::test]
async fn a_dialog_for_files_takes_no_key_that_was_meant_for_something_else() {
    let person = Person::before(KEYS, Stage::Frame).await;
    let ask = "void ddClient.desktopUI.dialog.showOpenDialog({ title: 'Password\\u202e' })
        .then(({ canceled, filePaths }) => console.log('got ' + canceled + filePaths)); return true";
    person.click(FIELD).await;
    in_page(&person.app, ask).await;
    person.app.until("the dialog", "document.querySelector('#page-dialog')?.open").await;
    person.desktop.type_text("hunter2");
    person.desktop.key_down(key::CONTROL);
    person.desktop.key(key::ENTER);
    person.desktop.key_up(key::CONTROL);
    person.app.until("it takes answers", "document.querySelector('#page-dialog')?.dataset.armed === 'true'").await;
    assert_eq!(person.app.value("document.querySelector('#page-dialog-paths').value").await, json!(""));
    assert!(!person.app.text("#page-dialog-title").await.contains('\u{202e}'));
    person.app.decide_on("#page-dialog", "cancel").await;
    shows(&person.app, "print", "got true").await;
    person.app.close().await;
}

/// The page has the keyboard given away, and takes it again a moment later, when the user types in its field.
const TAKES_AGAIN: &str = "const own = document.querySelector('#own');
    own.addEventListener('input', () => {
        parent.focus();
        setTimeout(() => { own.focus(); console.log('taken again') }, 30);
    }, { once: true }); return true";

const ASKED_FOR: &str = "document.querySelector('#page-permissions [data-host]').dataset.host";

#[tokio::test]
async fn keys_typed_into_the_page_do_not_go_to_a_permission_that_was_left_long_ago() {
    for stage in STAGES {
        let person = Person::before(KEYS, stage).await;
        in_page(&person.app, TAKES_AGAIN).await;
        // The user looked at the permissions, and went on into the page.
        person.app.value("document.querySelector('#page-permissions').focus()").await;
        person.click_in_page("#own").await;
        person.app.until("the page has the keyboard", "document.activeElement?.id === 'page-frame'").await;
        person.desktop.key(u32::from('c'));
        shows(&person.app, "print", "taken again").await;
        for letter in "allow".chars() {
            person.desktop.key(u32::from(letter));
            person.app.value("1").await;
        }
        assert_ne!(person.app.value("document.activeElement?.id").await, json!("page-permissions"), "{stage:?}");
        assert_eq!(person.app.value(ASKED_FOR).await, json!("ask"), "{stage:?}");
        assert_eq!(person.app.value("document.querySelector('#allow')").await, json!(null), "{stage:?}");
        person.app.close().await;
    }
}

#[tokio::test]
async fn keys_typed_on_a_permission_allow_nothing_without_a_confirmation() {
    let person = Person::before(KEYS, Stage::Frame).await;
    person.click("#page-permissions").await;
    person.app.until("the permission", "document.querySelector('#page-may-host-ask')").await;
    person.app.value("document.querySelector('#page-may-host-ask').focus()").await;
    person.desktop.key(key::RIGHT);
    person.desktop.key(key::ENTER);
    person.desktop.key(key::SPACE);
    person.app.until("the question", "document.querySelector('#allow')?.open").await;
    person.app.until("it takes answers", "document.querySelector('#allow')?.dataset.armed === 'true'").await;
    assert_eq!(person.app.value(ASKED_FOR).await, json!("ask"));
    person.click("#allow-cancel").await;
    person.app.until("it is gone", "!document.querySelector('#allow')").await;
    assert_eq!(person.app.value(ASKED_FOR).await, json!("ask"));
    person.click("#page-permissions").await;
    person.app.until("the permission", "document.querySelector('#page-may-host-ask')").await;
    person.app.value("document.querySelector('#page-may-host-ask').focus()").await;
    person.desktop.key(key::RIGHT);
    person.app.until("it takes answers", "document.querySelector('#allow')?.dataset.armed === 'true'").await;
    person.click("#allow-confirm").await;
    person.app.until("it is allowed", &format!("{ASKED_FOR} === 'allow'")).await;
    person.app.close().await;
}

//! What lies over the window: palette, shortcuts, settings, about.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::{drawn_right, drawn_right_under};

#[tokio::test]
async fn the_palette_finds_saved_items_calls_and_actions_by_keys_alone() {
    let app = App::open().await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.chord(&[Key::Control], 'k').await;
    app.until("the field has the focus", "document.activeElement.id === 'palette-text'").await;
    drawn_right_under(&app, "palette").await;
    app.client().active_element().await.unwrap().send_keys("numbrs").await.unwrap();
    app.until("a call", "document.querySelector('#palette-list [data-entry=\"call-1\"]')").await;
    app.until("a saved item", "document.querySelector('#palette-list [data-entry^=saved]')").await;
    let wanted = "document.querySelector('#palette-list [aria-selected=true]').dataset.entry === 'call-1'";
    for _ in 0..6 {
        if app.value(wanted).await == json!(true) {
            break;
        }
        app.chord(&[], Key::Down.into()).await;
    }
    app.chord(&[], Key::Enter.into()).await;
    app.until("it is gone", "!document.querySelector('#palette')").await;
    app.until("the call is selected", "document.querySelector('[data-call=\"1\"]').ariaSelected === 'true'").await;
    // An action.
    app.chord(&[Key::Control], 'k').await;
    app.client().active_element().await.unwrap().send_keys("theme: dark").await.unwrap();
    app.chord(&[], Key::Enter.into()).await;
    app.until("dark", "document.documentElement.dataset.theme === 'dark'").await;
    // Escape leaves all as it is.
    app.chord(&[Key::Control], 'k').await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is gone", "!document.querySelector('#palette')").await;
    app.close().await;
}

#[tokio::test]
async fn f1_shows_the_shortcuts_and_a_typed_question_mark_does_not() {
    let app = App::open().await;
    app.fill("#request-path", "/hello?").await;
    assert_eq!(app.value("document.querySelector('#shortcuts')").await, json!(null));
    app.chord(&[], Key::F1.into()).await;
    app.until("the list", "document.querySelector('#shortcuts').innerText.includes('Repeat the selected call')").await;
    drawn_right_under(&app, "shortcuts").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("the focus is back", "document.activeElement.id === 'request-path'").await;
    app.close().await;
}

#[tokio::test]
async fn zoom_presentation_and_disk_limit_are_set_and_the_zoom_is_kept() {
    let app = App::open().await;
    let width = app.value("innerWidth").await.as_f64().unwrap();
    app.chord(&[Key::Control], '+').await;
    app.until("larger", &format!("innerWidth < {}", width * 0.95)).await;
    app.chord(&[Key::Control], '0').await;
    app.until("as before", &format!("Math.abs(innerWidth - {width}) < 2")).await;
    app.click("#settings-open").await;
    drawn_right_under(&app, "settings").await;
    app.click("#settings-tab-calls").await;
    app.fill("#settings-quota", "5").await;
    app.chord(&[], Key::Tab.into()).await;
    app.click("#settings-tab-appearance").await;
    app.click("#settings-presenting").await;
    app.until("no side bar", "!document.querySelector('main > nav')").await;
    // WebDriver's places are those of a page that isn't zoomed.
    app.value("document.querySelector('#settings-presenting').click()").await;
    app.until("the side bar again", "document.querySelector('main > nav')").await;
    app.click("#settings-close").await;
    app.chord(&[Key::Control], '-').await;
    app.until("smaller", &format!("innerWidth > {}", width * 1.05)).await;
    let home = app.close().await;
    let settings: serde_json::Value = serde_json::from_slice(&std::fs::read(home.settings()).unwrap()).unwrap();
    assert_eq!((&settings["quota"], &settings["zoom"]), (&json!(5_000_000_000_u64), &json!(90)));
    let app = App::open_in(home, &[]).await;
    app.until("it was kept", &format!("innerWidth > {}", width * 1.05)).await;
    app.close().await;
}

#[tokio::test]
async fn each_pane_is_maximized_and_nothing_moves_the_timeline() {
    let app = App::open().await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    let top = app.value("document.querySelector('#timeline').getBoundingClientRect().top").await;
    for part in ["#tab-command", "#tab-request", "#detail-tab-received", "#detail-tab-timing", "#detail-tab-output"] {
        app.click(part).await;
        assert_eq!(app.value("document.querySelector('#timeline').getBoundingClientRect().top").await, top, "{part}");
    }
    for pane in ["composer", "detail", "bottom"] {
        app.click(&format!("#{pane}-maximize")).await;
        let all = format!(
            "(() => {{ const box = document.querySelector('#{pane}').getBoundingClientRect();
               return box.height > innerHeight - 110 && box.right === innerWidth }})()"
        );
        app.until(pane, &all).await;
        drawn_right(&app, &format!("maximized-{pane}")).await;
        app.click(&format!("#{pane}-maximize")).await;
        app.until("as before", "document.querySelector('#timeline').offsetHeight > 0").await;
    }
    app.close().await;
}

//! Everything without a pointer.

use std::collections::BTreeSet;

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

/// What has the focus without anything that shows it; null when all is right.
pub const UNSEEN: &str =
    "(() => { const e = document.activeElement; if (!e.matches(':focus')) return null; // another window of this display is in front
       const s = getComputedStyle(e), a = getComputedStyle(e, '::after');
       const seen = s.outlineStyle !== 'none' || a.backgroundColor !== 'rgba(0, 0, 0, 0)' || e.closest('.cm-editor');
       return seen ? null : e.outerHTML.slice(0, 120) })()";
const FOCUSED: &str = "(document.activeElement.id || document.activeElement.className)";

async fn focused(app: &App) -> String {
    app.value(FOCUSED).await.as_str().unwrap_or_default().to_owned()
}

async fn selected(app: &App, call: u64) {
    app.until("it is selected", &format!("document.querySelector('[data-call=\"{call}\"]').ariaSelected === 'true'"))
        .await;
}

#[tokio::test]
async fn ctrl_enter_sends_and_shift_f5_cancels_or_stops() {
    let app = App::open().await;
    app.fill("#request-path", "/slow?ms=60000").await;
    app.chord(&[Key::Control], Key::Enter.into()).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "pending").await;
    selected(&app, call).await;
    app.chord(&[Key::Shift], Key::F5.into()).await;
    app.becomes(call, "cancelled").await;
    // From the other tab as well, and from a field in it.
    app.click("#tab-command").await;
    app.compose("sleep", &["60"]).await;
    app.chord(&[Key::Control], Key::Enter.into()).await;
    let call = app.newer_than(call).await;
    app.becomes(call, "running").await;
    selected(&app, call).await;
    app.chord(&[Key::Shift], Key::F5.into()).await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGTERM");
    app.close().await;
}

/// A tab chose itself and a menu button opened its menu, and nothing was sent.
#[tokio::test]
async fn ctrl_enter_sends_with_the_focus_on_what_enter_presses() {
    let app = App::open().await;
    app.fill("#request-path", "/hello").await;
    let mut call = 0;
    for focused in ["#tab-request", "#target-button", "#home", "#timeline"] {
        let focus = format!("document.querySelector('{focused}').focus()");
        app.value(&focus).await;
        app.until(focused, &format!("document.activeElement === document.querySelector('{focused}')")).await;
        app.chord(&[Key::Control], Key::Enter.into()).await;
        call = app.newer_than(call).await;
        app.becomes(call, "status").await;
        let open = "document.querySelectorAll('[data-layer], [role=menu], #welcome').length";
        assert_eq!(app.value(open).await, 0, "{focused}");
    }
    app.close().await;
}

/// The first Esc cleared the filter, and the second one sent SIGKILL to the selected run.
#[tokio::test]
async fn escape_in_a_filter_does_not_kill_the_selected_run() {
    let app = App::open().await;
    app.run_on_host("sleep", &["60"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    selected(&app, call).await;
    for filter in ["#timeline-filter", "nav [type=search]"] {
        app.fill(filter, "sleep").await;
        app.until("it is typed", &format!("document.querySelector('{filter}') === document.activeElement")).await;
        app.chord(&[], Key::Escape.into()).await;
        app.until("it is cleared", &format!("document.querySelector('{filter}').value === ''")).await;
        assert_eq!(
            app.value(&format!("document.querySelector('{filter}') === document.activeElement")).await,
            json!(true)
        );
        app.chord(&[], Key::Escape.into()).await;
        app.until("the field is left", "document.activeElement === document.body").await;
        app.chord(&[], Key::Escape.into()).await;
    }
    // Nor from anywhere else.
    for place in ["#timeline", "#log", "#command-program", "#tab-command"] {
        app.value(&format!("document.querySelector('{place}').focus()")).await;
        app.chord(&[], Key::Escape.into()).await;
    }
    // Calls of the window are done in their order: had one of the keys ended the run, it would be over before this one.
    app.run_on_host("true", &[]).await;
    let next = app.newer_than(call).await;
    app.becomes(next, "ended").await;
    app.becomes(call, "running").await;
    app.click(&format!("[data-call='{call}']")).await;
    selected(&app, call).await;
    app.chord(&[Key::Shift], Key::F5.into()).await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGTERM", "it lived until it was stopped");
    app.close().await;
}

#[tokio::test]
async fn arrows_home_and_end_move_in_the_timeline() {
    let app = App::open().await;
    for number in 1..=5 {
        app.chord(&[Key::Control], Key::Enter.into()).await;
        app.becomes(number, "status").await;
    }
    app.value("document.querySelector('#timeline').focus()").await;
    app.until("the timeline has the focus", &format!("{FOCUSED} === 'timeline'")).await;
    for (key, selected) in
        [(Key::Home, 1), (Key::Down, 2), (Key::Down, 3), (Key::Up, 2), (Key::End, 5), (Key::Down, 5), (Key::PageUp, 1)]
    {
        app.chord(&[], key.into()).await;
        let told = format!(
            "(() => {{ const row = document.querySelector('#timeline [aria-selected=true]');
               return row.dataset.call === '{selected}' && document.querySelector('#timeline').getAttribute('aria-activedescendant') === row.id }})()"
        );
        app.until("the row", &told).await;
    }
    app.close().await;
}

#[tokio::test]
async fn ctrl_l_and_o_go_to_the_form_and_the_output_and_ctrl_j_collapses_the_timeline() {
    let app = App::open().await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.until("output", "document.querySelector('#log .line')").await;
    for (key, focus) in [('l', "request-path"), ('o', "log")] {
        app.chord(&[Key::Control], key).await;
        app.until(focus, &format!("{FOCUSED} === {}", json!(focus))).await;
    }
    // Collapsed, and there again with the focus in it.
    app.chord(&[Key::Control], 'j').await;
    app.until("it is collapsed", "document.querySelector('#bottom').offsetHeight < 40").await;
    app.chord(&[Key::Control], 'j').await;
    app.until("it is there again", "document.querySelector('#bottom').offsetHeight > 100").await;
    app.until("timeline", &format!("{FOCUSED} === 'timeline'")).await;
    app.click("#tab-command").await;
    app.chord(&[Key::Control], 'l').await;
    app.until("the program", &format!("{FOCUSED} === 'command-program'")).await;
    app.close().await;
}

#[tokio::test]
async fn tab_reaches_everything_and_the_focus_is_always_visible() {
    let app = App::open().await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.until("output", "document.querySelector('#log .line')").await;
    let mut reached = BTreeSet::new();
    for _ in 0..100 {
        app.chord(&[], Key::Tab.into()).await;
        reached.insert(focused(&app).await);
        assert_eq!(app.value(UNSEEN).await, json!(null), "it has the focus, and nothing shows that");
    }
    for id in [
        "home",
        "target-button",
        "palette-open",
        "runtime",
        "theme-button",
        "settings-open",
        "tab-request",
        "composer-save",
        "request-method",
        "request-path",
        "request-send",
        "timeline-filter",
        "timeline-clear",
        "timeline",
        "bottom-toggle",
        "bottom-maximize",
        "composer-maximize",
        "detail-maximize",
        "detail-tab-output",
        "log",
    ] {
        assert!(reached.contains(id), "Tab never comes to {id}: {reached:?}");
    }
    assert!(reached.iter().any(|class| class.contains("separator")), "{reached:?}");
    // The side bar is one stop: the entry that was played.
    assert!(reached.iter().any(|class| class.contains("row entry")), "{reached:?}");
    app.close().await;
}

#[tokio::test]
async fn the_target_and_the_theme_are_changed_by_keys_alone() {
    let app = App::open().await;
    app.value("document.querySelector('#target-button').focus()").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("the ways", &format!("{FOCUSED} === 'target-connect'")).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("the form", "document.querySelector('#target-apply')").await;
    app.until("the focus is in it", "document.activeElement.closest('.popover')").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is gone", "!document.querySelector('#target-apply')").await;
    app.until("the focus is back", &format!("{FOCUSED} === 'target-button'")).await;
    app.value("document.querySelector('#theme-button').focus()").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("the menu", "document.activeElement.closest('[role=menu]')").await;
    app.chord(&[], Key::End.into()).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("dark", "document.documentElement.dataset.theme === 'dark'").await;
    app.close().await;
}

//! The timeline: its columns, filter, selection, menus, groups, waterfall, and what can be undone.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::{
    console::run,
    drawn::{drawn_right, drawn_right_under},
};

/// The numbers of the drawn calls, from top to bottom.
const DRAWN: &str = "[...document.querySelectorAll('#timeline [data-call]')]
    .toSorted((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((row) => Number(row.dataset.call)).join()";
const SELECTED: &str = "[...document.querySelectorAll('#timeline [data-call][aria-selected=true]')]
    .map((row) => Number(row.dataset.call)).toSorted((a, b) => a - b).join()";

async fn row(number: u64) -> String {
    format!("#timeline [data-call=\"{number}\"]")
}

/// Four calls: 200, 404, a slow one, and a command.
async fn with_calls() -> App {
    let app = App::open().await;
    for (number, path) in [(1, "/hello"), (2, "/status/404"), (3, "/slow?ms=300")] {
        app.send("GET", path).await;
        app.becomes(number, "status").await;
    }
    app.run_on_host("sh", &["-c", "sleep 0.2; seq 1000"]).await;
    app.becomes(4, "ended").await;
    app.value("document.querySelector('#timeline').focus()").await;
    app
}

async fn drawn(app: &App, what: &str, calls: &str) {
    app.until(what, &format!("{DRAWN} === {}", json!(calls))).await;
}

async fn selected(app: &App, calls: &str) {
    app.until("the selection", &format!("{SELECTED} === {}", json!(calls))).await;
}

#[tokio::test]
async fn headers_sort_and_a_third_press_goes_back_to_the_order_of_time() {
    let app = with_calls().await;
    drawn(&app, "in the order of time", "1,2,3,4").await;
    app.click("#timeline-sort-size").await;
    app.until(
        "largest first",
        "document.querySelector('[role=columnheader][aria-sort=descending]')?.innerText.includes('Size')",
    )
    .await;
    assert!(app.value(DRAWN).await.as_str().unwrap().starts_with('4'));
    drawn_right(&app, "timeline-sorted").await;
    // By keys: Tab comes to the headers once, arrows go from one to the next.
    app.value("document.querySelector('#timeline-sort-call').focus()").await;
    app.chord(&[], Key::Enter.into()).await;
    drawn(&app, "by text", "1,3,2,4").await;
    app.chord(&[], Key::Enter.into()).await;
    drawn(&app, "by text, downward", "4,2,3,1").await;
    app.chord(&[], Key::Enter.into()).await;
    drawn(&app, "in the order of time again", "1,2,3,4").await;
    app.chord(&[], Key::Right.into()).await;
    app.until("the next header", "document.activeElement.id === 'timeline-sort-outcome'").await;
    app.close().await;
}

#[tokio::test]
async fn columns_are_resized_by_pointer_and_keys_hidden_and_remembered() {
    let app = with_calls().await;
    let width = async |app: &App, id: &str| {
        let cell = format!("document.querySelector('#timeline-sort-{id}').closest('[role=columnheader]').offsetWidth");
        app.value(&cell).await.as_i64().unwrap()
    };
    let before = width(&app, "took").await;
    app.drag("#timeline-line-took", -40).await;
    app.until("it is wider", &format!("document.querySelector('#timeline-sort-took').offsetWidth > {}", before + 20))
        .await;
    let dragged = width(&app, "took").await;
    app.value("document.querySelector('#timeline-sort-took').focus()").await;
    app.chord(&[Key::Shift], Key::Right.into()).await;
    app.until("8 more", &format!("document.querySelector('#timeline-sort-took').offsetWidth >= {}", dragged + 7)).await;
    let wide = width(&app, "took").await;
    app.open_menu_of("#timeline-sort-took").await;
    drawn_right_under(&app, "timeline-columns").await;
    app.click("#column-size").await;
    app.until("no sizes", "!document.querySelector('#timeline-sort-size')").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("no menu", "!document.querySelector('[role=menu]')").await;
    let home = app.close().await;
    let again = App::open_in(home, &[]).await;
    let took = "document.querySelector('#timeline-sort-took')?.closest('[role=columnheader]').offsetWidth";
    again.until("its width", &format!("{took} === {wide}")).await;
    assert_eq!(again.value("document.querySelector('#timeline-sort-size')").await, json!(null));
    again.close().await;
}

#[tokio::test]
async fn the_filter_completes_keys_and_values_and_says_what_it_does_not_understand() {
    let app = with_calls().await;
    app.fill("#timeline-filter", "sta").await;
    app.until("a key", "document.querySelector('#timeline-offer-0')?.textContent.startsWith('status:')").await;
    app.chord(&[], Key::Tab.into()).await;
    app.until("the key", "document.querySelector('#timeline-filter').value === 'status:'").await;
    app.until("values", "document.querySelectorAll('#timeline-filter-offers li').length > 4").await;
    drawn_right_under(&app, "timeline-filter").await;
    app.value("document.querySelector('#timeline-filter').focus()").await;
    app.chord(&[], '4').await;
    app.chord(&[], Key::Down.into()).await;
    app.until("404", "document.querySelector('#timeline-filter-offers .on').innerText.includes('status:404')").await;
    app.chord(&[], Key::Enter.into()).await;
    drawn(&app, "one call", "2").await;
    assert_eq!(app.value("document.querySelector('#timeline-filter').value").await, json!("status:404 "));
    for (filter, calls) in [
        ("took:>100ms kind:http", "3"),
        ("is:failed", "2"),
        ("-kind:http", "4"),
        ("method:GET path:/slow", "3"),
        ("from:composer hello", "1"),
    ] {
        app.fill("#timeline-filter", filter).await;
        drawn(&app, filter, calls).await;
    }
    app.fill("#timeline-filter", "stauts:404 ").await;
    app.until("why", "document.querySelector('#timeline-filter-problem').innerText.includes('Unknown key: stauts')")
        .await;
    assert_eq!(app.value("document.querySelector('#timeline-filter').ariaInvalid").await, json!("true"));
    drawn_right(&app, "timeline-filter-wrong").await;
    app.close().await;
}

#[tokio::test]
async fn ctrl_shift_and_keys_select_several_calls_which_are_pinned_and_deleted_together() {
    let app = with_calls().await;
    app.click(&row(1).await).await;
    app.click_with(Key::Control, &row(3).await).await;
    selected(&app, "1,3").await;
    assert_eq!(app.text("#timeline-selected").await, "2 selected");
    app.click_with(Key::Shift, &row(4).await).await;
    selected(&app, "3,4").await;
    app.chord(&[Key::Shift], Key::Up.into()).await;
    selected(&app, "3").await;
    app.chord(&[Key::Shift], Key::Up.into()).await;
    selected(&app, "2,3").await;
    drawn_right(&app, "timeline-selected").await;
    app.click("#selected-pin").await;
    app.until("both pinned", "document.querySelectorAll('#timeline [data-kept] .pin').length === 2").await;
    app.value("document.querySelector('#timeline').focus()").await;
    app.chord(&[Key::Control], 'a').await;
    selected(&app, "1,2,3,4").await;
    // Pinned calls survive Clear.
    app.click("#timeline-clear").await;
    drawn(&app, "the pinned ones", "2,3").await;
    selected(&app, "2,3").await;
    app.click("#selected-delete").await;
    drawn(&app, "none", "").await;
    app.close().await;
}

#[tokio::test]
async fn clear_and_delete_are_undone_with_the_toast_and_by_keys() {
    let app = with_calls().await;
    app.click("#timeline-clear").await;
    drawn(&app, "none", "").await;
    app.until("the offer", "document.querySelector('#toasts').innerText.includes('Cleared 4 calls')").await;
    app.value("document.querySelector('#toasts .act').focus()").await;
    drawn_right_under(&app, "timeline-toast").await;
    app.click("#toasts .act").await;
    drawn(&app, "all again", "1,2,3,4").await;
    app.until("no offer", "!document.querySelector('#toasts .toast')").await;
    app.click(&row(4).await).await;
    app.line(999, "1000").await;
    app.chord(&[], Key::Delete.into()).await;
    drawn(&app, "one less", "1,2,3").await;
    app.until("which one", "document.querySelector('#toasts').innerText.includes('Deleted sh -c')").await;
    app.chord(&[Key::Control], 'z').await;
    drawn(&app, "it is back", "1,2,3,4").await;
    app.click(&row(4).await).await;
    app.line(999, "1000").await;
    app.close().await;
}

#[tokio::test]
async fn what_was_removed_is_gone_when_the_toast_goes() {
    let app = with_calls().await;
    app.click("#timeline-clear").await;
    app.until("the offer", "document.querySelector('#toasts .toast')").await;
    app.until("it goes by itself", "!document.querySelector('#toasts .toast')").await;
    app.chord(&[Key::Control], 'z').await;
    assert_eq!(app.calls().await, 0);
    app.close().await;
}

#[tokio::test]
async fn a_row_has_a_menu_by_the_right_button_and_by_keys_and_a_double_click_edits_it() {
    let app = with_calls().await;
    app.open_menu_of(&row(2).await).await;
    selected(&app, "2").await;
    drawn_right_under(&app, "timeline-menu").await;
    app.click("#row-only-path").await;
    app.until("the filter", "document.querySelector('#timeline-filter').value === 'path:/status/404'").await;
    drawn(&app, "this path", "2").await;
    app.fill("#timeline-filter", "").await;
    // By keys: the menu is of what the keys are at.
    for keys in [(&[Key::Shift][..], Key::F10)] {
        app.click(&row(3).await).await;
        app.chord(keys.0, keys.1.into()).await;
        app.until("the menu", "document.querySelector('[role=menu]')").await;
        app.until("its first item", "document.activeElement?.closest('[role=menu]')").await;
        app.chord(&[], Key::Escape.into()).await;
        app.until("no menu", "!document.querySelector('[role=menu]')").await;
        app.until("the keys are back", "document.activeElement.id === 'timeline'").await;
    }
    app.open_menu_of(&row(1).await).await;
    app.click("#row-again").await;
    app.becomes(5, "status").await;
    app.open_menu_of(&row(1).await).await;
    app.click("#row-pin").await;
    app.until("its pin", "document.querySelector('#timeline [data-call=\"1\"] .pin')").await;
    app.click_twice(&row(3).await).await;
    app.until("it is in the form", "document.querySelector('#request-path')?.value.startsWith('/slow')").await;
    app.until("the form has the keys", "document.activeElement.closest('#composer')").await;
    app.close().await;
}

#[tokio::test]
async fn calls_of_a_console_run_are_a_group_that_collapses() {
    let app = App::open().await;
    app.send("GET", "/hello").await;
    app.becomes(1, "status").await;
    let code =
        "const { service } = ddClient.extension.vm\nawait service.get('/hello')\nawait service.get('/slow?ms=50')\n";
    run(&app, code).await;
    app.has_calls(3).await;
    run(&app, code).await;
    app.has_calls(5).await;
    app.click("#bottom-timeline").await;
    let groups = "[...document.querySelectorAll('#timeline [data-group]')]";
    app.until("two groups", &format!("{groups}.length === 2")).await;
    let words = format!("{groups}.map((group) => group.innerText.trim().replace(/ · [0-9:]+$/, '')).join()");
    assert_eq!(app.value(&words).await, json!("Console run 1 · 2 calls,Console run 2 · 2 calls"));
    drawn(&app, "in order", "1,2,3,4,5").await;
    // Where it was called, not only by whom.
    let from = app.text(&format!("{} [role=gridcell]:last-child", row(3).await)).await;
    assert!(from.contains(":3"), "{from}");
    drawn_right(&app, "timeline-groups").await;
    app.click("#timeline [data-group]").await;
    drawn(&app, "the first is collapsed", "1,4,5").await;
    assert_eq!(app.value("document.querySelector('#timeline [data-group]').ariaExpanded").await, json!("false"));
    app.value("document.querySelector('#timeline').focus()").await;
    app.chord(&[], Key::Right.into()).await;
    drawn(&app, "expanded by a key", "1,2,3,4,5").await;
    app.chord(&[], Key::Right.into()).await;
    selected(&app, "2").await;
    app.chord(&[], Key::Left.into()).await;
    app.until(
        "its header",
        "document.querySelector('#timeline').getAttribute('aria-activedescendant').startsWith('group-')",
    )
    .await;
    app.chord(&[], Key::Left.into()).await;
    drawn(&app, "collapsed by a key", "1,4,5").await;
    app.click("#timeline-sort-took").await;
    app.until("no groups in another order", &format!("{groups}.length === 0")).await;
    app.close().await;
}

#[tokio::test]
async fn the_waterfall_has_an_axis_phases_and_bars_that_grow() {
    let app = with_calls().await;
    app.until("an axis", "document.querySelectorAll('#timeline .tick').length >= 2").await;
    let label = format!("document.querySelector('{} .lane').ariaLabel", row(3).await.replace('"', ""));
    let label = label.replace("[data-call=3]", "[data-call=\"3\"]");
    assert!(app.value(&label).await.as_str().unwrap().starts_with("Wait 3"), "{:?}", app.value(&label).await);
    app.hover(&format!("{} [data-waterfall]", row(3).await)).await;
    app.until("the phases", "document.querySelector('.tip')?.innerText.includes('receive')").await;
    app.send("GET", "/events?every=50").await;
    app.becomes(5, "receiving").await;
    let share = "document.querySelector('#timeline [data-call=\"5\"] .bar').offsetWidth";
    let before = app.value(share).await.as_f64().unwrap();
    app.until("it grows", &format!("{share} > {}", before + 3.0)).await;
    // The first ones are still seen, however long the axis gets.
    assert!(
        app.value("document.querySelector('#timeline [data-call=\"1\"] .bar').offsetWidth >= 3").await == json!(true)
    );
    drawn_right(&app, "timeline-waterfall").await;
    app.close().await;
}

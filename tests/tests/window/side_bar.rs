//! The side bar: folders, keys, its width.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::{drawn_right, drawn_right_on_displays, pictures};

async fn save(app: &App, path: &str, name: &str) {
    app.click("#tab-request").await;
    app.put("#request-path", path).await;
    app.chord(&[Key::Control], 's').await;
    app.until("its name", "document.activeElement?.id === 'composer-name'").await;
    app.fill("#composer-name", name).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("it is saved", &format!("document.querySelector('[data-saved=\"{name}\"]')")).await;
}

/// The name of the folder that an entry is drawn in.
fn folder_of(name: &str) -> String {
    format!(
        "(() => {{ const rows = [...document.querySelectorAll('#side [role=treeitem]')]
           const at = rows.findIndex((row) => row.dataset.saved === '{name}')
           const level = Number(rows[at].ariaLevel)
           return rows.slice(0, at).findLast((row) => Number(row.ariaLevel) < level)?.dataset.folder ?? '' }})()"
    )
}

#[tokio::test]
async fn entries_are_moved_into_folders_by_menu_and_by_drag_and_folders_are_kept() {
    let app = App::open().await;
    save(&app, "/one", "first").await;
    save(&app, "/two", "second").await;
    app.open_menu_of("[data-saved=first] .load").await;
    // In a narrow window the side bar is behind a button: the menu is looked at in this size.
    app.picture(&pictures().join("menu-saved.png")).await;
    assert_eq!(app.findings_of_axe().await, [] as [String; 0]);
    app.click("#saved-move-new").await;
    let selected = "getSelection().toString() === 'New folder'";
    app.until("its name", &format!("document.activeElement?.ariaLabel === 'Name of New folder' && {selected}")).await;
    for key in "volumes".chars() {
        app.chord(&[], key).await;
    }
    app.chord(&[], Key::Enter.into()).await;
    app.until("the folder", &format!("{} === 'volumes'", folder_of("first"))).await;
    app.drag_onto("[data-saved=second] .load", "[data-folder=volumes] .load").await;
    app.until("it was dropped", &format!("{} === 'volumes'", folder_of("second"))).await;
    drawn_right(&app, "side-folders").await;
    // Collapsed by keys: Left from an entry goes to its folder, and Left there closes it.
    app.value("document.querySelector('[data-saved=first]').focus()").await;
    app.chord(&[], Key::Left.into()).await;
    app.until("the folder has the keys", "document.activeElement.dataset.folder === 'volumes'").await;
    app.chord(&[], Key::Left.into()).await;
    app.until("closed", "!document.querySelector('[data-saved=first]')").await;
    let home = app.close().await;
    let app = App::open_in(home, &[]).await;
    app.until("it is kept closed", "document.querySelector('[data-folder=volumes]')?.ariaExpanded === 'false'").await;
    app.value("document.querySelector('[data-folder=volumes]').focus()").await;
    app.chord(&[], Key::Right.into()).await;
    app.until("open", "document.querySelector('[data-saved=first]')").await;
    app.open_menu_of("[data-saved=first] .load").await;
    app.click("#saved-move-out").await;
    app.until("it is out", &format!("{} === ''", folder_of("first"))).await;
    // A folder is removed, not what is in it.
    app.value("document.querySelector('[data-folder=volumes]').focus()").await;
    app.chord(&[], Key::Delete.into()).await;
    app.until("no folder", "!document.querySelector('[data-folder]')").await;
    app.until("its entry stays", &format!("{} === ''", folder_of("second"))).await;
    app.close().await;
}

#[tokio::test]
async fn the_side_bar_is_one_tab_stop_with_arrows_inside_and_it_collapses() {
    let app = App::open().await;
    let stops = "document.querySelectorAll('#side [tabindex=\"0\"]').length";
    app.until("one stop", &format!("{stops} === 1")).await;
    app.value("document.querySelector('#side-filter').focus()").await;
    app.chord(&[], Key::Down.into()).await;
    app.chord(&[], Key::Down.into()).await;
    app.chord(&[], Key::Down.into()).await;
    app.until(
        "a row of the tree",
        "document.activeElement.role === 'treeitem' || document.activeElement.getAttribute('role') === 'treeitem'",
    )
    .await;
    app.until("still one stop", &format!("{stops} === 1")).await;
    // By keys to the routes and back.
    app.value("document.querySelector('#side-saved').focus()").await;
    app.chord(&[], Key::Right.into()).await;
    app.until("routes", "document.activeElement.id === 'side-routes' && document.querySelector('#routes-find')").await;
    drawn_right(&app, "side-routes-none").await;
    app.value("document.querySelector('#side-routes').focus()").await;
    app.chord(&[], Key::Left.into()).await;
    app.until("saved", "document.querySelector('[data-saved=hello]')").await;
    app.drag("main > .separator", 60).await;
    app.until("wider", "document.querySelector('#side').offsetWidth > 250").await;
    let width = app.value("document.querySelector('#side').offsetWidth").await;
    app.value("document.activeElement.blur()").await;
    app.chord(&[Key::Control], 'b').await;
    app.until("collapsed", "!document.querySelector('#side') && document.querySelector('#side-show')").await;
    drawn_right(&app, "side-collapsed").await;
    let home = app.close().await;
    let app = App::open_in(home, &[]).await;
    app.until("still collapsed", "document.querySelector('#side-show') && !document.querySelector('#side')").await;
    app.click("#side-show").await;
    app.until("as wide as before", &format!("document.querySelector('#side')?.offsetWidth === {width}")).await;
    app.close().await;
}

#[tokio::test]
async fn the_side_bar_is_wider_in_a_wide_window_until_its_width_is_set() {
    let app = App::open().await;
    let name = "Volumes of this extension";
    save(&app, "/volumes", name).await;
    let width = "document.querySelector('#side').offsetWidth";
    let is_cut = format!(
        "(() => {{ const text = document.querySelector('[data-saved=\"{name}\"] .clip'); return text.scrollWidth > text.clientWidth }})()"
    );
    let usual = app.value(width).await.as_f64().unwrap();
    assert_eq!(app.value(&is_cut).await, json!(true));
    app.resize(1920, 1080).await;
    app.until("wider", &format!("{width} > {usual} + 80")).await;
    assert_eq!(app.value(&is_cut).await, json!(false));
    drawn_right_on_displays(&app, "side-wide").await;
    app.resize(1920, 1080).await;
    app.drag("main > .separator", -60).await;
    app.until("narrower", &format!("{width} < {usual} + 80")).await;
    let set = app.value(width).await;
    app.resize(1440, 900).await;
    app.until("the size", "innerWidth === 1440").await;
    assert_eq!(app.value(width).await, set);
    let app = App::open_in(app.close().await, &[]).await;
    app.until("as it was set", &format!("document.querySelector('#side')?.offsetWidth === {set}")).await;
    // Set back, it grows again.
    app.click_twice("main > .separator").await;
    app.until("as usual", &format!("{width} === {usual}")).await;
    app.resize(1920, 1080).await;
    app.until("wider", &format!("{width} > {usual} + 80")).await;
    app.close().await;
}

#[tokio::test]
async fn pictures_of_the_window_in_other_sizes() {
    let app = App::open().await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    for (name, width, height) in [("large", 1920, 1080), ("medium", 1024, 700)] {
        app.resize(width, height).await;
        app.picture(&pictures().join(format!("workbench-{name}.png"))).await;
        let findings = app.findings_of_axe().await;
        assert!(findings.is_empty(), "{name}: {findings:#?}");
        assert_eq!(app.value("document.documentElement.scrollWidth > innerWidth").await, json!(false));
    }
    app.close().await;
}

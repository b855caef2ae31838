//! The menu of the pointer's other button.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use porthole_tests::{desktop::key, eventually, pages::Pages};
use serde_json::json;

use crate::{
    page::shows,
    person::{Person, STAGES},
};

/// One link is all of it.
const LINK: &str = "addEventListener('keydown', ({ key }) => console.log('key ' + key))
addEventListener('load', () => {
  document.body.innerHTML = '<a id=link href=\"ADDRESS\" target=_top style=\"position:fixed;inset:0;font-size:60px\">link</a>'
  console.log('ready')
})";

/// Presses until there is a menu: a press that comes before the window is ready for it is lost.
async fn open_menu(person: &Person) {
    let pressed = Cell::new(None::<Instant>);
    eventually("the menu", async || {
        if person.desktop.menus() > 0 {
            return Some(());
        }
        if pressed.get().is_none_or(|at| at.elapsed() > Duration::from_secs(3)) {
            person.desktop.click_for_menu();
            pressed.set(Some(Instant::now()));
        }
        None
    })
    .await;
}

#[tokio::test]
async fn no_item_of_the_menu_leads_the_window_away() {
    let away = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&away);
    let pages = Pages::serve_with(0, "<title>away</title>", move |_, _, _| {
        seen.store(true, Ordering::SeqCst);
        false
    });
    for address in [format!("{}/away", pages.origin()), "about:blank".to_owned()] {
        for stage in STAGES {
            let person = Person::before(&LINK.replace("ADDRESS", &address), stage).await;
            let own = person.app.value("location.href").await;
            // Once for the window, then for the page: only the second press is the page's.
            person.click("#page-frame").await;
            for downs in 1..=3 {
                person.point("#page-frame").await;
                // Keys that come before it are the page's, and a menu that stays open keeps the window from closing.
                open_menu(&person).await;
                for _ in 0..downs {
                    person.desktop.key(key::DOWN);
                }
                person.desktop.key(key::ENTER);
                person.desktop.key(key::ESCAPE);
                eventually("no menu", async || (person.desktop.menus() == 0).then_some(())).await;
                assert_eq!(person.app.value("location.href").await, own, "{stage:?} {address}");
                // It is the same document still, and not one that was loaded again.
                shows(&person.app, "print", "ready").await;
            }
            assert_eq!(person.app.value("Boolean(document.querySelector('#page-frame'))").await, json!(true));
            person.app.close().await;
        }
    }
    assert!(!away.load(Ordering::SeqCst), "{:?}", pages.asked());
}

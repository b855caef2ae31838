//! The menu of the pointer's other button.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use porthole_tests::pages::Pages;
use serde_json::json;

use crate::{
    page::shows,
    person::{Person, STAGES},
};

/// One link is all of it.
const LINK: &str = "let asked = 0, moved = 0
addEventListener('contextmenu', () => console.log('asked ' + ++asked))
addEventListener('mousemove', () => { if (moved < asked) console.log('moved after ' + (moved = asked)) })
addEventListener('load', () => {
  document.body.innerHTML = '<a id=link href=\"ADDRESS\" target=_top style=\"position:fixed;inset:0;font-size:60px\">link</a>' +
    '<b id=corner style=\"position:fixed;right:0;bottom:0;width:40px;height:40px\"></b>'
  console.log('ready')
})";

#[tokio::test]
async fn the_web_views_own_menu_never_comes_over_a_page() {
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
            for asked in 1..=3 {
                person.point("#page-frame").await;
                person.desktop.click_for_menu();
                shows(&person.app, "print", &format!("asked {asked}")).await;
                // An open menu would take the pointer.
                person.point_in_page("#corner").await;
                shows(&person.app, "print", &format!("moved after {asked}")).await;
                assert_eq!(person.desktop.menus(), 0, "{stage:?} {address}");
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

//! The end of a page: nothing of it goes on where the next extension's page is.

use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use porthole_tests::{
    eventually,
    outside::{self, BY_MESSAGE},
    pages::Pages,
    window::{App, Home},
};
use serde_json::json;

use crate::{
    backed::NO_ENGINE,
    isolation::open_served,
    own::AWAY,
    page::{extension, in_page, open, shows},
};

/// Asks its server for what outlives a page.
const ASKS: &str = "<!doctype html><title>asks</title><script>
fetch('/slow/keepalive', { keepalive: true, credentials: 'include' }).catch(() => {})
navigator.sendBeacon('/slow/beacon', 'x')
addEventListener('pagehide', () => {
  void fetch('/slow/late', { keepalive: true, credentials: 'include' })
  navigator.sendBeacon('/slow/later', 'x')
})
console.log('asked')
</script>";

const NEXT: &str = "<!doctype html><title>next</title><script>
document.cookie = 'session=secret; SameSite=Strict'
console.log('found ' + document.cookie)
</script>";

#[tokio::test]
async fn what_a_page_has_asked_of_the_network_ends_before_the_next_extensions_page_is_shown() {
    let (began, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let counts = (Arc::clone(&began), Arc::clone(&ended));
    // Its answer, with a redirection that would carry the cookies of the next page, never comes.
    let pages = Pages::serve_with(0, ASKS, move |path, _, stream| {
        if !path.starts_with("/slow/") {
            return false;
        }
        counts.0.fetch_add(1, Ordering::SeqCst);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
        // A reset connection has ended too.
        while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
        counts.1.fetch_add(1, Ordering::SeqCst);
        true
    });
    let (hostile, next) = (extension("Hostile", "1"), extension("Next", "1"));
    let app = App::open().await;
    open_served(&app, hostile.path(), pages.port).await;
    shows(&app, "print", "asked").await;
    eventually("its requests", async || (began.load(Ordering::SeqCst) >= 2).then_some(())).await;
    app.click("#page-close").await;
    let theirs = Pages::serve(NEXT);
    open_served(&app, next.path(), theirs.port).await;
    shows(&app, "print", "found session=secret").await;
    eventually("the end of them all", async || {
        (ended.load(Ordering::SeqCst) == began.load(Ordering::SeqCst)).then_some(())
    })
    .await;
    // The same extension, read again, keeps what it has.
    app.click("#page-clear").await;
    app.click("#page-reload").await;
    shows(&app, "print", "found session=secret").await;
    app.close().await;
}

#[tokio::test]
async fn a_page_that_loops_in_its_own_window_ends_when_it_is_closed() {
    let loops = "<!doctype html><title>loops</title><script>
        window.go = () => setTimeout(() => { for (;;) {
          const beat = new XMLHttpRequest(); beat.open('GET', '/beat', false); try { beat.send() } catch {}
        } }, 2000)
        console.log('ready')</script>";
    let (hostile, next) = (extension("Hostile", "1"), extension("Next", "1"));
    let app = App::open().await;
    let process = app.process();
    let pages = Pages::serve(loops);
    open_served(&app, hostile.path(), pages.port).await;
    shows(&app, "print", "ready").await;
    app.click("#page-own").await;
    app.go_to(true).await;
    shows(&app, "print", "ready").await;
    assert_eq!(outside::web_processes(process).len(), 2);
    in_page(&app, "window.go(); return true").await;
    app.go_to(false).await;
    eventually("it loops", async || pages.asked().contains(&"/beat".to_owned()).then_some(())).await;
    // By a script: WebDriver's click can fail with the window that goes with it.
    app.click("#page-more").await;
    app.value("document.querySelector('#page-close').click()").await;
    let theirs = Pages::serve(NEXT);
    open_served(&app, next.path(), theirs.port).await;
    shows(&app, "print", "found session=secret").await;
    assert_eq!(outside::web_processes(process).len(), 1, "nothing of it runs on");
    assert_eq!(app.value("document.querySelectorAll('#page-frame').length").await, json!(1));
    app.close().await;
}

#[tokio::test]
async fn a_page_that_holds_up_its_window_while_it_goes_is_asked_about() {
    let folder = extension("Stays", "addEventListener('pagehide', () => { for (;;) {} })\nconsole.log('ready')");
    let mut app = App::open_in(Home::default(), &[BY_MESSAGE, NO_ENGINE[0]]).await;
    let process = app.process();
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    // WebDriver would wait for the window. While the page is being read, the button is disabled, and a click does nothing.
    app.until("the button", "document.querySelector('#page-more:not(:disabled)')").await;
    app.click("#page-more").await;
    app.until("the menu", "document.querySelector('#page-own')").await;
    app.value("void setTimeout(() => document.querySelector('#page-own').click(), 500)").await;
    eventually("the question", async || {
        outside::titles(process).contains(&"Porthole doesn't respond".to_owned()).then_some(())
    })
    .await;
    let before = outside::web_processes(process);
    outside::press(process, "Porthole doesn't respond", 'r');
    eventually("another process for the window", async || {
        let now = outside::web_processes(process);
        (now.len() == 2 && now.iter().any(|process| !before.contains(process))).then_some(())
    })
    .await;
    app.drive_again().await;
    app.go_to(false).await;
    app.click("#tab-page").await;
    app.until("the page is in its own window", AWAY).await;
    app.close().await;
}

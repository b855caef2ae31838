//! A page that asks for too much, and a web process that keeps ending: the window answers, or says why it can't.

use porthole_tests::{
    eventually,
    outside::{self, BY_MESSAGE},
    pages::Pages,
    window::{App, Home},
};
use serde_json::json;

use crate::{
    page::{extension, in_page, open, shows},
    page_source::serve_from,
};

/// A million calls: in one loop, of each kind; a tenth of that in a loop that catches what they throw; from a port that
/// the page asked for again; as fast as there is room for them. What is left of them is `left`.
const FLOODS: &str = "const call = JSON.stringify({ kind: 'call', id: 1, called: 'x', text: 'x',
  asked: { kind: 'request', method: 'GET', url: '/hello', headers: [] } })
let left
window.goes = {
  asked() { for (left = 1e6; left > 0; left -= 1) void ddClient.extension.vm.service.get('/hello').catch(() => {}) },
  caught() {
    for (left = 1e5; left > 0; left -= 1)
      try { void ddClient.extension.vm.service.get('/hello').catch(() => {}) } catch {}
  },
  streamed() {
    const stream = { onOutput() {}, onError() {} }
    for (left = 1e6; left > 0; left -= 1) ddClient.extension.vm.cli.exec('ls', [`${left}`], { stream })
  },
  toasted() { for (left = 1e6; left > 0; left -= 1) ddClient.desktopUI.toast.success(`toast ${left}`) },
  printed() { for (left = 1e6; left > 0; left -= 1) console.log('line', left) },
  posted() {
    addEventListener('message', ({ ports: [port] }) => {
      for (let n = 0; n < 1e6; n += 1) port.postMessage(call)
    })
    parent.postMessage('porthole: a page is here', '*')
  },
  unread() {
    addEventListener('message', ({ ports: [port] }) => {
      for (let n = 0; n < 20000; n += 1) port.postMessage(call)
    })
    parent.postMessage('porthole: a page is here', '*')
  },
  steady() {
    left = 1e6
    const next = () => { if (left-- > 0) ddClient.extension.vm.service.get('/hello').catch(() => {}).finally(next) }
    for (let n = 0; n < 2000; n += 1) next()
  },
}
window.left = () => left
window.go = (name) => setTimeout(() => window.goes[name](), 50)
console.log('ready')
";

/// Has the page flood the window, and clicks in the main one meanwhile: each click is answered.
async fn flooded(app: &App, how: &str, in_own_window: bool) {
    if !in_own_window {
        app.click("#tab-page").await;
    }
    in_page(app, &format!("window.go('{how}'); return true")).await;
    if in_own_window {
        app.go_to(false).await;
    }
    for n in 0..8 {
        let (tab, there) = if n % 2 == 0 {
            ("#tab-request", "document.querySelector('#request-path')")
        } else {
            ("#tab-command", "document.querySelector('#command-program')")
        };
        app.click(tab).await;
        app.until("what the tab shows", there).await;
    }
}

/// How many calls a flood has left.
async fn left(app: &App) -> f64 {
    app.click("#tab-page").await;
    in_page(app, "return window.left()").await.as_f64().expect("a number")
}

/// A loop keeps the thread busy that the page shares with the window: one that isn't heard any more is ended.
#[tokio::test]
async fn a_loop_of_a_million_calls_in_the_main_window_leaves_it_answering() {
    let folder = extension("Floods", FLOODS);
    let app = App::open().await;
    for (how, ended) in [("asked", true), ("caught", false), ("streamed", true), ("toasted", true), ("printed", false)]
    {
        open(&app, folder.path()).await;
        shows(&app, "print", "ready").await;
        flooded(&app, how, false).await;
        let left = left(&app).await;
        assert!(if ended { left > 980_000.0 } else { left == 0.0 }, "{how}: {left} left");
        app.click("#page-close").await;
    }
    app.close().await;
}

#[tokio::test]
async fn a_million_calls_leave_the_window_answering() {
    let folder = extension("Floods", FLOODS);
    let app = App::open().await;
    for how in ["unread", "steady"] {
        open(&app, folder.path()).await;
        shows(&app, "print", "ready").await;
        flooded(&app, how, false).await;
        if how == "steady" {
            assert!(left(&app).await > 0.0, "the clicks came after the flood");
        }
        app.click("#tab-page").await;
        if how == "unread" {
            // It went around its own client: it isn't heard any more, and says nothing.
            app.until("why it ended", "document.querySelector('.trouble [data-code]')").await;
            let code = app.value("document.querySelector('.trouble [data-code]').dataset.code").await;
            assert_eq!(code.as_str(), Some("page_cut_off"));
            assert_eq!(app.value("document.querySelector('#page-frame')").await, json!(null));
        }
        app.click("#page-close").await;
    }
    app.until("no call is left", "!document.querySelector('#timeline [data-outcome=pending]')").await;
    app.click("[data-saved=\"404\"] .play").await;
    app.until("an answer", "document.querySelector('#detail .head')?.innerText.includes('/status/404')").await;
    app.close().await;
}

#[tokio::test]
async fn a_million_calls_from_its_own_window_and_from_a_server_leave_the_main_window_answering() {
    let folder = extension("Floods", FLOODS);
    let app = App::open().await;
    for how in ["asked", "posted", "steady"] {
        open(&app, folder.path()).await;
        shows(&app, "print", "ready").await;
        app.click("#page-own").await;
        app.go_to(true).await;
        shows(&app, "print", "ready").await;
        flooded(&app, how, true).await;
        app.click("#tab-page").await;
        app.click("#page-close").await;
    }
    let pages = Pages::serve(&format!("<!doctype html><script>{FLOODS}</script>"));
    open(&app, folder.path()).await;
    serve_from(&app, &format!("localhost:{}", pages.port)).await;
    app.until("the server's page", "document.querySelector('#page-frame')?.src.startsWith('http:')").await;
    shows(&app, "print", "ready").await;
    flooded(&app, "steady", false).await;
    assert!(left(&app).await > 0.0, "the clicks came after the flood");
    app.close().await;
}

/// What is asked when the window can't be drawn.
const LOST: &str = "Porthole can't show its window";

/// Whether a web process has begun to draw. WebKit gives up the whole application when one ends before it was connected
/// to.
fn draws(process: &u32) -> bool {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
    maps.contains(".ttf") || maps.contains("/fonts/")
}

/// Ends the web process each time that it starts, until Porthole asks what to do.
async fn keeps_ending(app: u32) {
    eventually("the question", async || {
        outside::web_processes(app).into_iter().filter(draws).for_each(outside::kill);
        outside::titles(app).contains(&LOST.to_owned()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_web_process_that_keeps_ending_is_started_again_when_somebody_says_so() {
    let mut app = App::open_in(Home::default(), &[BY_MESSAGE]).await;
    let process = app.process();
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    keeps_ending(process).await;
    outside::press(process, LOST, 'r');
    eventually("no question", async || (!outside::titles(process).contains(&LOST.to_owned())).then_some(())).await;
    app.drive_again().await;
    app.becomes(call, "status").await;
    let next = app.play("hello").await;
    app.becomes(next, "status").await;
    // And once more, for the other answer.
    keeps_ending(process).await;
    outside::press(process, LOST, 'q');
    eventually("the end", async || std::fs::metadata(format!("/proc/{process}/exe")).is_err().then_some(())).await;
}

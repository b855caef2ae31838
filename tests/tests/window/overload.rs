//! A page that asks for too much, and a web process that keeps ending: the window answers, or says why it can't.

use std::time::{Duration, Instant};

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

/// How long a busy window may keep somebody waiting.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many times as long as before a click may take besides: the machine may be slow, and do much else.
const SLOWER: u32 = 10;

/// A million calls: in one loop, of each kind; a tenth of that in a loop that catches what they throw; from a port that the page
/// asked for again; as fast as there is room for them.
const FLOODS: &str = "const call = JSON.stringify({ kind: 'call', id: 1, called: 'x', text: 'x',
  asked: { kind: 'request', method: 'GET', url: '/hello', headers: [] } })
window.goes = {
  asked() { for (let n = 0; n < 1e6; n += 1) void ddClient.extension.vm.service.get('/hello').catch(() => {}) },
  caught() {
    for (let n = 0; n < 1e5; n += 1)
      try { void ddClient.extension.vm.service.get('/hello').catch(() => {}) } catch {}
  },
  streamed() {
    const stream = { onOutput() {}, onError() {} }
    for (let n = 0; n < 1e6; n += 1) ddClient.extension.vm.cli.exec('ls', [`${n}`], { stream })
  },
  toasted() { for (let n = 0; n < 1e6; n += 1) ddClient.desktopUI.toast.success(`toast ${n}`) },
  printed() { for (let n = 0; n < 1e6; n += 1) console.log('line', n) },
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
    let left = 1e6
    const next = () => { if (left-- > 0) ddClient.extension.vm.service.get('/hello').catch(() => {}).finally(next) }
    for (let n = 0; n < 2000; n += 1) next()
  },
}
window.go = (name) => setTimeout(() => {
  const began = performance.now()
  try { window.goes[name]() } finally { window.took = performance.now() - began }
}, 50)
console.log('ready')
";

/// How long the main window takes to do what is clicked on, at worst, while a page floods it.
async fn worst_click(app: &App, times: u32) -> Duration {
    let mut worst = Duration::ZERO;
    for n in 0..times {
        let (tab, there) = if n % 2 == 0 {
            ("#tab-request", "document.querySelector('#request-path')")
        } else {
            ("#tab-command", "document.querySelector('#command-program')")
        };
        let began = Instant::now();
        app.click(tab).await;
        app.until("what the tab shows", there).await;
        worst = worst.max(began.elapsed());
    }
    worst
}

/// Clicks, floods, and clicks beside it.
async fn flooded(app: &App, how: &str, in_own_window: bool) {
    if in_own_window {
        app.go_to(false).await;
    }
    let before = worst_click(app, 8).await;
    if in_own_window {
        app.go_to(true).await;
    } else {
        app.click("#tab-page").await;
    }
    in_page(app, &format!("window.go('{how}'); return true")).await;
    if in_own_window {
        app.go_to(false).await;
    }
    let worst = worst_click(app, 8).await;
    eprintln!("{how}: {worst:?} at worst, {before:?} before");
    assert!(worst < PATIENCE + SLOWER * before, "{how}: {worst:?}, {before:?} before");
}

/// How long it takes until a click on a tab is answered that comes while a page of the main window calls a million times
/// in one loop.
#[tokio::test]
async fn a_loop_of_a_million_calls_in_the_main_window_leaves_it_answering() {
    let folder = extension("Floods", FLOODS);
    let app = App::open().await;
    for how in ["asked", "caught", "streamed", "toasted", "printed"] {
        open(&app, folder.path()).await;
        shows(&app, "print", "ready").await;
        flooded(&app, how, false).await;
        app.click("#tab-page").await;
        let took = in_page(&app, "return window.took").await;
        eprintln!("{how}: the loop took {took} ms");
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

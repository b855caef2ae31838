//! The page in a window of its own: what it does is recorded in the main one, and what keeps it busy
//! keeps nothing else.

use porthole_tests::{
    eventually,
    outside::{self, BY_MESSAGE},
    window::{App, Home},
};
use serde_json::json;

use crate::{
    backed::{Backed, NO_ENGINE, open_backed, without_engine},
    drawn::pictures,
    page::{extension, in_page, shows},
};

const PAGE: &str = "window.go = async () => {
  try { console.log('got ' + (await ddClient.extension.host.cli.exec('echo', ['two words'])).stdout.trim()) }
  catch (error) { console.log('refused: ' + error.message) }
}
window.hang = () => setTimeout(() => { for (;;) {} }, 3000)
ddClient.extension.vm.service.get('/hello').then(({ message }) => console.log(message))
console.log('ready')
";

pub const AWAY: &str =
    "document.querySelector('#page-back')?.parentElement.parentElement.innerText.includes('its own window')";

/// Opens a page and moves it to its own window.
async fn moved(app: &App, folder: &std::path::Path) -> Backed {
    let backend = open_backed(app, folder).await;
    shows(app, "print", "Hello from the demo backend").await;
    app.click("#page-own").await;
    app.until("it is away", AWAY).await;
    assert_eq!(app.value("document.querySelector('#page-frame')").await, json!(null));
    app.go_to(true).await;
    shows(app, "print", "Hello from the demo backend").await;
    backend
}

#[tokio::test]
async fn a_page_in_its_own_window_is_recorded_in_the_main_one_and_comes_back() {
    let folder = extension("Volumes", PAGE);
    let app = without_engine().await;
    let process = app.process();
    let _backend = moved(&app, folder.path()).await;
    let processes = outside::web_processes(process);
    assert_eq!(processes.len(), 2, "the page has a process of its own: {processes:?}");
    // It asks where it is, and what it does is in the timeline.
    in_page(&app, "void window.go(); return true").await;
    app.decide("once").await;
    shows(&app, "print", "got two words").await;
    let drawn = async |name: &str| {
        for (size, width, height) in [("narrow", 500, 400), ("wide", 1000, 720)] {
            app.resize(width, height).await;
            app.picture(&pictures().join(format!("page-own-{name}-{size}.png"))).await;
            assert_eq!(app.findings_of_axe().await, Vec::<String>::new(), "{name} {size}");
        }
    };
    drawn("light").await;
    app.go_to(false).await;
    app.theme("Dark").await;
    app.go_to(true).await;
    app.until("dark", "matchMedia('(prefers-color-scheme: dark)').matches").await;
    drawn("dark").await;
    crate::page::may(&app, "host", "record").await;
    app.go_to(false).await;
    app.until("its calls", "document.querySelectorAll('#timeline [data-call]').length === 3").await;
    app.becomes(3, "ended").await;
    app.picture(&pictures().join("page-away.png")).await;
    assert_eq!(app.findings_of_axe().await, Vec::<String>::new());
    // Loaded again, the main window knows that the page is away.
    app.reload().await;
    app.click("#tab-page").await;
    app.until("it is still away", AWAY).await;
    app.click("#page-back").await;
    app.until("the frame", "document.querySelector('#page-frame')").await;
    shows(&app, "print", "Hello from the demo backend").await;
    assert_eq!(
        app.value("document.querySelector('#page-permissions [data-host]').dataset.host").await,
        json!("record")
    );
    eventually("one window", async || (outside::titles(process).len() == 1).then_some(())).await;
    // Closed by its frame's button, the page stands still until it is loaded again.
    app.click("#page-own").await;
    app.go_to(true).await;
    app.go_to(false).await;
    outside::close(process, "Volumes - Porthole");
    app.until("it is gone", "document.querySelector('.stage .gone')").await;
    app.click("#page-reload").await;
    shows(&app, "print", "ready").await;
    // It goes with the main window.
    app.click("#page-own").await;
    app.go_to(true).await;
    app.close().await;
}

#[tokio::test]
async fn a_loop_in_its_own_window_leaves_the_main_one_answering() {
    let folder = extension("Loops", PAGE);
    let mut app = App::open_in(Home::default(), &[BY_MESSAGE, NO_ENGINE[0]]).await;
    let process = app.process();
    let _backend = moved(&app, folder.path()).await;
    in_page(&app, "window.hang(); return true").await;
    // Before it loops: WebDriver waits for the answer of whatever it asks.
    app.go_to(false).await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    eventually("the question", async || {
        outside::titles(process).contains(&"Porthole doesn't respond".to_owned()).then_some(())
    })
    .await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    outside::press(process, "Porthole doesn't respond", 'c');
    eventually("one window", async || (outside::titles(process).len() == 1).then_some(())).await;
    eventually("one process", async || (outside::web_processes(process).len() == 1).then_some(())).await;
    app.drive_again().await;
    app.click("#tab-page").await;
    app.until("what happened", "document.body.innerText.includes('it kept its window busy')").await;
    app.click("#page-reload").await;
    shows(&app, "print", "ready").await;
    app.close().await;
}

#[tokio::test]
async fn a_page_that_means_harm_reaches_nothing_from_its_own_window() {
    let folder = extension("Harm", PAGE);
    let app = without_engine().await;
    let _backend = moved(&app, folder.path()).await;
    for attempt in [
        "return await parent.__TAURI_INTERNALS__.invoke('page_window_state', {})",
        "return await window.__TAURI_INTERNALS__.invoke('page_window_state', {})",
        "return parent.document.title",
        "return top.location.href",
        "top.location.href = 'https://example.org/'; return top.location.href",
        "return (await fetch('ipc://localhost/own_page', { method: 'POST', body: '{}' })).status",
        "return (await fetch('tauri://localhost/index.html')).status",
        "return String(open('https://example.org/').closed)",
    ] {
        let script = format!(
            "return Promise.race([(async () => {{ {attempt} }})().then((got) => 'REACHED ' + got, () => 'refused'),
              new Promise((late) => setTimeout(late, 1500, 'silence'))])"
        );
        let said = in_page(&app, &script).await;
        assert!(!said.as_str().unwrap().contains("REACHED"), "{attempt}: {said}");
    }
    in_page(
        &app,
        "for (const key of ['', 'x', undefined]) window.webkit?.messageHandlers?.ipc?.postMessage(JSON.stringify({
           cmd: 'close_page_window', callback: 1, error: 2, options: {}, payload: {}, __TAURI_INVOKE_KEY__: key }));
         return true",
    )
    .await;
    // The window around it may itself use nothing but what a page needs.
    for (command, args) in [
        ("run", "{ command: { place: { kind: 'host' }, program: 'true', args: [], env: [], envMode: 'add' } }"),
        ("save_settings", "{ settings: {} }"),
        ("bootstrap", "{}"),
        ("clear", "{}"),
    ] {
        let said =
            app.answer(&format!("return 'REACHED ' + await __TAURI_INTERNALS__.invoke('{command}', {args})")).await;
        assert!(said.as_str().unwrap().contains("not allowed"), "{command}: {said}");
    }
    assert!(
        app.answer("return (await __TAURI_INTERNALS__.invoke('page_window_state', {})).opened.title").await
            == json!("Harm")
    );
    app.go_to(false).await;
    app.has_calls(2).await;
    app.close().await;
}

//! Where an extension's page comes from: what Vite built of React and the official client, and its
//! development server, whose hot reload goes on working.

use std::fs;

use porthole_tests::{ports::Port, vite::Sources, window::App};
use serde_json::json;

use crate::{
    backed::{NO_ENGINE, name_a_backend, reload_backed, take_backend, without_engine},
    drawn::drawn_right,
    page::{extension, in_page, open, reaches_nothing, shows},
};

/// Waits until an expression in the page is true.
async fn page_has(app: &App, expression: &str) {
    let script = format!(
        "for (let left = 1000; left > 0; left--) {{ if ({expression}) return true; await new Promise((on) => setTimeout(on, 20)) }}
         return document.documentElement.outerHTML"
    );
    let found = in_page(app, &script).await;
    assert_eq!(found, json!(true), "{expression}\nthe window shows: {}", app.text("body").await);
}

/// All that the React page does came to an end that is right.
async fn react_works(app: &App) {
    page_has(app, "document.querySelector('#hello')?.textContent === 'Hello from the demo backend'").await;
    page_has(app, "document.querySelector('#code')?.textContent === 'ended with 0'").await;
    page_has(app, "[...document.querySelectorAll('#lines li')].map((line) => line.textContent).join() === '1,2,3'")
        .await;
    page_has(app, "document.querySelector('#later')").await;
}

/// Chooses where the page comes from.
async fn choose(app: &App, source: &str) {
    app.until("the choice", "document.querySelector('#page-source:not(:disabled)')").await;
    app.click(&format!("#page-source-{source}")).await;
}

/// Has the page come from a development server.
pub(crate) async fn serve_from(app: &App, server: &str) {
    choose(app, "another").await;
    app.fill("#page-server", server).await;
    app.click("#page-server-use").await;
}

#[tokio::test]
async fn a_page_of_react_and_the_official_client_built_by_vite_does_what_it_does_in_docker_desktop() {
    let sources = Sources::default();
    sources.build();
    let app = without_engine().await;
    name_a_backend(sources.path());
    open(&app, sources.path()).await;
    // What a page asks for behind another side waits until it is seen.
    app.click("#side-page").await;
    app.decide("deny").await;
    let _backend = reload_backed(&app).await;
    shows(&app, "print", "began true").await;
    app.decide("always").await;
    react_works(&app).await;
    app.until(
        "its calls and the one that was denied",
        "document.querySelectorAll('#timeline [data-call]').length === 3",
    )
    .await;
    app.close().await;
}

#[tokio::test]
async fn a_page_comes_from_a_development_server_with_hot_reload_and_ddclient_first() {
    let sources = Sources::default();
    let reserved = Port::default();
    let port = reserved.number();
    let origin = format!("http://localhost:{port}");
    let app = without_engine().await;
    name_a_backend(sources.path());
    // Nothing is built: the extension is open all the same.
    app.click("#tab-page").await;
    app.fill("#page-folder", &sources.path().display().to_string()).await;
    app.click("#page-open").await;
    app.until(
        "why there is no page",
        "document.querySelector('.trouble [role=alert]')?.innerText.includes('files don')",
    )
    .await;

    let _backend = take_backend(&app).await;
    for (server, says) in [("http://example.org:3000", "isn't on this machine"), ("ftp://localhost", "start with http")]
    {
        serve_from(&app, server).await;
        let refused = format!("document.querySelector('.trouble [role=alert]')?.innerText.includes({})", json!(says));
        app.until(says, &refused).await;
    }
    drawn_right(&app, "page-server-refused").await;
    serve_from(&app, &port.to_string()).await;
    app.until(
        "the note",
        "document.querySelector('.stage [role=alert]')?.innerText.includes('No development server responds')",
    )
    .await;
    drawn_right(&app, "page-server-silent").await;

    // It is loaded by itself when the server comes.
    let server = sources.serve(port).await;
    app.click("#side-page").await;
    shows(&app, "print", "began true").await;
    app.decide("session").await;
    react_works(&app).await;
    shows(&app, "call", "view.tsx:").await;
    assert_eq!(in_page(&app, "return location.origin + ' ' + name").await, json!(format!("{origin} ")));
    drawn_right(&app, "page-served").await;

    // A module is replaced where it is; everything else stays as it was.
    in_page(&app, "window.mark = 'stays'; return true").await;
    sources.write("text.ts", "export const words = 'as it is now'\n");
    shows(&app, "print", "replaced as it is now").await;
    page_has(&app, "document.querySelector('h1').textContent === 'as it is now' && window.mark === 'stays'").await;
    app.has_calls(2).await;

    // What nobody accepts loads the page again: it is heard as before.
    in_page(&app, "setTimeout(() => { throw new RangeError('nobody catches this') }); return true").await;
    shows(&app, "uncaught", "nobody catches this").await;
    app.click("#page-clear:not(:disabled)").await;
    sources.write(
        "main.tsx",
        &fs::read_to_string(sources.path().join("page/main.tsx")).unwrap().replace("began", "again"),
    );
    shows(&app, "print", "again true").await;
    react_works(&app).await;
    page_has(&app, "window.mark === undefined").await;

    // Gone and back.
    drop(server);
    app.click("#page-reload").await;
    app.until("the note", "document.querySelector('#page-retry')").await;
    app.click("#page-retry").await;
    let server = sources.serve(port).await;
    app.until("the frame", "document.querySelector('#page-frame')").await;
    // Another process listens: what was allowed was allowed to the one before.
    app.decide("session").await;
    react_works(&app).await;

    // It is remembered for this folder, and can be undone.
    let home = app.close().await;
    let app = App::open_in(home, NO_ENGINE).await;
    open(&app, sources.path()).await;
    // What a page asks for behind another side waits until it is seen.
    app.click("#side-page").await;
    app.decide("deny").await;
    let _backend = reload_backed(&app).await;
    app.decide("session").await;
    react_works(&app).await;
    sources.build();
    choose(&app, "folder").await;
    app.until("the folder's own", "document.querySelector('#page-frame')?.src.startsWith('ext:')").await;
    app.decide("always").await;
    react_works(&app).await;
    drop(server);
    app.close().await;
}

#[tokio::test]
async fn a_served_page_that_means_harm_reaches_nothing_and_no_other_frame_is_given_a_client() {
    let sources = Sources::default();
    sources.write("index.html", "<!doctype html><title>harm</title><script>console.log('harm')</script>");
    let reserved = Port::default();
    let port = reserved.number();
    let _server = sources.serve(port).await;
    let app = App::open().await;
    app.click("#tab-page").await;
    app.fill("#page-folder", &sources.path().display().to_string()).await;
    app.click("#page-open").await;
    serve_from(&app, &format!("127.0.0.1:{port}")).await;
    shows(&app, "print", "harm").await;
    let attempts = [
        ("tauri", "return await parent.__TAURI_INTERNALS__.invoke('bootstrap', {})"),
        ("own tauri", "return await window.__TAURI_INTERNALS__.invoke('bootstrap', {})"),
        ("parent's document", "return parent.document.title"),
        ("top's address", "return top.location.href"),
        ("leading the window away", "top.location.href = 'https://example.org/'; return top.location.href"),
        (
            "ipc",
            "const answer = await fetch('ipc://localhost/opening', { method: 'POST', body: '{}',
               headers: { 'Tauri-Invoke-Key': 'x', 'Tauri-Callback': '1', 'Tauri-Error': '2' } });
             if (!answer.ok) throw answer.status; return answer.text()",
        ),
        ("the window's files", "return (await fetch('tauri://localhost/index.html')).status"),
        ("the console's frame", "return (await fetch('console://localhost/frame.js')).status"),
        (
            "a frame of the same name",
            "const frame = document.createElement('iframe'); frame.name = 'porthole: the page of ' +
               JSON.stringify({ origin: location.origin, facts: {} }); frame.src = '/';
             document.body.append(frame); await new Promise((on) => frame.onload = on);
             if (frame.contentWindow.ddClient === undefined) throw 0; return 'a client'",
        ),
    ];
    reaches_nothing(&app, &attempts).await;
    assert_eq!(app.calls().await, 0, "a command was reached by another way than ddClient");
    // Another server is not shown in its place, whatever the frame is called.
    let other = Sources::default();
    let reserved_elsewhere = Port::default();
    let elsewhere = reserved_elsewhere.number();
    let _other = other.serve(elsewhere).await;
    in_page(&app, &format!("location.href = 'http://127.0.0.1:{elsewhere}/'; return true")).await;
    page_has(&app, &format!("location.port === '{port}' && typeof window.ddClient === 'object'")).await;
    // The console's frame has none of it either.
    let plain = extension("Plain", "console.log('plain', name === '')");
    app.click("#page-close").await;
    open(&app, plain.path()).await;
    shows(&app, "print", "plain true").await;
    app.close().await;
}

//! What real pages are made of runs in the frame, and what is far too large for a call is refused in words.

use porthole_tests::window::App;
use serde_json::json;

use crate::{
    backed::{open_backed, without_engine},
    page::{extension, in_page, open, shows},
};

/// Each is an expression that a page of today relies on, and what it gives in a browser.
const PARTS: &[(&str, &str)] = &[
    ("isSecureContext && typeof crypto.randomUUID()", "string"),
    ("(await crypto.subtle.digest('SHA-256', new Uint8Array(1))).byteLength", "32"),
    ("eval('1 + 1') + new Function('return 1')()", "3"),
    ("WebAssembly.validate(wasm) && (await WebAssembly.instantiate(wasm)) && 'wasm'", "wasm"),
    (
        "await new Promise((on) => { const s = document.createElement('script'); s.textContent = 'window.inline = 1'; document.head.append(s); on(window.inline) })",
        "1",
    ),
    (
        "await new Promise((on) => { window.clicked = on; const b = document.createElement('b'); b.innerHTML = '<i onclick=\"clicked(2)\"></i>'; b.firstChild.click() })",
        "2",
    ),
    (
        "(() => { const s = document.createElement('style'); s.textContent = 'body { padding-left: 7px }'; document.head.append(s); return getComputedStyle(document.body).paddingLeft })()",
        "7px",
    ),
    (
        "(() => { const s = new CSSStyleSheet(); s.replaceSync('body { padding-top: 5px }'); document.adoptedStyleSheets = [s]; return getComputedStyle(document.body).paddingTop })()",
        "5px",
    ),
    ("await worker(new Worker(URL.createObjectURL(new Blob(['postMessage(3)']))))", "3"),
    ("await worker(new Worker('/assets/worker.js', { type: 'module' }))", "from a file"),
    ("(await import(URL.createObjectURL(new Blob(['export const x = 4'], { type: 'text/javascript' })))).x", "4"),
    ("(await import('/assets/part.js')).said", "a module"),
    ("await image('data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7')", "1"),
    (
        "await image(URL.createObjectURL(new Blob(['<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"1\"/>'], { type: 'image/svg+xml' })))",
        "9",
    ),
    ("await (await fetch('data:text/plain,hello')).text()", "hello"),
    ("await framed('data:text/html,hello')", "framed"),
    ("await framed(URL.createObjectURL(new Blob(['hello'], { type: 'text/html' })))", "framed"),
    ("await framed('/other.html')", "framed"),
    (
        "(await new Promise((on) => { const open = indexedDB.open('kept'); open.onsuccess = () => on(open.result.name); open.onerror = () => on('no') }))",
        "kept",
    ),
    ("(() => { sessionStorage.setItem('a', 'b'); return sessionStorage.getItem('a') })()", "b"),
    ("await (await fetch('/assets/part.js')).headers.get('content-type')", "text/javascript; charset=utf-8"),
];

const AROUND: &str = "
const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])
const worker = (worker) => new Promise((on) => { worker.onmessage = ({ data }) => on(data); worker.onerror = (e) => on('error ' + e.message) })
const image = (src) => new Promise((on) => { const i = new Image(); i.onload = () => on(i.width); i.onerror = () => on('error'); i.src = src })
const framed = (src) => new Promise((on) => { const f = document.createElement('iframe')
  addEventListener('securitypolicyviolation', () => on('refused'), { once: true }); f.onload = () => on('framed'); f.src = src; document.body.append(f) })
";

#[tokio::test]
async fn what_pages_of_today_are_made_of_runs_under_the_policy() {
    let folder = extension("Parts", "console.log('ready')");
    std::fs::write(
        folder.path().join("ui/assets/worker.js"),
        "import { said } from './part.js'\npostMessage('from a file')\n",
    )
    .unwrap();
    let app = App::open().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    let mut against = Vec::new();
    for (part, gives) in PARTS {
        let script = format!(
            "{AROUND} return Promise.race([(async () => String({part}))().catch((error) => 'threw ' + error),
               new Promise((late) => setTimeout(late, 3000, 'silence'))])"
        );
        let got = in_page(&app, &script).await;
        if got != json!(gives) {
            against.push(format!("{part}: {got}"));
        }
    }
    assert!(against.is_empty(), "{against:#?}");
    // What is refused is said where the page's other words are.
    in_page(&app, "const s = document.createElement('script'); s.src = 'https://example.org/x.js'; document.head.append(s); return true").await;
    shows(&app, "unloaded", "Refused by Porthole's policy for pages (script-src").await;
    assert_eq!(in_page(&app, "return confirm('Are you sure?')").await, json!(false));
    shows(&app, "print", "confirm() shows nothing here").await;
    app.close().await;
}

#[tokio::test]
async fn an_argument_of_fifty_megabytes_is_refused_in_words_and_one_of_ten_arrives() {
    let script = "const told = (what) => [() => console.log(what, 'done'), (error) => console.log(what, error.message)]
window.go = (millions) => {
  const text = 'x'.repeat(millions * 1e6)
  const { vm, host } = ddClient.extension
  const tries = {
    post: () => vm.service.post('/echo', { text }),
    header: () => vm.service.request({ url: '/echo', method: 'POST', headers: { 'x-large': text } }),
    exec: () => host.cli.exec('echo', [text]),
    stream: () => host.cli.exec('echo', [text], { stream: { onOutput() {} } }),
    print: () => console.log(text),
    toast: () => ddClient.desktopUI.toast.success(text),
  }
  for (const [what, ask] of Object.entries(tries)) {
    try { Promise.resolve(ask()).then(...told(what)) } catch (error) { console.log(what, error.message) }
  }
}
console.log('ready')
";
    let folder = extension("Large", script);
    let app = without_engine().await;
    let _backend = open_backed(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    in_page(&app, "window.go(50); return true").await;
    for what in ["post", "header", "exec", "stream"] {
        shows(&app, "print", &format!("{what} The call is too large: 50.0 MB, and the limit is 16.0 MB.")).await;
    }
    assert_eq!(app.calls().await, 0);
    // What is large and not too large is really sent, and the window goes on.
    in_page(
        &app,
        "ddClient.extension.vm.service.post('/echo', { text: 'x'.repeat(10 * 1024 * 1024) })
           .then((echo) => console.log('ten arrived', JSON.stringify(echo).length > 1e7), (error) => console.log('ten', error.message ?? JSON.stringify(error).slice(0, 200)));
         return true",
    )
    .await;
    shows(&app, "print", "ten arrived true").await;
    app.close().await;
}

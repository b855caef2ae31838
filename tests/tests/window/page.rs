//! An extension's page in the real window: what works in it, what is asked and refused, and what a
//! page that means harm does not reach.

use std::{fs, path::Path};

use fantoccini::{Locator, key::Key};
use porthole_tests::{eventually, window::App};
use serde_json::{Value, json};

use crate::{
    backed::{open_backed, without_engine},
    drawn::drawn_right,
};

const MANIFEST: &str = r#"{
  "icon": "icon.svg",
  "ui": { "dashboard-tab": { "title": "TITLE", "root": "/ui", "src": "index.html" } }
}
"#;

/// A folder with a page whose one script this is.
pub fn extension(title: &str, script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("metadata.json", &MANIFEST.replace("TITLE", title));
    write("icon.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    write("secret.txt", "secret");
    write("ui/data.json", "{\"volumes\":[\"pg data\"]}");
    write("ui/other.html", "<!doctype html><title>other</title><script>console.log('the other page')</script>");
    write("ui/assets/module.js", "import { said } from './part.js'\nconsole.log(said)\n");
    write("ui/assets/part.js", "export const said = 'a module'\n");
    write("ui/app.js", script);
    write(
        "ui/index.html",
        "<!doctype html><html lang=\"en\"><head><title>page</title><style>
        :root { color-scheme: light dark; font: 14px system-ui; background: #fff; color: #111 }
        @media (prefers-color-scheme: dark) { :root { background: #18212b; color: #eee } }
        </style><script src=\"app.js\"></script>
        <script type=\"module\" crossorigin src=\"./assets/module.js\"></script></head><body><h1>Volumes</h1><ul id=\"list\"></ul></body></html>",
    );
    folder
}

pub async fn open(app: &App, folder: &Path) {
    app.click("#tab-page").await;
    app.fill("#page-folder", &folder.display().to_string()).await;
    app.click("#page-open").await;
    // With an engine on this machine, starting a backend is offered first.
    app.until("the frame or the offer", "document.querySelector('#page-frame, #start-cancel')").await;
    app.value("document.querySelector('#start-cancel')?.click()").await;
    app.until("the frame", "document.querySelector('#page-frame')").await;
}

/// The texts of the entries of a kind.
pub(crate) async fn entries(app: &App, kind: &str) -> Vec<String> {
    let texts =
        format!("[...document.querySelectorAll('#page-log [data-entry={kind}]')].map((entry) => entry.textContent)");
    serde_json::from_value(app.value(&texts).await).unwrap()
}

/// Waits until an entry of a kind has these words, blanks aside: one that is out of sight has no layout to tell them by.
pub async fn shows(app: &App, kind: &str, words: &str) {
    let found = format!(
        "[...document.querySelectorAll('#page-log [data-entry={kind}]')].some((entry) => entry.textContent.replace(/\\s+/g, '').includes({}))",
        json!(words.split_whitespace().collect::<String>())
    );
    app.until(words, &found).await;
}

/// Chooses what the page may do.
pub(crate) async fn may(app: &App, kind: &str, may: &str) {
    app.click("#page-permissions").await;
    app.click(&format!("#page-may-{kind}-{may}")).await;
    if may == "allow" {
        app.decide_on("#allow", "confirm").await;
        app.until("it is gone", "!document.querySelector('#allow')").await;
    } else {
        app.chord(&[], Key::Escape.into()).await;
        app.until("it is closed", "!document.querySelector('.popover')").await;
    }
}

/// The answer of a script in the page itself.
pub async fn in_page(app: &App, script: &str) -> Value {
    in_frame(app, "#page-frame", script).await
}

pub async fn in_frame(app: &App, css: &str, script: &str) -> Value {
    // Between two loads of a page there is none, and one that was found may be gone.
    eventually("the frame", async || app.client().find(Locator::Css(css)).await.ok()?.enter_frame().await.ok()).await;
    let answer = app.answer(script).await;
    app.client().clone().enter_parent_frame().await.expect("the window");
    answer
}

/// Has the page try each of these, and what WebKit offers every frame: that needs a key that no frame has. What reaches
/// something comes back with it.
pub async fn reaches_nothing(app: &App, attempts: &[(&str, impl AsRef<str>)]) {
    for (name, attempt) in attempts {
        let attempt = attempt.as_ref();
        let script = format!(
            "return Promise.race([(async () => {{ {attempt} }})().then((got) => 'REACHED ' + got, () => 'refused'),
              new Promise((late) => setTimeout(late, 1500, 'silence'))])"
        );
        let said = in_page(app, &script).await;
        assert!(!said.as_str().unwrap().contains("REACHED"), "{name}: {said}");
    }
    in_page(
        app,
        "for (const key of ['', 'x', undefined]) window.webkit?.messageHandlers?.ipc?.postMessage(JSON.stringify({
           cmd: 'run', callback: 1, error: 2, options: {}, __TAURI_INVOKE_KEY__: key,
           payload: { command: { place: { kind: 'host' }, program: 'true', args: [], env: [], envMode: 'add' } } }));
         return true",
    )
    .await;
}

#[tokio::test]
async fn a_page_uses_ddclient_at_once_reads_its_files_and_has_routes() {
    let folder = extension(
        "Volumes",
        "console.log('first', typeof window.ddClient, document.scripts.length)
const call = window.ddClient.extension.vm.service.get('/hello')
window.wait = (async () => {
  console.log((await call).message)
  const own = await (await fetch('/data.json')).json()
  console.log('own file', own.volumes[0])
  const part = await fetch('data.json', { headers: { Range: 'bytes=2-8' } })
  console.log('part', part.status, await part.text())
  history.pushState({}, '', '/volumes/7')
  console.log('route', location.pathname, (await fetch('/volumes/8')).headers.get('content-type'))
  localStorage.setItem('kept', 'yes')
  console.log('stored', localStorage.getItem('kept'))
  try { await window.ddClient.extension.vm.service.get('/status/404') } catch (error) { console.error(error) }
  window.ddClient.desktopUI.toast.success('cloned')
  document.querySelector('#list').innerHTML = '<li>pg data</li>'
  setTimeout(() => { throw new RangeError('nobody catches this') })
  Promise.reject(new Error('nor this'))
})()
",
    );
    let app = without_engine().await;
    let _backend = open_backed(&app, folder.path()).await;
    shows(&app, "print", "first object 1").await;
    shows(&app, "print", "Hello from the demo backend").await;
    shows(&app, "print", "a module").await;
    shows(&app, "print", "own file pg data").await;
    shows(&app, "print", "part 206 volumes").await;
    shows(&app, "print", "route /volumes/7 text/html; charset=utf-8").await;
    shows(&app, "print", "stored yes").await;
    shows(&app, "print", "statusCode: 404").await;
    shows(&app, "desktop", "cloned").await;
    shows(&app, "uncaught", "nobody catches this").await;
    shows(&app, "uncaught", "nor this").await;
    app.until("its calls", "document.querySelectorAll('#timeline [data-call]').length === 2").await;
    drawn_right(&app, "page").await;
    // A call of the page is one of the timeline: a click shows what it really did.
    app.value("document.querySelector('#page-log [data-entry=call] button')?.click()").await;
    app.until("the call is shown", "document.querySelector('#detail .head')?.innerText.includes('/hello')").await;
    app.until("its origin", "document.querySelector('#detail .head')?.innerText.includes('page')").await;
    // Loaded again it is the same page, with what it stored; its route is one of its own.
    app.click("#page-clear").await;
    app.click("#page-reload").await;
    shows(&app, "print", "stored yes").await;
    let kept =
        in_page(&app, "return localStorage.getItem('kept') + ' ' + document.querySelectorAll('li').length").await;
    assert_eq!(kept, json!("yes 1"));
    // What it looks like follows the window's theme, by whatever the page asks.
    for (theme, dark) in [("Dark", true), ("Light", false)] {
        app.theme(theme).await;
        let asked = format!(
            "const dark = matchMedia('(prefers-color-scheme: dark)');
             while (dark.matches !== {dark}) await new Promise((changed) => dark.onchange = changed);
             return dark.matches"
        );
        assert_eq!(in_page(&app, &asked).await, json!(dark), "{theme}");
    }
    app.close().await;
}

/// A page that runs a command on this machine for each click on it, and says what came of it.
const ON_HOST: &str = "window.go = async () => {
  try {
    const done = await ddClient.extension.host.cli.exec('echo', ['two words'])
    console.log('got ' + done.stdout.trim())
  } catch (error) { console.log('refused: ' + error.message) }
}
console.log('ready')
";

/// Lets the page go on, without waiting for what comes of it.
async fn go(app: &App) {
    app.click("#page-clear:not(:disabled)").await;
    in_page(app, "void window.go(); return true").await;
}

#[tokio::test]
async fn host_commands_ask_and_what_was_decided_holds_for_this_manifest_alone() {
    let (one, other) = (extension("One", ON_HOST), extension("Other", ON_HOST));
    let app = App::open().await;
    open(&app, one.path()).await;
    shows(&app, "print", "ready").await;
    go(&app).await;
    app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    assert_eq!(app.prompted_args().await, ["-c", "echo two words"]);
    assert!(app.text("#prompt-program").await.contains("sh"), "the program's file");
    assert_eq!(app.calls().await, 0, "nothing ran before the answer");
    app.decide("deny").await;
    shows(&app, "print", "refused: Not run: you didn't allow this host command").await;
    // What was not allowed is recorded, as that.
    app.becomes(1, "failed").await;
    assert_eq!(app.badge(1).await, "not allowed");
    go(&app).await;
    app.decide("once").await;
    shows(&app, "print", "got two words").await;
    app.has_calls(2).await;
    // Recorded only: the page is told, nothing is asked and nothing runs.
    may(&app, "host", "record").await;
    go(&app).await;
    shows(&app, "print", "refused: Not run: Porthole only records host commands").await;
    shows(&app, "call", "only records").await;
    app.becomes(3, "failed").await;
    assert_eq!(app.badge(3).await, "recorded");
    may(&app, "host", "ask").await;
    go(&app).await;
    app.decide("always").await;
    shows(&app, "print", "got two words").await;
    go(&app).await;
    shows(&app, "print", "got two words").await;
    app.has_calls(5).await;
    app.click("#page-close").await;
    // Another extension has none of it.
    open(&app, other.path()).await;
    shows(&app, "print", "ready").await;
    assert_eq!(app.value("document.querySelector('#page-permissions [data-host]').dataset.host").await, json!("ask"));
    let home = app.close().await;
    // It is remembered, and can be taken back.
    let app = App::open_in(home, &[]).await;
    open(&app, one.path()).await;
    shows(&app, "print", "ready").await;
    app.until(
        "what was remembered",
        "document.querySelector('#page-permissions [data-host]').dataset.host === 'allow'",
    )
    .await;
    app.click("#page-forget").await;
    go(&app).await;
    app.until("the prompt after all", "document.querySelector('#prompt')?.open").await;
    app.close().await;
}

#[tokio::test]
async fn a_page_that_means_harm_reaches_nothing() {
    let before = extension("Before", "console.log('before')");
    let folder = extension("Harm", "console.log('harm')");
    let app = App::open().await;
    open(&app, before.path()).await;
    shows(&app, "print", "before").await;
    let old = app.value("document.querySelector('#page-frame').src").await;
    app.click("#page-close").await;
    open(&app, folder.path()).await;
    shows(&app, "print", "harm").await;
    let attempts = [
        ("tauri", "return await parent.__TAURI_INTERNALS__.invoke('bootstrap', {})".to_owned()),
        ("own tauri", "return await window.__TAURI_INTERNALS__.invoke('bootstrap', {})".to_owned()),
        ("parent's document", "return parent.document.title".to_owned()),
        ("top's address", "return top.location.href".to_owned()),
        ("leading the window away", "top.location.href = 'https://example.org/'; return top.location.href".to_owned()),
        ("ipc", "return (await fetch('ipc://localhost/opening', { method: 'POST', body: '{}' })).status".to_owned()),
        ("the window's files", "return (await fetch('tauri://localhost/index.html')).status".to_owned()),
        ("the console's frame", "return (await fetch('console://localhost/frame.js')).status".to_owned()),
        ("another page's name", format!("return (await fetch({old})).status")),
        ("a window of its own", "return String(open('https://example.org/').closed)".to_owned()),
    ];
    reaches_nothing(&app, &attempts).await;
    for path in ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt", "//etc/passwd"] {
        let script = format!(
            "try {{ return await (await fetch(location.origin + {})).text() }} catch {{ return 'refused' }}",
            json!(path)
        );
        let got = in_page(&app, &script).await;
        let got = got.as_str().unwrap();
        assert!(!got.contains("secret") && !got.contains("root:"), "{path}: {got}");
    }
    assert_eq!(app.calls().await, 0, "a command was reached by another way than ddClient");
    // A page closed is a page gone, for the window too.
    let again = format!(
        "const frame = document.createElement('iframe'); frame.id = 'gone'; frame.src = {old};
         document.body.append(frame); await new Promise((loaded) => frame.onload = loaded); return true"
    );
    app.answer(&again).await;
    let shown = in_frame(&app, "#gone", "return document.documentElement.outerHTML").await;
    assert!(!shown.as_str().unwrap().contains("Volumes"), "{shown}");
    app.value("document.querySelector('#gone').remove()").await;
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.close().await;
}

#[tokio::test]
async fn ten_thousand_calls_at_once_leave_the_window_answering() {
    let script = "window.go = () => {
  let ended = 0
  for (let n = 0; n < 10000; n += 1) {
    let asked
    try { asked = ddClient.extension.vm.service.get('/hello') } catch { asked = Promise.reject() }
    asked.catch(() => {}).then(() => { if (++ended === 10000) console.log('all ended') })
  }
}
console.log('ready')
";
    let folder = extension("Many", script);
    let app = without_engine().await;
    let _backend = open_backed(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    in_page(&app, "window.go(); return true").await;
    app.click("#tab-request").await;
    app.until("the request form", "document.querySelector('#request-path')").await;
    app.click("#tab-page").await;
    app.click("#page-close").await;
    app.until("no call is left", "!document.querySelector('#timeline [data-outcome=pending]')").await;
    app.click("[data-saved=\"404\"] .play").await;
    app.until("an answer", "document.querySelector('#detail .head')?.innerText.includes('/status/404')").await;
    app.until("its outcome", "document.querySelector('#detail .head .badge')?.innerText.includes('404')").await;
    app.close().await;
}

#[tokio::test]
async fn a_page_loaded_again_ends_its_stream_and_the_next_page_has_nothing_of_it() {
    let stream = "ddClient.extension.host.cli.exec('seq', ['1', '3', '100000000'], { stream: {
  onOutput() {}, onClose(code) { console.log('closed', code) } } })
console.log('streams')
";
    let (one, other) =
        (extension("One", stream), extension("Other", "console.log('other', String(localStorage.length))"));
    let app = App::open().await;
    open(&app, one.path()).await;
    app.decide("always").await;
    shows(&app, "print", "streams").await;
    app.until("it runs", "document.querySelectorAll('#timeline [data-call]').length === 1").await;
    in_page(&app, "location.reload(); return true").await;
    shows(&app, "end", "reloaded").await;
    app.until("the next one", "document.querySelectorAll('#timeline [data-call]').length === 2").await;
    let first = app.newest().await - 1;
    let ended = format!(
        "!['pending', 'running'].includes(document.querySelector('#timeline [data-call=\"{first}\"]').dataset.outcome)"
    );
    app.until("the first stream has ended", &ended).await;
    app.click("#page-close").await;
    let running = "[...document.querySelectorAll('#timeline [data-call]')]
        .some((row) => ['pending', 'running'].includes(row.dataset.outcome))";
    app.until("none runs", &format!("!{running}")).await;
    open(&app, other.path()).await;
    shows(&app, "print", "other 0").await;
    assert!(entries(&app, "print").await.iter().all(|said| !said.contains("streams")));
    app.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_folder_is_said_and_the_report_stands_in_the_pages_place() {
    let folder = extension("Odd", "console.log('ready')");
    let app = App::open().await;
    app.click("#tab-page").await;
    drawn_right(&app, "page-none").await;
    app.fill("#page-folder", "/nowhere/at/all").await;
    app.click("#page-open").await;
    app.until("the reason", "document.querySelector('[role=alert]')?.innerText.includes('metadata.json')").await;
    let path = folder.path().join("metadata.json");
    fs::write(&path, MANIFEST.replace("TITLE", "Odd").replace("\"icon\"", "\"surprise\": 1,\n  \"icon\"")).unwrap();
    open(&app, &path).await;
    shows(&app, "print", "ready").await;
    app.click("#side-manifest").await;
    app.until("the place", "document.querySelector('.report')?.innerText.includes('metadata.json:2:')").await;
    app.until("the key", "document.querySelector('.report')?.innerText.includes('surprise')").await;
    drawn_right(&app, "page-report").await;
    app.click("#side-page").await;
    app.until("the page again", "!document.querySelector('.report')").await;
    app.close().await;
}

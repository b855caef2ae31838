//! What one extension leaves behind, and what it shows of this machine, in each place where its page can be: in its frame,
//! in its own window, from a development server.

use std::fs;

use porthole_tests::{eventually, pages::Pages, window::App};
use serde_json::json;

use crate::{
    page::{extension, in_page, open, shows},
    page_source::serve_from,
};

/// Leaves something in every storage of its origin, and tries to stay there as a worker: from a frame, from a thread, and
/// from a frame that is empty.
const LEAVES: &str = r#"<!doctype html><title>leaves</title><script>
const until = (what, ms) => Promise.race([what, new Promise((late) => setTimeout(late, ms, 'late'))])
const database = () => new Promise((done) => {
  const asked = indexedDB.open('left', 1)
  asked.onupgradeneeded = () => asked.result.createObjectStore('left').put('left', 'left')
  asked.onsuccess = () => done('stored')
  asked.onerror = () => done('refused')
})
const fromWorker = () => new Promise((done) => { new Worker('/worker.js').onmessage = ({ data }) => done(data) })
const register = async (scope) => {
  const workers = scope.navigator.serviceWorker
  if (!workers) return 'no service workers'
  await workers.register('/service.js', { scope: '/' })
  return 'registered'
}
const empty = () => { const frame = document.createElement('iframe'); document.documentElement.append(frame); return frame.contentWindow }
window.go = async () => {
  localStorage.left = sessionStorage.left = 'left'
  document.cookie = 'left=left; max-age=86400'
  const said = {
    database: await until(database(), 5000),
    cache: await until(caches.open('left').then((cache) => cache.put('/left', new Response('left'))).then(() => 'stored', String), 5000),
    frame: await until(register(window).catch(String), 5000),
    worker: await until(fromWorker(), 5000),
    empty: await until(register(empty()).catch(String), 5000),
  }
  // As long as its frame is there it goes on.
  setInterval(() => { localStorage.left = 'left'; document.cookie = 'left=left; max-age=86400'; void database() })
  return said
}
console.log('it leaves things')
</script>"#;

/// Tells what is there before it stores anything.
const LOOKS: &str = r#"<!doctype html><title>looks</title><script>
const found = async () => ({
  local: localStorage.length, session: sessionStorage.length, cookie: document.cookie,
  databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
  workers: navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).length : 0,
})
found().then((found) => console.log('found ' + JSON.stringify(found)))
window.store = () => { localStorage.mine = 'mine'; return 'stored' }
</script>"#;

const NOTHING: &str = r#"found {"local":0,"session":0,"cookie":"","databases":0,"caches":0,"workers":0}"#;

/// Opens an extension whose page comes from a development server.
pub async fn open_served(app: &App, folder: &std::path::Path, port: u16) {
    app.click("#tab-page").await;
    app.fill("#page-folder", &folder.display().to_string()).await;
    app.click("#page-open").await;
    serve_from(app, &format!("localhost:{port}")).await;
    app.until("the frame", "document.querySelector('#page-frame')?.src.startsWith('http:')").await;
}

#[tokio::test]
async fn what_a_page_leaves_at_a_port_is_gone_for_the_next_extension_and_the_next_start() {
    let (hostile, next) = (extension("Hostile", "1"), extension("Next", "1"));
    let app = App::open().await;
    let pages = Pages::serve(LEAVES);
    let port = pages.port;
    open_served(&app, hostile.path(), port).await;
    shows(&app, "print", "it leaves things").await;
    let said = in_page(&app, "return await window.go()").await;
    let none = "no service workers";
    assert_eq!((&said["frame"], &said["worker"], &said["empty"]), (&json!(none), &json!(none), &json!(none)), "{said}");
    assert_eq!(said["database"], "stored", "the storage works as usual: {said}");
    assert_eq!(said["cache"], "stored", "{said}");
    drop(pages);
    let pages = Pages::serve_at(port, LOOKS);
    app.click("#page-close").await;
    open_served(&app, next.path(), port).await;
    shows(&app, "print", NOTHING).await;
    assert!(pages.asked().contains(&"/".to_owned()), "no copy of the first page is shown");
    // Read again, the same extension has what it stored; at the next start it has not.
    assert_eq!(in_page(&app, "return window.store()").await, json!("stored"));
    app.click("#page-clear").await;
    app.click("#page-reload").await;
    shows(&app, "print", "\"local\":1").await;
    let home = app.close().await;
    let app = App::open_in(home, &[]).await;
    open(&app, next.path()).await;
    shows(&app, "print", NOTHING).await;
    // The hostile one has nothing of its own either, and neither has anybody what it had left for them.
    app.close().await;
}

#[tokio::test]
async fn what_a_page_in_its_own_window_leaves_is_gone_for_the_next_extension() {
    let (hostile, next) = (extension("Hostile", "1"), extension("Next", "1"));
    let app = App::open().await;
    let pages = Pages::serve(LEAVES);
    let port = pages.port;
    open_served(&app, hostile.path(), port).await;
    shows(&app, "print", "it leaves things").await;
    app.click("#page-own").await;
    app.go_to(true).await;
    shows(&app, "print", "it leaves things").await;
    let said = in_page(&app, "return await window.go()").await;
    assert_eq!((&said["frame"], &said["database"]), (&json!("no service workers"), &json!("stored")), "{said}");
    app.go_to(false).await;
    drop(pages);
    let _pages = Pages::serve_at(port, LOOKS);
    app.click("#page-close").await;
    open_served(&app, next.path(), port).await;
    shows(&app, "print", NOTHING).await;
    app.close().await;
}

/// Ways to have a frame show an address.
fn frames(to: &str, through: &str) -> String {
    let to = json!(to);
    let through = json!(through);
    format!(
        "const to = {to}, through = {through}
         const add = (set) => {{ const frame = document.createElement('iframe'); set(frame); document.body.append(frame); return frame }}
         add((frame) => frame.src = to + 'plain')
         add((frame) => frame.src = to.replace('localhost', '127.0.0.1') + 'address')
         add((frame) => frame.src = to.replace('localhost', '[::ffff:127.0.0.1]') + 'mapped')
         add((frame) => frame.src = to.replace('localhost', 'x.localhost') + 'below')
         add((frame) => frame.src = to.replace('localhost', '0') + 'zero')
         add((frame) => frame.src = through + '/away?' + to + 'redirected')
         add((frame) => frame.srcdoc = `<iframe src='${{to}}nested'></iframe><meta http-equiv='refresh' content='0;url=${{to}}refreshed'>`)
         add((frame) => frame.src = 'data:text/html,' + encodeURIComponent(`<script>location = '${{to}}data'<` + '/script>'))
         add((frame) => frame.src = URL.createObjectURL(new Blob([`<iframe src='${{to}}blob'></iframe>`], {{ type: 'text/html' }})))
         add((frame) => frame.name = 'named')
         const form = document.createElement('form'); form.action = to + 'form'; form.target = 'named'; document.body.append(form); form.submit()
         open(to + 'opened', 'named')
         for (const kind of ['object', 'embed']) {{
           const element = document.createElement(kind); element.data = element.src = to + kind; document.body.append(element)
         }}
         await new Promise((on) => setTimeout(on, 1500))
         return 'tried'"
    )
}

#[tokio::test]
async fn a_page_shows_no_port_of_this_machine_that_is_not_its_own() {
    let lure = Pages::serve("lured");
    let to = format!("{}/", lure.origin());
    let folder = extension("Frames", "console.log('ready')");
    let app = App::open().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    // One of files asks nothing of it either.
    let asks = "for (const ask of [() => fetch(to), () => fetch(to, { mode: 'no-cors' }), () => new WebSocket(to.replace('http', 'ws')),
        () => new EventSource(to), () => navigator.sendBeacon(to), () => (new Image().src = to), () => import(to)])
        try { await ask() } catch {}";
    let frames_here = frames(&to, &to).replace("return 'tried'", &format!("{asks}\nreturn 'tried'"));
    assert_eq!(in_page(&app, &frames_here).await, json!("tried"));
    assert_eq!(lure.asked(), Vec::<String>::new(), "from its frame");
    app.click("#page-own").await;
    app.go_to(true).await;
    shows(&app, "print", "ready").await;
    assert_eq!(in_page(&app, &frames_here).await, json!("tried"));
    assert_eq!(lure.asked(), Vec::<String>::new(), "from its own window");
    app.go_to(false).await;
    app.click("#page-close").await;
    // A development server shows itself, and no other port.
    let pages = Pages::serve("<!doctype html><body><script>console.log('served')</script>");
    open_served(&app, folder.path(), pages.port).await;
    shows(&app, "print", "served").await;
    assert_eq!(in_page(&app, &frames(&to, &pages.origin())).await, json!("tried"));
    assert_eq!(lure.asked(), Vec::<String>::new(), "from a development server");
    assert!(pages.asked().iter().any(|path| path.starts_with("/away?")), "{:?}", pages.asked());
    let own = "const frame = document.createElement('iframe'); frame.src = '/own'; document.body.append(frame)
        await new Promise((on) => frame.onload = on); return frame.contentDocument.location.pathname";
    assert_eq!(in_page(&app, own).await, json!("/own"));
    app.close().await;
}

#[tokio::test]
async fn the_key_of_the_windows_commands_is_not_told_to_whoever_sends_a_wrong_one() {
    let sends = r#"
        const message = (key) => JSON.stringify({ cmd: 'bootstrap', callback: 1, error: 2, options: {}, payload: {}, __TAURI_INVOKE_KEY__: key })
        for (const key of ['', 'x', undefined]) {
          try { window.webkit.messageHandlers.ipc.postMessage(message(key)) } catch {}
          for (const address of ['ipc://localhost/opening', 'http://ipc.localhost/opening'])
            await Promise.race([fetch(address, { method: 'POST', body: '{}', headers: {
              'content-type': 'application/json', 'Tauri-Invoke-Key': String(key), 'Tauri-Callback': '1', 'Tauri-Error': '2' } }).catch(() => {}),
              new Promise((late) => setTimeout(late, 300))])
        }
        return 'sent'"#;
    let folder = extension("Sends", "console.log('ready')");
    // As much is logged as can be.
    let app = App::open_in(
        porthole_tests::window::Home::default(),
        &[("PORTHOLE_LOG", "warn,tauri=trace,tauri::webview=trace")],
    )
    .await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    assert_eq!(in_page(&app, sends).await, json!("sent"));
    app.click("#page-close").await;
    let pages = Pages::serve("<!doctype html><script>console.log('served')</script>");
    open_served(&app, folder.path(), pages.port).await;
    shows(&app, "print", "served").await;
    assert_eq!(in_page(&app, sends).await, json!("sent"));
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.has_calls(1).await;
    let logged = fs::read_to_string(app.home().path().join("stderr.log")).unwrap();
    assert!(!logged.contains("__TAURI_INVOKE_KEY__ expected"), "{logged}");
    app.close().await;
}

/// The most memory that a process has used, in megabytes.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1000
}

#[tokio::test]
async fn many_huge_files_at_once_stay_out_of_the_main_process() {
    let folder = extension(
        "Huge",
        "window.fetches = async (count, hold) => {
  const stop = new AbortController()
  const read = async (n) => {
    const body = (await fetch('/huge.bin?' + n, { signal: stop.signal })).body.getReader()
    let bytes = 0
    for (;;) {
      const { done, value } = await body.read()
      if (done || bytes > 40e6) break
      bytes += value.length
    }
    return bytes
  }
  const all = Array.from({ length: count }, (_, n) => read(n).catch(() => 0))
  // The page is busy while they arrive, and takes nothing.
  await new Promise((on) => setTimeout(on, 300))
  for (const end = Date.now() + hold; Date.now() < end;);
  const first = await Promise.race(all)
  stop.abort()
  return first
}
console.log('ready')",
    );
    fs::File::create(folder.path().join("ui/huge.bin")).unwrap().set_len(300_000_000).unwrap();
    let app = App::open().await;
    let process = app.process();
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    let before = peak(process);
    let first = in_page(&app, "return await window.fetches(16, 3000)").await;
    assert!(first.as_u64().unwrap() > 40_000_000, "{first}");
    let grown = peak(process) - before;
    eprintln!("the main process grew by {grown} MB");
    assert!(grown < 200, "the main process grew by {grown} MB");
    // What was not wanted any more is not in the way, and what is fetched whole is all there.
    let whole = "const answer = await fetch('/huge.bin', { headers: { Range: 'bytes=299999990-' } })
        return [answer.status, (await answer.arrayBuffer()).byteLength]";
    eventually("a part of it", async || (in_page(&app, whole).await == json!([206, 10])).then_some(())).await;
    let data = "return (await fetch('/data.json')).json().then((data) => data.volumes[0])";
    assert_eq!(in_page(&app, data).await, json!("pg data"));
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.close().await;
}

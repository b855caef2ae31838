//! Code in the console that means harm: it reaches nothing, and the window lives on.

use porthole_tests::{eventually, servers::Lure, window::App};
use serde_json::json;

use crate::console::{entries, paste, run};

/// Prints, for each attempt, `name: refused` or what it gave.
fn attempts(attempts: &[(&str, String)]) -> String {
    let each =
        attempts.iter().map(|(name, code)| format!("await attempt({}, async () => {{ {code} }})\n", json!(name)));
    let attempt = "async function attempt(name, act) {
  let said
  try {
    const answer = await Promise.race([act(), new Promise((_, no) => setTimeout(() => no(new Error('silence')), 1500))])
    said = answer === undefined ? 'nothing' : 'REACHED ' + String(answer)
  } catch (error) { said = 'refused' }
  console.log(name + ': ' + said)
}
";
    format!("// @ts-nocheck\n{attempt}{}", each.collect::<String>())
}

#[tokio::test]
async fn code_reaches_neither_the_window_nor_its_commands_nor_the_network() {
    let lure = Lure::set();
    let port = lure.port;
    let app = App::open().await;
    let at = format!("http://127.0.0.1:{port}/");
    let code = attempts(&[
        ("parent", "return parent.location.href".into()),
        ("top", "return top.document.title".into()),
        ("opener", "return opener.location.href".into()),
        ("document", "return document.cookie".into()),
        ("tauri", "return window.__TAURI_INTERNALS__.invoke('bootstrap', {})".into()),
        ("tauri by global", "return globalThis.__TAURI_INTERNALS__.invoke('bootstrap', {})".into()),
        ("ipc", "return (await fetch('ipc://localhost/opening', { method: 'POST', body: '{}' })).status".into()),
        ("ipc over http", "return (await fetch('http://ipc.localhost/opening', { method: 'POST' })).status".into()),
        ("the app's own files", "return (await fetch('tauri://localhost/index.html')).status".into()),
        ("network", format!("return (await fetch('{at}')).status")),
        ("request", format!("const r = new XMLHttpRequest(); r.open('GET', '{at}', false); r.send(); return r.status")),
        ("socket", format!("const s = new WebSocket('ws://127.0.0.1:{port}/'); return new Promise((yes, no) => {{ s.onopen = () => yes('open'); s.onerror = no }})")),
        ("events", format!("const s = new EventSource('{at}'); return new Promise((yes, no) => {{ s.onopen = () => yes('open'); s.onerror = no }})")),
        ("import", format!("return Object.keys(await import('{at}x.js')).length")),
        ("import of data", "return (await import('data:text/javascript,export default 1')).default".into()),
        ("scripts", format!("importScripts('{at}x.js'); return 'loaded'")),
        ("evaluated text", "return (0, eval)('1 + 1')".into()),
        ("made function", "return new Function('return 1')()".into()),
        ("another worker", "return String(new Worker('data:text/javascript,1'))".into()),
        ("own postMessage", "return self.postMessage({ kind: 'x' }) ?? Object.getPrototypeOf(Object.getPrototypeOf(self)).postMessage({}) ?? 'sent'".into()),
        ("storage", "return indexedDB.open('x')".into()),
        ("caches", "return await caches.keys()".into()),
        ("broadcast", "return String(new BroadcastChannel('x'))".into()),
    ]);
    run(&app, &code).await;
    let said = entries(&app, "print").await;
    assert_eq!(said.len(), 23, "{said:#?}");
    for said in said {
        assert!(!said.contains("REACHED"), "{said}");
    }
    assert_eq!(lure.asked(), 0, "something got out");
    assert_eq!(app.calls().await, 0, "a call was made by another way than ddClient");
    app.close().await;
}

#[tokio::test]
async fn prototypes_and_messages_of_its_own_do_not_leave_the_sandbox() {
    let app = App::open().await;
    run(
        &app,
        "// @ts-nocheck
Object.prototype.kind = 'perform'
Array.prototype.push = () => { throw new Error('push') }
Promise.prototype.then = function () { throw new Error('then') }
JSON.stringify = () => '{\"id\":1}'
console.log('still here')
",
    )
    .await;
    // Whatever it broke was its own: the next run, and the window, know nothing of it.
    run(&app, "const hello = await ddClient.extension.vm.service.get('/hello')\nconsole.log(hello.message)\n").await;
    assert!(entries(&app, "print").await.iter().any(|said| said.contains("Hello from the demo backend")));
    assert_eq!(app.value("({}).kind === undefined").await, json!(true));
    app.close().await;
}

/// Runs code that floods, uses the window beside it, and stops it.
async fn flooded(code: &str) {
    let app = App::open().await;
    paste(&app, code).await;
    app.click("#console-run").await;
    app.until("it runs or was ended", "document.querySelector('#console-log [data-entry]')").await;
    // The window does what it is asked, with a flood beside it.
    app.click("#tab-request").await;
    app.until("the request form", "document.querySelector('#request-path')").await;
    app.click("#tab-console").await;
    app.value("document.querySelector('#console-stop:not(:disabled)')?.click()").await;
    let over = "Boolean(document.querySelector('#console-log [data-entry=end]'))";
    eventually("the end of the run", async || (app.value(over).await == json!(true)).then_some(())).await;
    let drawn = app.value("document.querySelectorAll('#console-log [data-entry]').length").await;
    assert!(drawn.as_u64().unwrap() <= 2001, "{drawn}");
    // Calls of code that was stopped end, however many were asked for.
    let live = "Boolean(document.querySelector('#timeline [data-outcome=pending]'))";
    eventually("the end of its calls", async || (app.value(live).await == json!(false)).then_some(())).await;
    // Its row comes when those of the flood have been drawn, which may not be the newest yet.
    app.click("[data-saved='404'] .play").await;
    let row = "[...document.querySelectorAll('#timeline [data-outcome=status]')].some((row) => row.textContent.includes('/status/404'))";
    app.until("a call beside what is left of the flood", row).await;
    app.close().await;
}

#[tokio::test]
async fn a_flood_of_prints_is_cut_and_the_window_answers_meanwhile() {
    flooded("for (;;) console.log('flood '.repeat(1000))\n").await;
}

#[tokio::test]
async fn a_flood_of_calls_is_cut_and_the_window_answers_meanwhile() {
    flooded("for (;;) void ddClient.extension.vm.service.get('/hello')\n").await;
}

#[tokio::test]
async fn a_flood_of_large_values_is_cut_and_the_window_answers_meanwhile() {
    flooded("for (;;) { console.log(new Array(1e5).fill('x')); await Promise.resolve() }\n").await;
}

#[tokio::test]
async fn a_flood_of_timers_is_cut_and_the_window_answers_meanwhile() {
    flooded("const loop = () => { setTimeout(loop); console.log('again') }\nloop()\n").await;
}

#[tokio::test]
async fn huge_values_and_messages_are_cut_or_refused() {
    let app = App::open().await;
    run(
        &app,
        "const huge = 'x'.repeat(50 * 1024 * 1024)
console.log(huge)
console.log({ huge, list: new Array(1e6).fill(0) })
const deep: any = {}
let at = deep
for (let n = 0; n < 100000; n += 1) at = at.next = {}
console.log(deep)
try { await ddClient.extension.vm.service.post('/echo', huge); console.log('sent') }
catch (error) { console.log('not sent: ' + (error as Error).message.slice(0, 100)) }
console.log('after')
",
    )
    .await;
    let said = entries(&app, "print").await;
    assert_eq!(said.len(), 5, "{:?}", said.iter().map(|said| said.len()).collect::<Vec<_>>());
    assert!(said.iter().all(|said| said.len() < 100_000));
    assert!(said[4].contains("after"));
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.close().await;
}

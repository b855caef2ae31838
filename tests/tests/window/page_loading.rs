//! What a page is given before its first script, and what is said of what it doesn't get: themes, files, a page that shows
//! nothing.

use std::{fs, io::Write};

use porthole_tests::{pages::Pages, window::App};
use serde_json::{Value, json};

use crate::{
    backed::without_engine,
    drawn::drawn_right,
    page::{entries, extension, in_page, open, shows},
    page_source::serve_from,
};

/// Reads the globals as `@docker/docker-mui-theme` 0.0.13 does: with nothing to fall back on.
const PROVIDER: &str = "
function provide() {
  const bag = window.__ddMuiV6Themes
  const theme = bag[matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light']
  document.body.insertAdjacentHTML('beforeend', '<p id=themed>themed</p>')
  document.body.style.background = theme.palette.background.default
}
console.log('first', typeof window.__ddMuiV5Themes, '__ddMuiV6Themes' in window)
";

async fn runtime(app: &App, runtime: &str) {
    app.click(&format!("#runtime-{runtime}")).await;
}

/// A page with nothing in it but this script.
fn page_of(script: &str) -> tempfile::TempDir {
    let folder = extension("Empty", script);
    let page = "<!doctype html><html lang=en><title>page</title><div id=root></div><script src=app.js></script></html>";
    fs::write(folder.path().join("ui/index.html"), page).unwrap();
    folder
}

async fn count(app: &App, kind: &str) -> usize {
    entries(app, kind).await.len()
}

#[tokio::test]
async fn the_themes_of_docker_desktop_are_there_before_the_first_script_and_in_no_other_runtime() {
    let folder = page_of(&format!("{PROVIDER} addEventListener('load', () => requestAnimationFrame(provide))"));
    let app = without_engine().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "first object true").await;
    app.click("#page-clear:not(:disabled)").await;
    for (theme, ground) in [("Light", "rgb(244, 244, 246)"), ("Dark", "rgb(32, 44, 51)")] {
        app.theme(theme).await;
        app.click("#page-reload").await;
        shows(&app, "print", "first object true").await;
        let color = "for (let left = 300; left > 0 && !document.querySelector('#themed'); left--) await new Promise((on) => setTimeout(on, 20));
            return getComputedStyle(document.body).backgroundColor";
        assert_eq!(in_page(&app, color).await, json!(ground), "{theme}");
        app.click("#page-clear:not(:disabled)").await;
    }
    let themes = in_page(
        &app,
        "return [window.__ddMuiV5Themes, window.__ddMuiV6Themes].map((bag) => Object.entries(bag).map(([name, theme]) => [
           name, theme.palette.mode, Object.keys(theme.palette.docker).filter((hue) => Object.keys(theme.palette.docker[hue]).join() === '100,200,300,400,500,600,700,800').join(),
           typeof theme.typography.fontFamily, theme.shape.borderRadius, Object.keys(theme.components).length > 20]))",
    )
    .await;
    let of = |name: &str| json!([name, name, "amber,blue,green,grey,red,violet", "string", 4, true]);
    assert_eq!(themes, json!([[of("light"), of("dark")], [of("light"), of("dark")]]));
    // A frame within the page has none, as it has no `ddClient`.
    let inner =
        "const frame = document.createElement('iframe'); frame.src = '/other.html'; document.body.append(frame);
        await new Promise((on) => frame.onload = on); return typeof frame.contentWindow.__ddMuiV6Themes";
    assert_eq!(in_page(&app, inner).await, json!("undefined"));

    for (chosen, name) in [("rancher-desktop", "Rancher Desktop"), ("podman-desktop", "Podman Desktop")] {
        runtime(&app, chosen).await;
        app.click("#page-reload").await;
        shows(&app, "print", "first undefined false").await;
        shows(&app, "finding", &format!("Docker Desktop's themes, which {name} doesn't have")).await;
        shows(&app, "finding", "@docker/docker-mui-theme 0.0.13").await;
        assert_eq!(count(&app, "finding").await, 1);
        // The page itself is blank: so it is said there.
        app.until(
            "the note",
            "document.querySelector('#page-blank')?.textContent.includes('@docker/docker-mui-theme 0.0.11')",
        )
        .await;
        if chosen == "rancher-desktop" {
            drawn_right(&app, "page-themes-missing").await;
        }
        app.click("#page-clear:not(:disabled)").await;
    }
    app.close().await;
}

#[tokio::test]
async fn a_served_page_has_the_themes_too_and_a_minified_one_without_them_is_told_why_it_is_blank() {
    let folder = extension("Served", "1");
    // As bundlers write it: the error names nothing, and the place of it does.
    let script = format!(
        "console.log('first',typeof window.__ddMuiV5Themes,'__ddMuiV6Themes'in window);{}addEventListener('load',()=>{{let e=window.__ddMuiV5Themes,t=matchMedia('(a)').matches;let n=e[t?'dark':'light'];document.body.append(n.palette.mode)}})",
        "/* what else is in a bundle */".repeat(500)
    );
    let server = Pages::serve_with(
        0,
        "<!doctype html><title>page</title><div id=root></div><script src=/bundle.js></script>",
        move |path, _, stream| {
            if path != "/bundle.js" {
                return false;
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/javascript\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                script.len()
            );
            let _ = stream.write_all(format!("{head}{script}").as_bytes());
            true
        },
    );
    let app = without_engine().await;
    open(&app, folder.path()).await;
    serve_from(&app, &server.port.to_string()).await;
    shows(&app, "print", "first object true").await;
    assert_eq!(in_page(&app, "return document.body.textContent").await, json!("light"));
    runtime(&app, "podman-desktop").await;
    app.click("#page-reload").await;
    shows(&app, "print", "first undefined false").await;
    shows(&app, "finding", "Podman Desktop doesn't have").await;
    app.until("the note", "document.querySelector('#page-blank')?.textContent.includes('docker-mui-theme')").await;
    app.close().await;
}

/// What a page may ask for in vain, and how each is told: the kind and the address, and a part of the reason.
const BROKEN: &str = "
const add = (html) => document.body.insertAdjacentHTML('beforeend', html)
addEventListener('load', () => {
  add(`<img src='gone.png'><link rel=stylesheet href='gone.css'><link rel=stylesheet href='http://example.org/a.css'>
    <style>@import url(/gone-import.css); @font-face { font-family: gone; src: url(/gone.woff2) } h1 { font-family: gone; background: url(/gone-bg.png) }</style>`)
  for (const [src, type] of [['/gone-classic.js'], ['/assets/bad.js', 'module'], ['/assets/main.tsx', 'module'], ['https://cdn.example.org/lib.js']]) {
    const script = Object.assign(document.createElement('script'), { src }, type ? { type } : {})
    document.body.append(script)
  }
  new Worker('/gone-worker.js')
  try { new Worker('https://example.org/worker.js') } catch { }
  fetch('http://localhost:9/api?x=1').catch(() => {})
  fetch('http://example.org/api').catch(() => {})
  import('/gone-dynamic.js').catch(() => {})
  console.log('all asked')
})
";

const TOLD: &[(&str, &str)] = &[
    ("Image not loaded: /gone.png", "no such file"),
    ("Style sheet not loaded: /gone.css", "no such file"),
    ("Style sheet not loaded: http://example.org/a.css", "policy for pages (style-src"),
    ("Style sheet not loaded: /gone-import.css", "no such file"),
    ("Font not loaded: /gone.woff2", "no such file"),
    ("Image not loaded: /gone-bg.png", "no such file"),
    ("Script not loaded: /gone-classic.js", "no such file"),
    ("Module not loaded: /assets/bad.js", "a module that it imports"),
    ("Script not loaded: /gone-dep.js", "no such file"),
    ("Module not loaded: /assets/main.tsx", "don't run TypeScript"),
    ("Script not loaded: https://cdn.example.org/lib.js", "from another machine isn't run"),
    ("/gone-worker.js", "no such file"),
    ("Worker not loaded: https://example.org/worker.js", "own origin"),
    ("Request not loaded: http://localhost:9/api", "publishes port 9, start the backend"),
    ("Request not loaded: http://example.org/api", "Use https:"),
    ("Script not loaded: /gone-dynamic.js", "no such file"),
];

#[tokio::test]
async fn everything_that_a_page_asks_for_in_vain_has_one_entry_with_its_address_the_reason_and_what_to_do() {
    let folder = extension("Broken", BROKEN);
    fs::write(folder.path().join("ui/assets/bad.js"), "import '/gone-dep.js'").unwrap();
    fs::write(folder.path().join("ui/assets/main.tsx"), "1").unwrap();
    let app = without_engine().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "all asked").await;
    for (what, why) in TOLD {
        let found = format!(
            "[...document.querySelectorAll('#page-log [data-entry=unloaded]')].filter((entry) => entry.textContent.includes({})).length === 1 &&
             [...document.querySelectorAll('#page-log [data-entry=unloaded]')].some((entry) => entry.textContent.includes({}) && entry.textContent.includes({}) && entry.textContent.includes('→'))",
            json!(what), json!(what), json!(why)
        );
        app.until(&format!("{what}: {why}"), &found).await;
    }
    let all = entries(&app, "unloaded").await;
    assert_eq!(all.len(), TOLD.len(), "{all:#?}");
    // It shows a heading: nothing is said in its place.
    assert_eq!(app.value("document.querySelector('#page-blank') === null").await, json!(true));
    drawn_right(&app, "page-unloaded").await;
    app.close().await;
}

#[tokio::test]
async fn a_served_page_tells_what_its_server_does_not_have() {
    let folder = extension("Served", "1");
    let page = "<!doctype html><h1>Volumes</h1><img src=gone.png><script src=gone.js></script><script type=module src=bad.js></script>
        <script type=module src=fallback.js></script><script type=module src=main.tsx></script>
        <style>@font-face { font-family: gone; src: url(/gone.woff2) } h1 { font-family: gone; background: url(/gone-bg.png) }</style>
        <script>new Worker('gone-worker.js'); import('/gone-dynamic.js').catch(() => {}); console.log('up')</script>";
    let server = Pages::serve_with(0, page, |path, _, stream| {
        let (status, kind, body) = match path {
            "/bad.js" => ("200 OK", "text/javascript", "import '/gone-dep.js'"),
            "/main.tsx" => ("200 OK", "text/plain", "1"),
            path if path.starts_with("/gone") => ("404 Not Found", "text/html", "gone"),
            _ => return false,
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", body.len());
        let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes());
        true
    });
    let app = without_engine().await;
    open(&app, folder.path()).await;
    serve_from(&app, &server.port.to_string()).await;
    shows(&app, "print", "up").await;
    let told = [
        ("Image not loaded: /gone.png", "status 404"),
        ("Script not loaded: /gone.js", "status 404"),
        ("Module not loaded: /bad.js", "a module that it imports"),
        ("Module not loaded: /gone-dep.js", "status 404"),
        ("Module not loaded: /fallback.js", "returns its index page"),
        ("Module not loaded: /main.tsx", "as text/plain"),
        ("Font not loaded: /gone.woff2", "status 404"),
        ("Image not loaded: /gone-bg.png", "status 404"),
        ("/gone-worker.js", "status 404"),
        ("Module not loaded: /gone-dynamic.js", "status 404"),
    ];
    for (what, why) in told {
        shows(&app, "unloaded", what).await;
        let found = format!(
            "[...document.querySelectorAll('#page-log [data-entry=unloaded]')].filter((entry) => entry.textContent.includes({}) && entry.textContent.includes({})).length === 1",
            json!(what),
            json!(why)
        );
        app.until(why, &found).await;
    }
    let all = entries(&app, "unloaded").await;
    assert_eq!(all.len(), told.len(), "{all:#?}");
    app.close().await;
}

#[tokio::test]
async fn a_flood_of_missing_files_has_an_end_and_hostile_addresses_are_drawn_as_text() {
    let folder = extension(
        "Flood",
        "addEventListener('load', async () => {
           const one = (src) => new Promise((on) => { const image = new Image(); image.onerror = on; image.src = src })
           await one('/<b>bold</b>\\u202egnp.png'); await one('/' + 'x'.repeat(5000) + '.png')
           await Promise.all(Array.from({ length: 400 }, (_, n) => one(`/missing-${n}.png`)))
           await Promise.all(Array.from({ length: 400 }, (_, n) => fetch(`http://localhost:9/${n}`).catch(() => {})))
           console.log('flooded')
         })",
    );
    let app = without_engine().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "flooded").await;
    app.until("the count", "[...document.querySelectorAll('#page-log [data-entry=unloaded]')].some((entry) => /\\d+ more files weren't loaded/.test(entry.textContent))").await;
    // 50 addresses, and one entry for all others.
    assert_eq!(count(&app, "unloaded").await, 51);
    let all = entries(&app, "unloaded").await;
    assert!(all.iter().all(|entry| entry.len() < 1_500), "{all:#?}");
    assert!(all[0].contains("%3Cb%3Ebold") || all[0].contains("<b>bold"), "{}", all[0]);
    assert!(!all[0].contains('\u{202e}'));
    assert_eq!(app.value("document.querySelector('#page-log b') === null").await, json!(true));
    app.close().await;
}

#[tokio::test]
async fn a_page_that_throws_and_shows_nothing_says_so_in_its_place_until_it_shows_something() {
    let folder = page_of("addEventListener('load', () => { throw new TypeError('no root\\u202e given') })");
    let app = without_engine().await;
    open(&app, folder.path()).await;
    shows(&app, "uncaught", "no root").await;
    app.until(
        "the note",
        "document.querySelector('#page-blank[role=alert]')?.textContent.includes('TypeError: no root')",
    )
    .await;
    drawn_right(&app, "page-blank").await;
    in_page(&app, "document.querySelector('#root').textContent = 'there after all'; return true").await;
    app.until("the page", "document.querySelector('#page-blank') === null").await;

    // One that shows something all the time is left alone, and so is an empty one without an error.
    for (title, script) in [
        ("Text", "document.write('<p>text</p>'); setTimeout(() => { throw new Error('later') })"),
        ("Plain", "console.log('plain')"),
    ] {
        let folder = page_of(script);
        app.click("#page-close").await;
        open(&app, folder.path()).await;
        if title == "Text" {
            shows(&app, "uncaught", "later").await;
        } else {
            shows(&app, "print", "plain").await;
        }
        let waited = in_page(&app, "await new Promise((on) => setTimeout(on, 6000)); return true").await;
        assert_eq!(waited, json!(true));
        assert_eq!(app.value("document.querySelector('#page-blank') === null").await, json!(true), "{title}");
    }
    app.close().await;
}

#[tokio::test]
async fn a_page_whose_router_has_no_route_for_its_file_is_blank_and_says_so_in_its_place() {
    // What Vue Router does with createWebHistory, and React Router with BrowserRouter: neither draws nor prints.
    let vue = "{ back: null, current: location.pathname, forward: null, position: 1, replaced: true, scroll: null }";
    for state in [vue, "{ idx: 0 }"] {
        let folder = page_of(&format!("history.replaceState({state}, ''); console.log('routed')"));
        let app = without_engine().await;
        open(&app, folder.path()).await;
        shows(&app, "print", "routed").await;
        app.until("the note", "document.querySelector('#page-blank')?.textContent.includes('createWebHashHistory')")
            .await;
        shows(&app, "finding", "no route").await;
        assert_eq!(count(&app, "finding").await, 1);
        if state == vue {
            drawn_right(&app, "page-blank-routes").await;
        }
        app.close().await;
    }
}

#[tokio::test]
async fn a_page_whose_script_is_missing_and_that_is_blank_says_so_in_its_place() {
    let folder = page_of("");
    fs::remove_file(folder.path().join("ui/app.js")).unwrap();
    let app = without_engine().await;
    open(&app, folder.path()).await;
    app.until("the note", "document.querySelector('#page-blank')?.textContent.includes('Script not loaded: /app.js')")
        .await;
    app.close().await;
}

#[tokio::test]
async fn a_src_with_a_query_and_a_fragment_opens_the_page_there() {
    let folder = extension("Query", "console.log('at', location.pathname, location.search, location.hash)");
    let manifest = folder.path().join("metadata.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let app = without_engine().await;
    for (src, at) in [
        ("index.html?v0.4.0", "at /index.html ?v0.4.0 "),
        ("index.html#/x", "at /index.html  #/x"),
        ("index.html?a=1#/x/7", "at /index.html ?a=1 #/x/7"),
    ] {
        fs::write(&manifest, text.replace("\"index.html\"", &json!(src).to_string())).unwrap();
        open(&app, folder.path()).await;
        shows(&app, "print", at).await;
        let diagnostics: Value = app.value("document.querySelector('#side-manifest').textContent").await;
        assert_eq!(diagnostics, json!("Manifest"), "{src}");
        app.click("#page-close").await;
    }
    app.close().await;
}

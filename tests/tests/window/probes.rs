//! Ways out of a page's frame, each tried in each place where a page can be: in its frame, in its own window, from a
//! development server. They are data: `tests/hostile/probes.json`.

use std::{collections::BTreeMap, path::Path};

use fantoccini::{Locator, error::CmdError};
use porthole_tests::{outside, pages::Pages, window::App};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    page::{extension, open, shows},
    page_source::serve_from,
};

/// One way out.
#[derive(Deserialize)]
struct Probe {
    name: String,
    /// The body of an async function. It is contained when it throws, is never answered, or gives nothing: what it gives,
    /// it has reached. `FOLDER` is the extension's own, with a `secret.html` that is no part of its page.
    run: String,
    /// Where it legitimately reaches something, and why.
    #[serde(default)]
    allowed: BTreeMap<String, String>,
}

fn probes() -> Vec<Probe> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/probes.json");
    let probes: Vec<Probe> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(probes.len() >= 70, "{}", probes.len());
    probes
}

/// An extension with a file beside its page that tells when it is shown.
fn probed() -> tempfile::TempDir {
    let folder = extension("Probes", "console.log('ready')");
    let tells = "<script>top[0].postMessage('secret', '*'); parent.postMessage('secret', '*')</script>";
    std::fs::write(folder.path().join("secret.html"), tells).unwrap();
    folder
}

/// The answer of a script in the page.
async fn asked(app: &App, script: &str) -> Result<Value, CmdError> {
    let client = app.client();
    client.find(Locator::Css("#page-frame")).await?.enter_frame().await?;
    let script =
        format!("const done = arguments[arguments.length - 1]; (async () => {{ {script} }})().then(done, done)");
    let said = client.execute_async(&script, vec![]).await;
    client.clone().enter_parent_frame().await?;
    said
}

/// Tries all of them; gives those that reached something they should not.
async fn tried(app: &App, place: &str, folder: &Path) -> Vec<String> {
    let mut reached = Vec::new();
    for Probe { name, run, allowed } in probes() {
        let run = run.replace("FOLDER", &folder.display().to_string());
        let script = format!(
            "const left = document.body.childElementCount
             const said = await Promise.race([(async () => {{ {run} }})().then((got) => got ? 'REACHED ' + String(got).slice(0, 200) : 'nothing', () => 'refused'),
               new Promise((late) => setTimeout(late, 1500, 'silence'))])
             while (document.body.childElementCount > left) document.body.lastElementChild.remove()
             return said"
        );
        // One that takes its own frame with it is tried once more, in the frame that is there then.
        let said = match asked(app, &script).await {
            Ok(said) => said,
            Err(_) => asked(app, &script).await.unwrap_or_else(|error| panic!("{name}: {error:?}")),
        };
        if said.as_str().unwrap().contains("REACHED") && !allowed.contains_key(place) {
            reached.push(format!("{name}: {said}"));
        }
    }
    reached
}

/// The window is as it was, and nothing was done by another way than `ddClient`.
async fn untouched(app: &App, windows: usize) {
    assert_eq!(
        app.value(
            "location.origin + '/' + (location.pathname + location.search).replace('/index.html', '').replace('/', '')"
        )
        .await,
        json!(if windows == 1 { "tauri://localhost/" } else { "tauri://localhost/?page" })
    );
    assert_eq!(outside::titles(app.process()).len(), windows);
    let downloads = std::env::var("HOME").map(|home| Path::new(&home).join("Downloads/probe-of-porthole.txt"));
    assert!(!downloads.is_ok_and(|download| download.exists()));
}

#[tokio::test]
async fn a_page_in_its_frame_gets_out_by_none_of_them() {
    let folder = probed();
    let app = App::open().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    assert_eq!(tried(&app, "frame", folder.path()).await, Vec::<String>::new());
    untouched(&app, 1).await;
    assert_eq!(app.calls().await, 0);
    app.close().await;
}

#[tokio::test]
async fn a_page_in_its_own_window_gets_out_by_none_of_them() {
    let folder = probed();
    let app = App::open().await;
    open(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    app.click("#page-own").await;
    app.go_to(true).await;
    shows(&app, "print", "ready").await;
    assert_eq!(tried(&app, "own", folder.path()).await, Vec::<String>::new());
    untouched(&app, 2).await;
    app.go_to(false).await;
    assert_eq!(app.calls().await, 0);
    app.close().await;
}

#[tokio::test]
async fn a_page_from_a_development_server_gets_out_by_none_of_them() {
    let folder = probed();
    let pages = Pages::serve("<!doctype html><head></head><body><script>console.log('served')</script></body>");
    let app = App::open().await;
    open(&app, folder.path()).await;
    serve_from(&app, &format!("localhost:{}", pages.port)).await;
    shows(&app, "print", "served").await;
    assert_eq!(tried(&app, "served", folder.path()).await, Vec::<String>::new());
    untouched(&app, 1).await;
    assert_eq!(app.calls().await, 0);
    app.close().await;
}

//! A page whose first file is a source: what is offered in its place, and that nothing runs by itself.

use std::{fs, path::Path};

use porthole_tests::{pages::Pages, window::App};
use serde_json::json;

use crate::{
    backed::without_engine,
    drawn::drawn_right,
    page::{in_page, shows},
};

const DOCKERFILE: &str = "FROM node AS client-builder
WORKDIR /ui
COPY ui /ui
RUN npm run build
FROM scratch
COPY --from=client-builder /ui/build ui
";

/// An extension as the templates make it, whose build writes a page and needs no packages.
fn source(port: u16) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("metadata.json", r#"{"ui":{"dashboard-tab":{"title":"Source","root":"/ui","src":"index.html"}}}"#);
    write("Dockerfile", DOCKERFILE);
    write(
        "ui/index.html",
        "<!doctype html><title>source</title><div id=root></div><script type=\"module\" src=\"/src/main.tsx\"></script>",
    );
    write("ui/src/main.tsx", "document.body.append(<p>never</p>)");
    write(
        "ui/package.json",
        r#"{"name":"ui","version":"1.0.0","scripts":{"dev":"vite","prebuild":"node -e 0","build":"node build.js"}}"#,
    );
    write("ui/package-lock.json", r#"{"name":"ui","version":"1.0.0","lockfileVersion":3,"packages":{}}"#);
    write(
        "ui/vite.config.ts",
        &format!(
            "import fs from 'fs'\nfs.writeFileSync('executed', '')\nexport default defineConfig({{ server: {{ port: {port} }} }})"
        ),
    );
    write(
        "ui/build.js",
        "const fs = require('fs'); console.log('building'); fs.mkdirSync('build', { recursive: true })
         fs.writeFileSync('build/index.html', '<!doctype html><title>built</title><p>built</p><script>console.log(\"the built page\")</script>')",
    );
    fs::create_dir(folder.path().join("ui/node_modules")).unwrap();
    folder
}

async fn open_source(app: &App, folder: &Path) {
    app.click("#tab-page").await;
    app.fill("#page-folder", &folder.display().to_string()).await;
    app.click("#page-open").await;
    app.until("the options", "document.querySelector('#page-unbuilt')").await;
}

#[tokio::test]
async fn a_source_page_is_recognized_before_it_is_loaded_and_its_build_runs_only_on_request() {
    let folder = source(4417);
    let app = without_engine().await;
    open_source(&app, folder.path()).await;
    let text = app.value("document.querySelector('#page-unbuilt').textContent.replace(/\\s+/g, ' ')").await;
    let text = text.as_str().unwrap();
    for part in [
        "src=\"/src/main.tsx\"",
        "http://localhost:4417",
        "vite.config.ts",
        "ui/build",
        "line 6",
        "npm run build",
        "prebuild: node -e 0",
        "build: node build.js",
        "It isn't built yet",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(app.value("document.querySelector('#page-frame') === null").await, json!(true));
    drawn_right(&app, "page-unbuilt").await;
    assert!(!folder.path().join("ui/executed").exists(), "a configuration was executed");
    assert!(!folder.path().join("ui/build").exists());
    assert_eq!(app.calls().await, 0);

    app.press_guarded("#page-unbuilt", "#page-build").await;
    shows(&app, "print", "the built page").await;
    // It ran as a command of the timeline, with its output.
    app.has_calls(1).await;
    assert_eq!(in_page(&app, "return document.querySelector('p').textContent").await, json!("built"));
    assert!(app.value("document.querySelector('#page-source').dataset.value === 'built'").await == json!(true));
    drawn_right(&app, "page-built").await;
    // Loaded again, it still comes from there.
    app.click("#page-clear:not(:disabled)").await;
    app.click("#page-reload").await;
    shows(&app, "print", "the built page").await;
    assert!(!folder.path().join("ui/executed").exists(), "a configuration was executed");
    app.close().await;
}

#[tokio::test]
async fn a_build_that_fails_says_so_and_the_source_can_be_loaded_anyway() {
    let folder = source(4418);
    fs::write(folder.path().join("ui/build.js"), "process.exit(3)").unwrap();
    let app = without_engine().await;
    open_source(&app, folder.path()).await;
    app.press_guarded("#page-unbuilt", "#page-build").await;
    app.until(
        "how it ended",
        "document.querySelector('#page-unbuilt [role=status]')?.textContent.includes('exit code')",
    )
    .await;
    app.click("#page-anyway").await;
    app.until("the frame", "document.querySelector('#page-frame')").await;
    shows(&app, "unloaded", "Module not loaded: /src/main.tsx").await;
    shows(&app, "unloaded", "don't run TypeScript").await;
    app.until("the note", "document.querySelector('#page-blank')?.textContent.includes('/src/main.tsx')").await;
    drawn_right(&app, "page-source-anyway").await;
    app.close().await;
}

#[tokio::test]
async fn the_development_server_of_a_source_page_is_used_at_the_port_of_its_configuration() {
    let server = Pages::serve(
        "<!doctype html><title>served</title><p>served</p><script>console.log('from the server', typeof window.ddClient)</script>",
    );
    let folder = source(server.port);
    let app = without_engine().await;
    open_source(&app, folder.path()).await;
    app.until("the guard", "document.querySelector('#page-unbuilt[data-armed=true]')").await;
    let button = "document.querySelector('#page-use-server').textContent";
    assert_eq!(app.value(button).await, json!(format!("Load from http://localhost:{}", server.port)));
    // A click that a script made loads nothing.
    app.value("(document.querySelector('#page-use-server').click(), true)").await;
    assert_eq!(app.value("document.querySelector('#page-frame') === null").await, json!(true));
    app.press_guarded("#page-unbuilt", "#page-use-server").await;
    shows(&app, "print", "from the server object").await;
    // It is remembered for this extension, as a server that was typed.
    app.click("#page-close").await;
    app.fill("#page-folder", &folder.path().display().to_string()).await;
    app.click("#page-open").await;
    app.until("the frame", &format!("document.querySelector('#page-frame')?.src.includes('{}')", server.port)).await;
    app.close().await;
}

#[tokio::test]
async fn a_page_that_is_not_built_yet_offers_the_same_and_no_source() {
    let folder = source(4419);
    fs::remove_file(folder.path().join("ui/index.html")).unwrap();
    let app = without_engine().await;
    open_source(&app, folder.path()).await;
    let found = "document.querySelector('#page-unbuilt').textContent.includes(\"doesn't exist\") && !document.querySelector('#page-anyway') && document.querySelector('#page-build')";
    app.until("the options", found).await;
    app.press_guarded("#page-unbuilt", "#page-build").await;
    shows(&app, "print", "the built page").await;
    app.close().await;
}

#[tokio::test]
async fn a_build_ran_other_scripts_than_those_that_were_shown() {
    let folder = source(4420);
    let app = without_engine().await;
    open_source(&app, folder.path()).await;
    let text = "document.querySelector('#page-unbuilt').textContent";
    app.until("the warning", &format!("{text}.includes('These commands run the project')")).await;
    let package = r#"{"name":"ui","scripts":{"build":"node -e \"require('fs').writeFileSync('executed','')\""}}"#;
    fs::write(folder.path().join("ui/package.json"), package).unwrap();
    fs::write(folder.path().join("ui/.npmrc"), "ignore-scripts=false").unwrap();
    app.press_guarded("#page-unbuilt", "#page-build").await;
    app.until("why", "document.querySelector('[data-code=project_changed]')").await;
    // What there is now is shown, and the next press is for that.
    app.until("the new script", &format!("{text}.includes('writeFileSync') && {text}.includes('.npmrc')")).await;
    assert!(!folder.path().join("ui/executed").exists());
    assert_eq!(app.calls().await, 0);

    let long = format!(r#"{{"name":"ui","scripts":{{"build":"{}"}}}}"#, "x".repeat(5_000));
    fs::write(folder.path().join("ui/package.json"), long).unwrap();
    app.press_guarded("#page-unbuilt", "#page-build").await;
    app.until("why", "document.querySelector('#page-build-cut')").await;
    assert_eq!(app.value("document.querySelector('#page-build') === null").await, json!(true));
    drawn_right(&app, "page-unbuilt-cut").await;
    app.close().await;
}

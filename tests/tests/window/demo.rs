//! The demo extension's page in the real window: every button of it.

use porthole_app::demo::Demo;
use porthole_tests::{
    demo::DemoCopy,
    given,
    window::{App, Home},
};
use serde_json::json;

use crate::{
    drawn::{drawn_right, pictures},
    extension::confirm,
    page::{entries, in_page, may, open, shows},
};

/// The page, with the demo backend of this process for the author's own: no engine is needed.
async fn opened() -> (App, Demo, tempfile::TempDir) {
    let here = tempfile::tempdir().unwrap();
    let backend = Demo::start(here.path()).await.unwrap();
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", "unix:///nonexistent/d.sock")]).await;
    open(&app, given("PORTHOLE_DEMO_EXTENSION").as_ref()).await;
    app.click("#side-backend").await;
    app.click("summary").await;
    app.fill("#backend-native", &backend.endpoint().to_string()).await;
    app.click("#backend-use-native").await;
    app.until("the endpoint", "document.querySelector('#backend-endpoint')").await;
    app.click("#side-page").await;
    app.click("#page-clear:not(:disabled)").await;
    app.click("#page-reload").await;
    // The first word of the page that was loaded anew: the former one is gone then.
    shows(&app, "call", "/hello").await;
    until(&app, "document.querySelector('#backend')?.textContent === 'backend responds'").await;
    (app, backend, here)
}

/// Waits in the page itself.
async fn until(app: &App, expression: &str) {
    let script = format!(
        "const late = performance.now() + 20000;
         const is = () => {{ try {{ return {expression} }} catch {{ return false }} }};
         while (!is()) {{
           if (performance.now() > late) return document.body.innerText;
           await new Promise((later) => setTimeout(later, 20)) }}
         return true"
    );
    assert_eq!(in_page(app, &script).await, json!(true), "never came: {expression}");
}

async fn click(app: &App, id: &str) {
    in_page(app, &format!("document.getElementById({}).click(); return true", json!(id))).await;
}

async fn card(app: &App, id: &str) -> (String, String) {
    let script = format!(
        "const card = document.getElementById({}).closest('.card');
         return [card.dataset.state, card.querySelector('.got').textContent]",
        json!(id)
    );
    serde_json::from_value(in_page(app, &script).await).unwrap()
}

/// Clicks every button, ends what does not end by itself, and waits for the last word of each.
async fn click_all(app: &App) {
    for kind in ["host", "docker"] {
        may(app, kind, "allow").await;
    }
    let clicked = "const all = [...document.querySelectorAll('.run')];
        for (const button of all) button.click();
        return all.length";
    assert!(in_page(app, clicked).await.as_u64().unwrap() > 50);
    // Somebody has to choose a folder, and somebody to end what goes on for ever, once it has said something.
    app.decide_on("#page-dialog", "cancel").await;
    app.until("it is gone", "!document.querySelector('#page-dialog')").await;
    let ended = "[...document.querySelectorAll('.card')].filter((card) => {
        if (card.querySelector('.got').childElementCount > 0 && card.innerText.includes('close() is called'))
          card.querySelector('.stop:not([hidden])')?.click();
        return ['idle', 'running', 'streaming'].includes(card.dataset.state) }).length === 0";
    until(app, ended).await;
    assert_eq!(entries(app, "uncaught").await, [] as [String; 0]);
}

/// What came of a button: the card's state, and words in what it got.
async fn is(app: &App, id: &str, state: &str, words: &str) {
    let (was, got) = card(app, id).await;
    assert_eq!(was, state, "{id}: {got}");
    assert!(got.contains(words), "{id}: {got}");
}

/// Waits for an entry of what the page did, in view or not: what is not in view has no `innerText`.
async fn told(app: &App, kind: &str, words: &str) {
    let found = format!(
        "[...document.querySelectorAll('#page-log [data-entry={kind}]')].some((entry) => entry.textContent.includes({}))",
        json!(words)
    );
    app.until(words, &found).await;
}

/// What needs neither a container nor this machine's programs.
async fn the_service_and_the_desktop_are_right(app: &App) {
    is(app, "service-get", "resolved", "Hello from the demo backend").await;
    for method in ["post", "put", "patch", "delete"] {
        is(app, &format!("service-{method}"), "resolved", &format!("\"method\": \"{}\"", method.to_uppercase())).await;
    }
    is(app, "service-request", "resolved", "x-request-from").await;
    is(app, "service-an-error-status", "rejected", "404").await;
    is(app, "service-large-numbers", "resolved", "9007199254740992").await;
    is(app, "service-several-at-once", "resolved", "503").await;
    is(app, "desktop-dialog-showOpenDialog", "resolved", "canceled").await;
    is(app, "desktop-host-extension-image", "returned", "linux").await;
    is(app, "deprecated-backend-get", "resolved", "Hello from the demo backend").await;
    told(app, "desktop", "The volume was cloned.").await;
    // Each call is said to be made by its own line, and not by the one that runs them all.
    told(app, "call", "service.js:").await;
    told(app, "call", "commands.js:").await;
}

#[tokio::test]
async fn every_button_of_the_demo_does_something_and_none_throws_where_nobody_catches_it() {
    let (app, _backend, _here) = opened().await;
    click_all(&app).await;
    the_service_and_the_desktop_are_right(&app).await;
    // There is no container here: it is said, and nothing breaks.
    is(&app, "container-exec", "rejected", "").await;
    app.close().await;
}

#[tokio::test]
async fn engine_the_demo_is_two_clicks_away_and_all_of_it_works() {
    let demo = DemoCopy::new();
    let folder = demo.path().display().to_string();
    let engine = given("PORTHOLE_TEST_ENGINE");
    let variables = [("DOCKER_HOST", engine.as_str()), ("PORTHOLE_DEMO_EXTENSION", folder.as_str())];
    let app = App::open_in(Home::default(), &variables).await;
    app.click("#tab-page").await;
    app.click("#open-demo").await;
    confirm(&app).await;
    app.until("the page", "document.querySelector('#page-frame')").await;
    until(&app, "document.querySelector('#backend')?.textContent === 'backend responds'").await;
    click_all(&app).await;
    the_service_and_the_desktop_are_right(&app).await;
    is(&app, "container-exec", "resolved", "metadata.json").await;
    is(&app, "container-one-JSON-object", "resolved", "pg data").await;
    is(&app, "container-JSON-lines", "resolved", "uploads").await;
    is(&app, "container-cwd-and-env", "resolved", "LEVEL=debug").await;
    is(&app, "container-an-exit-code-other-than-0", "rejected", "a line on stderr").await;
    is(&app, "container-a-missing-program", "rejected", "").await;
    is(&app, "container-exec-with-stream-in-chunks", "resolved", "onClose(0)").await;
    // Its own program is found on this machine.
    is(&app, "host-exec", "resolved", "\"Linux\"").await;
    is(&app, "host-cwd-and-env", "resolved", "Hello, captain, from /").await;
    is(&app, "host-an-exit-code-other-than-0", "rejected", "a line on stderr").await;
    is(&app, "host-exec-with-stream", "resolved", "step 12 of 12").await;
    is(&app, "deprecated-execHostCmd", "resolved", "Linux").await;
    is(&app, "deprecated-execDockerCmd", "resolved", "Engine").await;
    is(&app, "docker-listContainers", "resolved", &demo.image()).await;
    is(&app, "docker-listImages", "resolved", &demo.image()).await;
    app.close().await;
}
#[tokio::test]
async fn the_demos_page_is_drawn_right_in_both_themes_and_at_any_width() {
    let (app, _backend, _here) = opened().await;
    for id in ["service-get", "service-post", "service-an-error-status"] {
        click(&app, id).await;
    }
    let script =
        "[...document.querySelectorAll('#service .card')].filter((card) => card.dataset.state !== 'idle').length === 3
        && !document.querySelector('[data-state=running]')";
    until(&app, script).await;
    drawn_right(&app, "demo").await;
    // The page is looked at by itself too: axe of the window does not enter the frame.
    let axe = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/node_modules/axe-core/axe.min.js"),
    )
    .unwrap();
    for (theme, dark) in [("Dark", true), ("Light", false)] {
        app.theme(theme).await;
        for (width, height) in [(700, 600), (1440, 900)] {
            app.resize(width, height).await;
            until(&app, &format!("matchMedia('(prefers-color-scheme: dark)').matches === {dark}")).await;
            let found = in_page(
                &app,
                &format!(
                    "{axe}; const found = await axe.run(document, {{ resultTypes: ['violations'] }});
                     return found.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.html.slice(0, 160)))"
                ),
            )
            .await;
            assert_eq!(found, json!([]), "{theme} {width}");
            let wide = "document.documentElement.scrollWidth > innerWidth";
            assert_eq!(in_page(&app, &format!("return {wide}")).await, json!(false), "it scrolls sideways at {width}");
            app.picture(&pictures().join(format!("demo-page-{}-{width}.png", theme.to_lowercase()))).await;
        }
    }
    app.close().await;
}

//! The demo extension's page in the real window: every button of it.

use porthole_tests::{given, window::App};
use serde_json::{Value, json};

use crate::{
    drawn::{drawn_right, pictures},
    page::{entries, in_page, may, open},
};

/// Its buttons, each with what came of it.
const ALL: &str = "return [...document.querySelectorAll('.card')].map((card) => ({
    id: card.querySelector('.run').id, state: card.dataset.state, got: card.querySelector('.got').textContent }))";

async fn opened() -> App {
    let app = App::open().await;
    open(&app, given("PORTHOLE_DEMO_EXTENSION").as_ref()).await;
    until(&app, "document.querySelectorAll('.card').length > 50").await;
    app
}

/// Waits in the page itself.
async fn until(app: &App, expression: &str) {
    let script = format!(
        "const late = performance.now() + 20000;
         while (!({expression})) {{
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

#[tokio::test]
async fn every_button_of_the_demo_does_something_and_none_throws_where_nobody_catches_it() {
    let app = opened().await;
    until(&app, "document.querySelector('#backend')?.textContent === 'answers'").await;
    for kind in ["host", "docker"] {
        may(&app, kind, "allow").await;
    }
    let all: Vec<Value> = serde_json::from_value(in_page(&app, ALL).await).unwrap();
    for each in &all {
        let id = each["id"].as_str().unwrap();
        click(&app, id).await;
        // Somebody has to choose a folder, and somebody to end what goes on for ever.
        if id.contains("dialog") {
            app.click("#page-dialog button[type=button]").await;
        }
        let ended = format!(
            "(() => {{ const card = document.getElementById({}).closest('.card');
               card.querySelector('.stop:not([hidden])')?.click();
               return !['idle', 'running', 'streaming'].includes(card.dataset.state) }})()",
            json!(id)
        );
        until(&app, &ended).await;
    }
    let is = async |id: &str, state: &str, words: &str| {
        let (was, got) = card(&app, id).await;
        assert_eq!(was, state, "{id}: {got}");
        assert!(got.contains(words), "{id}: {got}");
    };
    is("service-get", "resolved", "Hello from the demo backend").await;
    for method in ["post", "put", "patch", "delete"] {
        is(&format!("service-{method}"), "resolved", &format!("\"method\": \"{}\"", method.to_uppercase())).await;
    }
    is("service-request", "resolved", "x-request-from").await;
    is("service-a-status-that-is-no-success", "rejected", "404").await;
    is("service-large-numbers", "resolved", "9007199254740992").await;
    is("service-several-at-once", "resolved", "503").await;
    // There is no container here: it is said, and nothing breaks.
    is("container-exec", "rejected", "").await;
    is("desktop-dialog-showOpenDialog", "resolved", "canceled").await;
    is("desktop-host-extension-image", "resolved", "linux").await;
    is("deprecated-backend-get", "resolved", "Hello from the demo backend").await;
    is("deprecated-execHostCmd", "rejected", "").await;
    assert_eq!(entries(&app, "uncaught").await, [] as [String; 0]);
    app.close().await;
}

/// One result of each kind, and a stream, as a reader of the README would see it.
#[tokio::test]
async fn the_demos_page_is_drawn_right_in_both_themes_and_at_any_width() {
    let app = opened().await;
    for id in ["service-get", "service-post", "service-a-status-that-is-no-success"] {
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

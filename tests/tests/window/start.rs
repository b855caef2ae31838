//! What starting a backend asks for is shown in the real window; nothing starts before it is confirmed.

use std::path::Path;

use bollard::{Docker, query_parameters::ListContainersOptionsBuilder};
use porthole_tests::{
    demo::DemoCopy,
    given,
    window::{App, Home},
};
use serde_json::json;

use crate::drawn::drawn_right;

const SECRET: &str = "nobody-may-see-this";

async fn app() -> App {
    let engine = given("PORTHOLE_TEST_ENGINE");
    App::open_in(Home::default(), &[("DOCKER_HOST", engine.as_str()), ("AWS_SECRET_ACCESS_KEY", SECRET)]).await
}

fn hostile() -> DemoCopy {
    DemoCopy::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/compose"))
}

async fn open(app: &App, extension: &DemoCopy) {
    app.click("#tab-page").await;
    app.fill("#page-folder", &extension.path().display().to_string()).await;
    app.click("#page-open").await;
    app.until("what it asks for", "document.querySelector('#start-view[data-armed=true]')").await;
}

/// What the engine has of an extension: containers, and its image.
async fn left(extension: &DemoCopy) -> usize {
    let docker = Docker::connect_with_host(&given("PORTHOLE_TEST_ENGINE")).unwrap();
    let options = ListContainersOptionsBuilder::default().all(true).build();
    let stem = extension.image().replace('/', "_");
    let containers = docker.list_containers(Some(options)).await.unwrap();
    let names = containers.into_iter().flat_map(|found| found.names.unwrap_or_default());
    let image = docker.inspect_image(&extension.image()).await.is_ok();
    names.filter(|name| name.contains(&stem)).count() + usize::from(image)
}

#[tokio::test]
async fn engine_of_a_hostile_compose_file_all_is_shown_and_cancel_leaves_nothing() {
    let extension = hostile();
    let app = app().await;
    open(&app, &extension).await;
    assert_eq!(app.value("document.activeElement.id").await, json!("start-cancel"));
    let shown = app.text("#start-view").await;
    for words in [
        "Gives control of the machine",
        "runs privileged",
        "Full control over the engine",
        "/ at /host",
        "/root at volume",
        "Uses the machine's own network",
        "/etc/hostname",
        "/etc/passwd",
        "8080 → 80",
        "AWS_SECRET_ACCESS_KEY",
        "not passed",
        "runs the Dockerfile's commands",
        "127.0.0.1:1/no/such:1",
    ] {
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    let first = app.text("#start-view section:first-of-type h3").await;
    assert_eq!(first, "Gives control of the machine");
    drawn_right(&app, "start-hostile").await;
    assert_eq!(left(&extension).await, 0, "opening started something");
    assert!(!app.text("body").await.contains(SECRET));

    app.press_guarded("#start-view", "[aria-label='Pass AWS_SECRET_ACCESS_KEY']").await;
    let passed = "document.querySelector('[data-variable=AWS_SECRET_ACCESS_KEY]')?.innerText.includes(\"Don't pass\")";
    app.until("it is passed", passed).await;
    app.press_guarded("#start-view", "[aria-label=\"Don't pass AWS_SECRET_ACCESS_KEY\"]").await;
    app.until("it isn't passed", "document.querySelector(\"[aria-label='Pass AWS_SECRET_ACCESS_KEY']\")").await;

    app.click("#start-cancel").await;
    app.until("it is gone", "!document.querySelector('#start-view')").await;
    app.click("#side-backend").await;
    app.until("it doesn't run", "document.querySelector('#backend-stage')?.innerText.includes(\"isn't running\")")
        .await;
    assert_eq!(left(&extension).await, 0, "canceling started something");
    app.close().await;
    assert_eq!(left(&extension).await, 0, "closing started something");
}

#[tokio::test]
async fn engine_a_swap_after_it_was_shown_is_refused_in_the_window() {
    let extension = DemoCopy::new();
    let app = app().await;
    open(&app, &extension).await;
    drawn_right(&app, "start-demo").await;
    std::fs::write(extension.path().join("Dockerfile"), "FROM scratch\nCOPY / /\n").unwrap();
    app.press_guarded("#start-view", "#start-confirm").await;
    app.until("why", "document.querySelector('.backend [data-code=start_plan_changed]')").await;
    assert_eq!(left(&extension).await, 0);
    // Enter cancels, as the focus says.
    app.click("#backend-up").await;
    app.until("what it asks for", "document.activeElement?.id === 'start-cancel'").await;
    app.chord(&[], '\u{e007}').await;
    app.until("it is gone", "!document.querySelector('#start-view')").await;
    assert_eq!(left(&extension).await, 0);
    app.close().await;
}

//! Targets on another engine than the one in use, and backends whose socket only a container has.

use std::fs;

use porthole_tests::{
    given,
    inside::{At, Inside},
    window::{App, Home},
};
use serde_json::json;

use crate::drawn::{drawn_right, pictures};

const BACKEND: &str = env!("CARGO_BIN_EXE_backend");
const SOCKET: &str = "/run/guest-services/backend.sock";

/// A home in which docker knows of another engine than the one in use: the tests' own, and one that nobody serves.
fn with_contexts() -> Home {
    let home = Home::default();
    for (name, host) in [("elsewhere", given("PORTHOLE_TEST_ENGINE")), ("gone", "unix:///nonexistent/d.sock".into())] {
        let folder = home.path().join("docker/contexts/meta").join(name);
        fs::create_dir_all(&folder).unwrap();
        let meta = json!({ "Name": name, "Endpoints": { "docker": { "Host": host } } });
        fs::write(folder.join("meta.json"), meta.to_string()).unwrap();
    }
    home
}

async fn open() -> App {
    App::open_in(with_contexts(), &[("DOCKER_HOST", "unix:///nonexistent/docker.sock")]).await
}

async fn choose_engine(app: &App, name: &str) {
    app.until("the contexts", "Number(document.querySelector('#target-engine').dataset.choices) >= 4").await;
    app.click(&format!("#target-engine-{name}")).await;
}

/// What a mark says when somebody looks closer.
async fn says(app: &App, mark: &str, words: &str) {
    app.focus_by_keys(&format!("#{mark} button")).await;
    let told = format!("document.querySelector('.tooltip')?.innerText.includes({})", json!(words));
    app.until(words, &told).await;
}

/// The form as it stands: the menu of themes would close it.
async fn form_drawn_right(app: &App) {
    for (size, width, height) in [("narrow", 640, 480), ("wide", 1440, 900)] {
        app.resize(width, height).await;
        for theme in ["dark", "light"] {
            app.value(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
            app.picture(&pictures().join(format!("target-form-engine-{theme}-{size}.png"))).await;
            let axe = app.findings_of_axe().await;
            assert!(axe.is_empty(), "{theme} {size}: {axe:#?}");
            let wide = "(() => { const form = document.querySelector('.popover');
                return [...form.querySelectorAll('*')].filter((part) => part.getBoundingClientRect().right
                    > form.getBoundingClientRect().left + form.clientWidth + 1).map((part) => part.outerHTML.slice(0, 120)) })()";
            assert_eq!(app.value(wide).await, json!([]), "{size}");
        }
    }
}

#[tokio::test]
async fn engine_any_docker_context_may_be_chosen_and_one_that_does_not_answer_says_why() {
    let inside = Inside::start(BACKEND, At::volume()).await;
    let app = open().await;
    app.edit_target().await;
    app.until("no engine", "document.querySelector('#target-containers-problem')").await;
    choose_engine(&app, "gone").await;
    app.until("its name", "document.querySelector('#target-containers-problem')?.innerText.includes('gone')").await;
    fill_in(&app, &inside).await;
    assert_eq!(app.value("document.querySelector('#target-containers-problem')").await, json!(null));
    app.until("the offer", "document.querySelector('#target-through')").await;
    form_drawn_right(&app).await;
    app.close().await;
}

/// A target on the other engine, with the path that the backend's own code has.
async fn fill_in(app: &App, inside: &Inside) {
    choose_engine(app, "elsewhere").await;
    app.fill("#target-endpoint", &format!("unix://{SOCKET}")).await;
    app.click(&format!("label.container[data-tooltip^=\"{} \"]", inside.name)).await;
}

#[tokio::test]
async fn engine_a_socket_in_a_volume_of_another_engine_is_reached_and_the_bar_says_how() {
    let inside = Inside::start(BACKEND, At::volume()).await;
    let app = open().await;
    app.edit_target().await;
    fill_in(&app, &inside).await;
    app.click("#target-apply").await;
    app.until("the target is applied", "!document.querySelector('#target-apply')").await;
    app.until("up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    app.until("the container", "document.querySelector('#mark-container').dataset.state === 'up'").await;
    assert!(app.text("#mark-service").await.contains("through the engine"));
    assert!(app.text("#mark-container").await.contains("elsewhere"));
    drawn_right(&app, "target-bar-engine").await;
    app.resize(640, 480).await;
    app.picture(&pictures().join("target-bar-engine-640.png")).await;
    app.resize(1440, 900).await;
    says(&app, "mark-service", &format!("in the volume {}", inside.volume.as_deref().unwrap())).await;
    says(&app, "mark-container", "docker context elsewhere").await;
    app.send("GET", "/").await;
    app.outcome("status").await;
    assert_eq!(app.badge(app.newest().await).await, "200 OK");
    // A command goes to the same container.
    app.click("#tab-command").await;
    app.click("#command-container").await;
    app.compose("echo", &["over there"]).await;
    app.click("#command-run").await;
    let call = app.newer_than(1).await;
    app.becomes(call, "ended").await;
    app.line(0, "over there").await;
    // All of it is there at the next start.
    let home = app.close().await;
    let settings = fs::read_to_string(home.settings()).unwrap();
    assert!(settings.contains("\"engine\": \"elsewhere\"") && settings.contains("Through the engine"), "{settings}");
    let app = App::open_in(home, &[("DOCKER_HOST", "unix:///nonexistent/docker.sock")]).await;
    app.until("up again", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    assert!(app.text("#mark-service").await.contains("through the engine"));
    app.edit_target().await;
    app.until("why", "document.querySelector('#target-endpoint-note')?.innerText.includes('in the volume')").await;
    assert!(app.text("#target-engine").await.contains("elsewhere"));
    // What was said of it goes with it.
    app.click("#target-demo").await;
    app.until("the demo", "!document.querySelector('#mark-service').innerText.includes('engine')").await;
    app.close().await;
}

#[tokio::test]
async fn engine_the_way_through_the_engine_is_one_click_away_in_the_form() {
    let inside = Inside::start(BACKEND, At::own("/data/sockets")).await;
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await;
    app.edit_target().await;
    app.fill("#target-endpoint", "/data/sockets/backend.sock").await;
    // Without a container there is nothing to offer.
    app.until("it is read", "document.querySelector('#target-endpoint-note')?.innerText.includes('unix://')").await;
    assert_eq!(app.value("document.querySelector('#target-through')").await, json!(null));
    app.click(&format!("label.container[data-tooltip^=\"{} \"]", inside.name)).await;
    app.click("#target-through").await;
    let endpoint = format!("container://{}/data/sockets/backend.sock", inside.name);
    assert_eq!(app.value("document.querySelector('#target-endpoint').value").await, json!(endpoint));
    app.click("#target-apply").await;
    app.until("up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    says(&app, "mark-service", "the container's file system").await;
    app.close().await;
}

//! Extensions on real engines, opened in the real window: the demo extension from its folder, its image and where it
//! runs, on the engine in use and on others.

use std::{fs, path::Path, process::Command};

use bollard::Docker;
use porthole_tests::{
    demo::DemoCopy,
    eventually, given,
    over_tls::OverTls,
    sshd::Sshd,
    window::{App, Home},
};
use serde_json::{Value, json};

use crate::{
    drawn::drawn_right,
    page::{in_page, may, shows},
};

async fn app() -> App {
    App::open_in(Home::default(), &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await
}

/// Opens what a person would type, and starts its backend.
async fn open(app: &App, what: &str) {
    app.click("#tab-page").await;
    app.fill("#page-folder", what).await;
    app.click("#page-open").await;
    confirm(app).await;
    is_up(app).await;
}

/// Confirms what starting the backend asks for.
pub(crate) async fn confirm(app: &App) {
    app.press_guarded("#start-view", "#start-confirm").await;
}

async fn open_folder(app: &App, demo: &DemoCopy) {
    open(app, &demo.path().display().to_string()).await;
}

/// Waits until the backend is up and the page has its answer.
async fn is_up(app: &App) {
    eventually("the backend is up", async || {
        let stage = app.value("document.querySelector('#page-backend')?.className").await;
        let trouble = app.value("document.querySelector('.backend [role=alert]')?.innerText ?? null").await;
        assert_eq!(trouble, Value::Null);
        stage.as_str().is_some_and(|classes| classes.split(' ').any(|class| class == "up")).then_some(())
    })
    .await;
    app.until("the page", "document.querySelector('#page-frame')").await;
    answers(app).await;
}

/// The page's own word for a backend that answers it.
async fn answers(app: &App) {
    let script = "const late = performance.now() + 20000;
        while (document.querySelector('#backend')?.textContent !== 'backend responds') {
          if (performance.now() > late) return document.body.innerText;
          await new Promise((later) => setTimeout(later, 20)) }
        return true";
    assert_eq!(in_page(app, script).await, json!(true));
}

/// Loads the page anew, and waits for the answer of the new one.
async fn reload(app: &App) {
    app.click("#side-page").await;
    app.value("document.querySelector('#page-clear:not(:disabled)')?.click()").await;
    app.click("#page-reload").await;
    shows(app, "call", "/hello").await;
    answers(app).await;
}

async fn backend(app: &App) {
    app.click("#side-backend").await;
    app.until("the container", "document.querySelector('[data-part] .state')").await;
}

/// What stands on the backend's side.
async fn says(app: &App, words: &str) {
    app.until(words, &format!("document.querySelector('.backend')?.innerText.includes({})", json!(words))).await;
}

/// What the test's engine says of a container: whether it runs; nothing when there is none.
async fn runs(container: &str) -> Option<bool> {
    let docker = Docker::connect_with_host(&given("PORTHOLE_TEST_ENGINE")).unwrap();
    docker.inspect_container(container, None).await.ok()?.state?.running
}

fn container_of(demo: &DemoCopy) -> String {
    format!("{}-desktop-extension-service", demo.image().replace('/', "_"))
}

/// The path of the socket that the bar shows in full.
async fn socket(app: &App) -> String {
    let endpoint = app.text("#backend-endpoint").await;
    endpoint.strip_prefix("unix://").unwrap_or_else(|| panic!("{endpoint}")).to_owned()
}

/// A home in which docker knows of another engine.
fn knowing(name: &str, host: &str) -> Home {
    let home = Home::default();
    let folder = home.path().join("docker/contexts/meta").join(name);
    fs::create_dir_all(&folder).unwrap();
    let meta = json!({ "Name": name, "Endpoints": { "docker": { "Host": host } } });
    fs::write(folder.join("meta.json"), meta.to_string()).unwrap();
    home
}

#[tokio::test]
async fn engine_an_extension_is_opened_from_its_folder_where_it_runs_and_from_its_image() {
    let demo = DemoCopy::new();
    let container = container_of(&demo);
    let (one, other) = (app().await, app().await);
    open_folder(&one, &demo).await;
    one.until("the service", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    one.until("the container", "document.querySelector('#mark-container').dataset.state === 'up'").await;
    backend(&one).await;
    says(&one, "Porthole started it").await;
    says(&one, "It is the only one.").await;
    drawn_right(&one, "extension-backend").await;
    let directory = socket(&one).await;
    assert!(Path::new(&directory).exists());
    // Its logs are a run of the timeline, that goes on.
    one.click("[data-part] button").await;
    one.until("the logs", "document.querySelector('#detail')?.innerText.includes('logs --follow')").await;

    // Another Porthole finds it running, and leaves it so.
    other.click("#tab-page").await;
    let found = format!("[data-running='{}'] button", demo.image().replace('/', "_"));
    other.until("it is found", &format!("document.querySelector(\"{found}\")")).await;
    drawn_right(&other, "extension-open").await;
    other.click(&found).await;
    is_up(&other).await;
    backend(&other).await;
    says(&other, "keeps running").await;
    other.click("#page-close").await;
    other.until("the form", "document.querySelector('#page-folder')").await;
    other.until("the target before", "document.querySelector('#target-button').innerText.includes('demo')").await;
    assert_eq!(runs(&container).await, Some(true));

    // Whoever brought it up takes it down, with its socket.
    one.click("#page-close").await;
    eventually("the container is gone", async || runs(&container).await.is_none().then_some(())).await;
    eventually("the socket is gone", async || (!Path::new(&directory).exists()).then_some(())).await;
    one.close().await;

    // The image that was built is enough for it.
    open(&other, &demo.image()).await;
    assert_eq!(runs(&container).await, Some(true));
    // A window that is closed leaves nothing either.
    other.close().await;
    eventually("the container is gone", async || runs(&container).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn engine_of_two_extensions_in_turn_nothing_of_the_first_is_left() {
    let (first, second) = (DemoCopy::new(), DemoCopy::new());
    // Leave is kept by content: theirs differs.
    let manifest = second.path().join("metadata.json");
    let text = fs::read_to_string(&manifest).unwrap().replace("Porthole demo", "Second");
    fs::write(&manifest, text).unwrap();
    let app = app().await;
    open_folder(&app, &first).await;
    may(&app, "host", "allow").await;
    let before = in_page(&app, "localStorage.setItem('mine', 'yes'); return location.origin").await;
    backend(&app).await;
    let directory = socket(&app).await;
    app.click("#page-close").await;
    open_folder(&app, &second).await;
    assert_eq!(app.value("document.querySelector('#page-permissions [data-host]').dataset.host").await, json!("ask"));
    let after = in_page(&app, "return [location.origin, localStorage.getItem('mine')]").await;
    assert_ne!(after[0], before);
    assert_eq!(after[1], Value::Null);
    let reached = format!("return fetch({} + '/index.html').then((is) => is.status, () => 'refused')", json!(before));
    assert_eq!(in_page(&app, &reached).await, json!("refused"));
    assert_eq!(runs(&container_of(&first)).await, None);
    assert!(!Path::new(&directory).exists());
    app.close().await;
    eventually("the second is gone", async || runs(&container_of(&second)).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn engine_a_backend_that_is_killed_is_seen_and_started_again() {
    let demo = DemoCopy::new();
    let container = container_of(&demo);
    let app = app().await;
    open_folder(&app, &demo).await;
    backend(&app).await;
    let docker = Docker::connect_with_host(&given("PORTHOLE_TEST_ENGINE")).unwrap();
    docker.kill_container(&container, None).await.unwrap();
    says(&app, "exited").await;
    says(&app, "code 137").await;
    app.until("the service is down", "document.querySelector('#mark-service').dataset.state === 'down'").await;
    app.until("so is the container", "document.querySelector('#mark-container').dataset.state === 'down'").await;
    drawn_right(&app, "extension-killed").await;
    app.click("#backend-again").await;
    app.until("the service", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    says(&app, "running").await;
    reload(&app).await;
    // Taken down and brought up by hand.
    app.click("#side-backend").await;
    app.click("#backend-stop").await;
    eventually("the container is gone", async || runs(&container).await.is_none().then_some(())).await;
    app.click("#backend-up").await;
    says(&app, "Porthole started it").await;
    app.close().await;
}

#[tokio::test]
async fn engine_a_killed_porthole_leaves_no_backend_and_no_socket() {
    let demo = DemoCopy::new();
    let app = app().await;
    open_folder(&app, &demo).await;
    backend(&app).await;
    let directory = socket(&app).await;
    assert!(Command::new("kill").args(["-KILL", &app.process().to_string()]).status().unwrap().success());
    eventually("the container is gone", async || runs(&container_of(&demo)).await.is_none().then_some(())).await;
    eventually("the socket is gone", async || (!Path::new(&directory).exists()).then_some(())).await;
}

#[tokio::test]
async fn engine_what_does_not_come_up_says_why_and_is_tried_again() {
    let demo = DemoCopy::new();
    let dockerfile = demo.path().join("Dockerfile");
    let good = fs::read_to_string(&dockerfile).unwrap();
    fs::write(&dockerfile, "FROM scratch\nCOPY no-such-file /\n").unwrap();
    let app = app().await;
    app.click("#tab-page").await;
    app.fill("#page-folder", &demo.path().display().to_string()).await;
    app.click("#page-open").await;
    confirm(&app).await;
    app.until("why", "document.querySelector('.backend [role=alert]')?.innerText.includes('no-such-file')").await;
    drawn_right(&app, "extension-not-up").await;
    // A request of somebody goes nowhere, and says so: not to the demo backend of Porthole.
    app.send("GET", "/hello").await;
    let said = "[...document.querySelectorAll('[role=alert]')].some((note) => note.innerText.includes('backend didn\\'t start'))";
    app.until("why it goes nowhere", said).await;
    fs::write(&dockerfile, good).unwrap();
    app.click("#tab-page").await;
    // Another Dockerfile: what it asks for is shown again.
    app.click("#backend-up").await;
    confirm(&app).await;
    says(&app, "Porthole started it").await;
    reload(&app).await;
    app.close().await;
    eventually("the container is gone", async || runs(&container_of(&demo)).await.is_none().then_some(())).await;
}

#[tokio::test]
async fn engine_an_extension_on_an_engine_over_tls_is_reached_through_it() {
    let demo = DemoCopy::new();
    let over = OverTls::start().await;
    let home = knowing("secure", &over.host);
    let keys = home.path().join("docker/contexts/tls/secure/docker");
    fs::create_dir_all(&keys).unwrap();
    for (from, to) in [("ca.pem", "ca.pem"), ("me.pem", "cert.pem"), ("me-key.pem", "key.pem")] {
        fs::copy(over.issuer.at(from), keys.join(to)).unwrap();
    }
    let app = App::open_in(home, &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await;
    app.click("#tab-page").await;
    app.click("#page-engine-secure").await;
    open_folder(&app, &demo).await;
    assert!(app.text("#mark-service").await.contains("through the engine"));
    backend(&app).await;
    says(&app, "container://").await;
    says(&app, "Through the engine").await;
    assert_eq!(runs(&container_of(&demo)).await, None, "it is on the other engine");
    drawn_right(&app, "extension-over-tls").await;
    app.close().await;
}

#[tokio::test]
async fn engine_an_extension_that_runs_behind_ssh_is_found_and_opened() {
    let demo = DemoCopy::new();
    let here = app().await;
    open_folder(&here, &demo).await;
    let socket = given("PORTHOLE_TEST_ENGINE");
    let path = std::env::var("PATH").unwrap();
    let sshd = Sshd::start(&[("PATH", &path), ("DOCKER_HOST", &socket)]);
    let home = knowing("far", &sshd.url(""));
    let ssh = sshd.ssh("user", "known").join(" ");
    let app = App::open_in(home, &[("DOCKER_HOST", "unix:///nonexistent/d.sock"), ("PORTHOLE_SSH", &ssh)]).await;
    app.click("#tab-page").await;
    let found = format!("[data-context=far] [data-running='{}'] button", demo.image().replace('/', "_"));
    app.until("it is found", &format!("document.querySelector(\"{found}\")")).await;
    app.click(&found).await;
    is_up(&app).await;
    backend(&app).await;
    says(&app, "keeps running").await;
    assert!(app.text("#mark-container").await.contains("far"));
    app.close().await;
    assert_eq!(runs(&container_of(&demo)).await, Some(true));
    here.close().await;
}

#[tokio::test]
async fn beside_a_process_of_the_author_the_containers_commands_run_here_and_are_asked_for_as_such() {
    let here = tempfile::tempdir().unwrap();
    let backend = porthole_app::demo::Demo::start(here.path()).await.unwrap();
    let folder = crate::page::extension(
        "Native",
        "window.start = async () => {
           console.log((await window.ddClient.extension.vm.service.get('/hello')).message)
           console.log((await window.ddClient.extension.vm.cli.exec('echo', ['beside', 'you'])).stdout) }",
    );
    let manifest = folder.path().join("metadata.json");
    let vm = "\"vm\": { \"image\": \"x\", \"exposes\": { \"socket\": \"b.sock\" } },\n  \"ui\"";
    let text = fs::read_to_string(&manifest).unwrap().replace("\"ui\"", vm);
    fs::write(&manifest, text).unwrap();
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", "unix:///nonexistent/d.sock")]).await;
    app.click("#tab-page").await;
    app.fill("#page-folder", &folder.path().display().to_string()).await;
    app.fill("#page-image", "acme/native:2").await;
    app.click("#page-open").await;
    app.until("its name", "document.querySelector('#target-button').innerText.includes('acme/native:2')").await;
    app.until("no engine", "document.querySelector('.backend [role=alert]')?.innerText.includes('respond')").await;
    app.click("details summary").await;
    app.fill("#backend-native", &backend.endpoint().to_string()).await;
    app.click("#backend-use-native").await;
    says(&app, "Your own process.").await;
    drawn_right(&app, "extension-native").await;
    app.click("#side-page").await;
    app.until("the page", "document.querySelector('#page-frame')").await;
    in_page(&app, "window.start(); return true").await;
    shows(&app, "print", "Hello from the demo backend").await;
    // The leave for containers is given at first; that for this machine is not.
    app.until("the prompt", "document.querySelector('#prompt')?.innerText.includes('on this machine')").await;
    app.decide("once").await;
    shows(&app, "print", "beside you").await;
    app.close().await;
}

//! Backends of extensions on a real engine: brought up, attached to, taken down.

#![cfg(unix)]

#[path = "engine_backend/extension.rs"]
mod extension;
#[path = "engine_backend/start.rs"]
mod start;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use bollard::{
    Docker,
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{
        CreateContainerOptionsBuilder, ListContainersOptionsBuilder, ListVolumesOptions, RemoveContainerOptionsBuilder,
        RemoveImageOptionsBuilder, RemoveVolumeOptions,
    },
};
use porthole_base::error::{Code, Error};
use porthole_engine::{Address, Engine};
use porthole_extension::{
    AllowedVariables, BackendDeps, BackendKind, BackendOwner, Extension, ExtensionSource, LiveBackend, Start, open,
};
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::View;
use porthole_sdk::call::{Act, Origin};
use porthole_tests::{eventually, given, private::Private, started};
use porthole_timeline::Timeline;

use extension::TestExtension;

fn directory_of(endpoint: &Option<Endpoint>) -> PathBuf {
    let Some(Endpoint::Unix(path)) = endpoint else { panic!("{endpoint:?}") };
    path.parent().unwrap().parent().unwrap().to_owned()
}

const IMAGE: &str = r#"{"icon": "i", "vm": {"image": "${DESKTOP_PLUGIN_IMAGE}", "exposes": {"socket": "b.sock"}}}"#;
const WORDS: &[&str] = &["/run/guest-services/b.sock", "hello"];

#[tokio::test]
async fn engine_an_image_is_built_brought_up_answers_and_leaves_nothing() {
    let extension = TestExtension::of_image(WORDS).await;
    let backend = extension.up().await.unwrap();
    assert_eq!(backend.up.whose, BackendOwner::Porthole);
    assert_eq!(extension.answer(&backend).await, "hello");
    let first = backend.up.first.clone().unwrap();
    assert_eq!((first.service.as_str(), first.because.as_str()), ("service", "It is the only one."));
    assert_eq!(first.container, extension.opened().await.names.container);
    let ran = extension.ran();
    assert!(matches!(ran.as_slice(), [build] if build.starts_with("build --tag porthole-test/")), "{ran:?}");
    let mut states = backend.watch();
    let seen = states.wait_for(|states| !states.is_empty()).await.unwrap().clone();
    assert_eq!((seen.len(), seen[0].state.as_str(), seen[0].restarts, seen[0].first), (1, "running", 0, true));
    extension.docker.pause_container(&first.container).await.unwrap();
    states.wait_for(|states| states[0].state == "paused").await.unwrap();
    extension.docker.unpause_container(&first.container).await.unwrap();
    let logs = extension.deps.follow_logs(&first.container.parse().unwrap());
    eventually("the logs", async || {
        let text = extension.deps.timeline.exact(logs, View::Stdout, 0, 9).await.unwrap();
        text.starts_with("listening on /run/guest-services/b.sock").then_some(())
    })
    .await;
    let directory = directory_of(&backend.up.endpoint);
    assert!(directory.exists());
    backend.stop().await.unwrap();
    assert!(!directory.exists(), "a socket directory is left");
    assert_eq!(extension.containers().await, [] as [String; 0]);
    // Its logs end with it.
    extension.deps.timeline.ended(logs).await.unwrap();
    // The image is there now: nothing is built, unless that is asked for.
    extension.up().await.unwrap().stop().await.unwrap();
    assert_eq!(extension.ran().len(), 2);
    let opened = extension.opened().await;
    let again = Start::plan(&extension.deps, &opened, true, &AllowedVariables::new()).await.unwrap();
    extension.start(&again).await.unwrap().stop().await.unwrap();
    assert_eq!(extension.ran().len(), 3);
}

#[tokio::test]
async fn engine_an_extension_is_opened_from_its_image_and_from_what_runs() {
    let extension = TestExtension::of_image(WORDS).await;
    let backend = extension.up().await.unwrap();
    let (from_image, from_running) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Ok(&extension.deps.engine);
    let source = ExtensionSource::Image { name: extension.image.clone() };
    let image = open(source, engine.clone(), from_image.path(), None).await.unwrap();
    let container = backend.up.containers[0].clone();
    let running =
        open(ExtensionSource::Running { container }, engine.clone(), from_running.path(), None).await.unwrap();
    let folder = extension.opened().await;
    assert_eq!((&image.names, &image.manifest), (&folder.names, &folder.manifest));
    assert_eq!((&running.names, &running.manifest), (&folder.names, &folder.manifest));
    assert_eq!(image.backend, BackendKind::Image { image: extension.image.parse().unwrap() });
    assert_eq!((image.root.as_path(), running.root.as_path()), (from_image.path(), from_running.path()));
    let gone = ExtensionSource::Running { container: "porthole-test-no-such-container".into() };
    assert_eq!(open(gone, engine, from_image.path(), None).await.unwrap_err().code, Code::ContainerNotFound);
    // It runs: whoever opens it again attaches, and does not take it down.
    let again = LiveBackend::attach(&extension.deps, &running).await.unwrap().unwrap();
    assert_eq!((again.up.whose, &again.up.endpoint), (BackendOwner::Other, &backend.up.endpoint));
    again.stop().await.unwrap();
    assert_eq!(extension.answer(&backend).await, "hello");
    backend.stop().await.unwrap();
}

#[tokio::test]
async fn engine_a_backend_that_runs_under_docker_desktops_name_is_used_and_left() {
    let extension = TestExtension::of_image(WORDS).await;
    extension.up().await.unwrap().stop().await.unwrap();
    let name = extension.opened().await.names.container;
    extension.made_by_other(&name, &[]).await;
    eventually("the socket", async || extension.folder.path().join("session/b.sock").exists().then_some(())).await;
    let backend = extension.up().await.unwrap();
    assert_eq!((backend.up.whose, backend.up.containers.as_slice()), (BackendOwner::Other, [name.clone()].as_slice()));
    assert_eq!(extension.answer(&backend).await, "hello");
    backend.stop().await.unwrap();
    assert!(extension.deps.engine.ready(&name).await.is_ok(), "somebody else's backend was stopped");
}

#[tokio::test]
async fn engine_what_a_killed_porthole_left_is_replaced_and_a_stopped_container_of_another_is_not() {
    let extension = TestExtension::of_image(WORDS).await;
    let before = extension.up().await.unwrap();
    let name = extension.opened().await.names.container;
    let made = extension.docker.inspect_container(&name, None).await.unwrap();
    let owner = made.config.unwrap().labels.unwrap().remove("dev.porthole.owner").unwrap();
    before.stop().await.unwrap();
    // No process has an id this high.
    let owner = format!("{}/{}", owner.rsplit_once('/').unwrap().0, i32::MAX);
    let labels = [("dev.porthole.owner", owner), ("dev.porthole.backend", format!("left-{name}"))];
    extension.made_by_other(&name, &labels).await;
    let backend = extension.up().await.unwrap();
    assert_eq!(backend.up.whose, BackendOwner::Porthole);
    assert_eq!(extension.answer(&backend).await, "hello");
    backend.stop().await.unwrap();
    fs::remove_file(extension.folder.path().join("session/b.sock")).unwrap();
    extension.made_by_other(&name, &[]).await;
    extension.docker.stop_container(&name, None).await.unwrap();
    let error = extension.up().await.unwrap_err();
    assert_eq!(error.code, Code::EngineRefused, "{error:?}");
    assert!(error.hint.unwrap().contains(&format!("docker rm {name}")));
    assert_eq!(extension.containers().await.len(), 1);
}

#[tokio::test]
async fn engine_an_image_that_cannot_be_made_says_why() {
    let extension = TestExtension::of_image(WORDS).await;
    let dockerfile = extension.folder.path().join("Dockerfile");
    fs::write(&dockerfile, "FROM scratch\nCOPY no-such-file /\n").unwrap();
    let error = extension.up().await.unwrap_err();
    assert_eq!(error.code, Code::ImageNotMade, "{error:?}");
    assert!(extension.hands_on_the_last_words(&error).await, "{error:?}");
    fs::remove_file(&dockerfile).unwrap();
    let error = extension.up().await.unwrap_err();
    assert!(error.code == Code::ImageNotMade && error.detail.unwrap().contains("no Dockerfile"));
    // Somebody else's image is pulled; nobody listens at that registry.
    let extension = TestExtension::new(r#"{"vm": {"image": "127.0.0.1:1/no/such:1"}}"#, WORDS).await;
    let error = extension.up().await.unwrap_err();
    assert_eq!(error.code, Code::ImageNotMade, "{error:?}");
    assert!(extension.ran()[0].ends_with("pull 127.0.0.1:1/no/such:1"), "{:?}", extension.ran());
}

/// Signing in was left to the docker command, which need not be there.
#[tokio::test]
async fn engine_a_build_signs_in_at_the_registry_of_its_base_image() {
    let registry = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = registry.local_addr().unwrap().port();
    let (heard, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        use std::io::Read;
        for mut stream in registry.incoming().map_while(Result::ok) {
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or_default();
            let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
            let signed_in = head.lines().find_map(|line| line.strip_prefix("authorization: ").map(str::to_owned));
            let answer = match &signed_in {
                Some(_) => "404 Not Found\r\n",
                None => "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"here\"\r\n",
            };
            let _ = write!(stream, "HTTP/1.1 {answer}Connection: close\r\nContent-Length: 0\r\n\r\n");
            if let Some(signed_in) = signed_in {
                let _ = heard.send(signed_in);
            }
        }
    });
    let extension = TestExtension::of_image(WORDS).await;
    let from = format!("FROM 127.0.0.1:{port}/private/base:1\n");
    fs::write(extension.folder.path().join("Dockerfile"), from).unwrap();
    let config = tempfile::tempdir().unwrap();
    let auths = format!(r#"{{"auths":{{"127.0.0.1:{port}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#);
    fs::write(config.path().join("config.json"), auths).unwrap();
    let mut porthole = Command::new(env!("CARGO_BIN_EXE_starts_backend"));
    porthole.arg(extension.folder.path()).args([&extension.image, &extension.deps.engine.address().host]);
    let ended = porthole.env("DOCKER_CONFIG", config.path()).stdin(Stdio::null()).output().unwrap();
    assert!(!ended.status.success(), "there is no such image");
    let words = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(hears.try_recv().as_deref(), Ok("basic bwu6c2vjcmv0"), "{words}");
}

#[tokio::test]
async fn engine_a_container_that_ends_at_once_tells_its_last_words_and_leaves_nothing() {
    let extension = TestExtension::of_image(&[]).await;
    let error = extension.up().await.unwrap_err();
    assert_eq!(error.code, Code::BackendEnded, "{error:?}");
    assert!(error.message.contains("exit code 3"), "{error:?}");
    let words = error.detail.unwrap();
    assert!(words.contains("looking for settings") && words.contains("no settings found"), "{words}");
    assert_eq!(extension.containers().await, [] as [String; 0]);
}

const COMPOSE: &str = r#"
services:
  web:
    image: ${DESKTOP_PLUGIN_IMAGE}
    command: ["/backend", "/run/guest-services/b.sock", "web"]
    network_mode: none
  api:
    image: ${DESKTOP_PLUGIN_IMAGE}
    command: ["/backend", "/run/guest-services/api.sock", "api"]
    network_mode: none
"#;

async fn composed(text: &str) -> TestExtension {
    let manifest = r#"{"vm": {"composefile": "compose.yaml", "exposes": {"socket": "b.sock"}}}"#;
    let extension = TestExtension::new(manifest, WORDS).await;
    fs::write(extension.folder.path().join("compose.yaml"), text).unwrap();
    extension
}

#[tokio::test]
async fn engine_compose_brings_up_two_services_and_the_first_of_the_file_is_first() {
    let extension = composed(COMPOSE).await;
    let backend = extension.up().await.unwrap();
    assert_eq!(extension.answer(&backend).await, "web");
    let first = backend.up.first.clone().unwrap();
    assert_eq!((first.service.as_str(), backend.up.containers.len()), ("web", 2));
    assert!(first.because.contains("first service in the compose file"), "{first:?}");
    assert_eq!(first.container, extension.opened().await.names.container);
    let found = extension.deps.engine.extensions().await.unwrap();
    let found = found.iter().find(|found| found.first.as_deref() == Some(&first.container)).unwrap();
    assert_eq!(found.project, extension.opened().await.names.project);
    let directory = directory_of(&backend.up.endpoint);
    let api = Endpoint::Unix(directory.join("s/api.sock"));
    eventually("the second service's socket", async || {
        let id = extension.deps.timeline.send(Origin::Composer, api.clone(), Request::new("GET", "/"));
        extension.deps.timeline.ended(id).await.unwrap();
        let text = extension.deps.timeline.exact(id, View::Stdout, 0, 9).await.unwrap();
        (text == "api").then_some(())
    })
    .await;
    let mut states = backend.watch();
    let seen = states.wait_for(|states| states.len() == 2).await.unwrap().clone();
    assert_eq!((seen[0].service.as_deref(), seen[0].first, seen[1].first), (Some("web"), true, false));
    extension.docker.stop_container(&seen[1].container, None).await.unwrap();
    states.wait_for(|states| states[1].state == "exited" && states[0].state == "running").await.unwrap();
    backend.stop().await.unwrap();
    assert!(!directory.exists(), "a socket directory is left");
    assert_eq!(extension.containers().await, [] as [String; 0]);
    let ran = extension.ran();
    let [config, build, up, down] = ran.as_slice() else { panic!("{ran:?}") };
    assert!(config.contains(" config") && build.starts_with("build --tag "), "{ran:?}");
    assert!(up.ends_with("up --detach") && down.ends_with("down"), "{ran:?}");
    // Neither is given the extension's own file again.
    assert!(!up.contains("compose.yaml") && !down.contains("/compose.yaml"), "{ran:?}");
}

#[tokio::test]
async fn engine_compose_with_a_volume_of_its_own_for_the_sockets_is_reached_through_the_engine() {
    let with_volume =
        COMPOSE.replacen("network_mode: none", "volumes: [\"sockets:/run/guest-services\"]\n    network_mode: none", 2);
    let extension = composed(&format!("{with_volume}volumes: {{sockets: {{}}}}\n")).await;
    let backend = extension.up().await.unwrap();
    let Some(Endpoint::Container { container, path }) = &backend.up.endpoint else { panic!("{:?}", backend.up) };
    assert_eq!(*container, backend.up.containers[0]);
    assert_eq!(path, "/run/guest-services/b.sock");
    assert!(backend.up.said.as_ref().unwrap().contains("in the volume"), "{:?}", backend.up);
    assert_eq!(extension.answer(&backend).await, "web");
    backend.stop().await.unwrap();
    assert_eq!(extension.containers().await, [] as [String; 0]);
    extension.deps.timeline.close().await;
    // The author's own volume stays, as it does in Docker Desktop.
    let volume = format!("{}_sockets", extension.opened().await.names.project);
    extension.docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await.unwrap();
}

#[tokio::test]
async fn engine_far_away_has_the_sockets_in_a_volume_that_goes_too() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let host = format!("tcp://127.0.0.1:{port}");
    let arguments = ["--host".to_owned(), host.clone()];
    let _private = Private::start_with(tempfile::tempdir().unwrap(), &arguments).await;
    let extension = TestExtension::on(&host, IMAGE, WORDS).await;
    let backend = extension.up().await.unwrap();
    let Some(Endpoint::Container { .. }) = &backend.up.endpoint else { panic!("{:?}", backend.up) };
    assert_eq!(extension.answer(&backend).await, "hello");
    let volumes = async || {
        extension.docker.list_volumes(None::<ListVolumesOptions>).await.unwrap().volumes.unwrap_or_default().len()
    };
    assert_eq!(volumes().await, 1);
    extension.deps.timeline.connections().close().await;
    backend.stop().await.unwrap();
    assert_eq!((volumes().await, extension.containers().await.len()), (0, 0));
}

#[tokio::test]
async fn engine_compose_that_fails_tells_its_words_and_leaves_nothing() {
    let extension = composed(&COMPOSE.replace("network_mode: none\n  api", "network_mode: [1]\n  api")).await;
    let error = extension.up().await.unwrap_err();
    assert_eq!(error.code, Code::ComposeFailed, "{error:?}");
    assert!(extension.hands_on_the_last_words(&error).await, "{error:?}");
    assert_eq!(extension.containers().await, [] as [String; 0]);
    let extension = composed("services: []").await;
    assert_eq!(extension.up().await.unwrap_err().code, Code::ComposeUnreadable);
}

#[tokio::test]
async fn engine_a_porthole_that_is_killed_or_lets_go_leaves_no_backend() {
    leaves_none(&TestExtension::of_image(WORDS).await, 1).await;
}

#[tokio::test]
async fn engine_compose_of_a_porthole_that_is_killed_or_lets_go_leaves_no_backend() {
    leaves_none(&composed(COMPOSE).await, 2).await;
}

async fn leaves_none(extension: &TestExtension, containers: usize) {
    for killed in [true, false] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_starts_backend"));
        let temporary = tempfile::tempdir().unwrap();
        command.arg(extension.folder.path()).arg(&extension.image).arg(given("PORTHOLE_TEST_ENGINE"));
        let mut porthole = started({
            command.env("TMPDIR", temporary.path()).stdin(Stdio::piped());
            command
        });
        assert_eq!(extension.containers().await.len(), containers);
        let sockets = || {
            let here = fs::read_dir(temporary.path()).unwrap().flatten();
            here.filter(|entry| entry.file_name().to_string_lossy().starts_with("porthole-")).count()
        };
        assert_eq!(sockets(), 1);
        if killed {
            porthole.kill().unwrap();
        } else {
            porthole.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        }
        eventually("no container", async || extension.containers().await.is_empty().then_some(())).await;
        eventually("no socket", async || (sockets() == 0).then_some(())).await;
        let _ = porthole.kill();
        let _ = porthole.wait();
    }
}

/// It was dropped in the middle: docker went on building, and what it made belonged to nobody.
#[tokio::test]
async fn engine_a_coming_up_that_is_cancelled_ends_and_leaves_nothing() {
    // It listens elsewhere than it says.
    let extension = TestExtension::of_image(&["/run/guest-services/other.sock", "hello"]).await;
    let plan = extension.plan().await.unwrap();
    let cancel = async {
        eventually("the container", async || (!extension.containers().await.is_empty()).then_some(())).await;
        extension.deps.cancelled.cancel();
    };
    let (up, ()) = tokio::join!(extension.start(&plan), cancel);
    assert_eq!(up.unwrap_err().code, Code::Cancelled);
    assert_eq!(extension.containers().await, [] as [String; 0]);
}

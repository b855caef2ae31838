//! The demo extension on a real engine: its image is built from its folder, its backend answers, and its commands are
//! those of the page.

#![cfg(target_os = "linux")]

use std::{path::Path, sync::Arc};

use bollard::Docker;
use porthole_base::error::{Code, Error};
use porthole_engine::{Address, Engine};
use porthole_extension::{
    AllowedVariables, BackendDeps, BackendKind, BackendOwner, Extension, ExtensionSource, LiveBackend, Start, open,
};
use porthole_http::exchange::Request;
use porthole_output::View;
use porthole_process::{Command, Ending, Place};
use porthole_sdk::call::{Act, Origin};
use porthole_tests::{demo::DemoCopy, eventually, given};
use porthole_timeline::Timeline;

/// The exit code of a process that SIGKILL ended.
const KILLED: i64 = 128 + 9;

/// What it is brought up with.
struct Demo {
    copy: DemoCopy,
    deps: BackendDeps,
    docker: Docker,
    here: tempfile::TempDir,
}

impl Demo {
    async fn new() -> Self {
        let host = given("PORTHOLE_TEST_ENGINE");
        let here = tempfile::tempdir().unwrap();
        let at = |name: &str| here.path().join(name);
        std::fs::create_dir(at("session")).unwrap();
        let deps = BackendDeps {
            engine: Engine::connect(Address::new("test", host.clone())).await.unwrap(),
            timeline: Arc::new(Timeline::new(at("session"), at("kept"), 1 << 20, None)),
            reaper: None,
            cancelled: Default::default(),
        };
        let docker = Docker::connect_with_host(&host).unwrap().negotiate_version().await.unwrap();
        Self { copy: DemoCopy::new(), deps, docker, here }
    }

    async fn opened(&self) -> Extension {
        let source = ExtensionSource::Folder { path: self.copy.path().to_owned(), image: None };
        open(source, Err(Error::new(Code::EngineUnavailable, "not needed")), Path::new("/nowhere"), None).await.unwrap()
    }

    async fn up(&self, opened: &Extension) -> LiveBackend {
        let plan = Start::plan(&self.deps, opened, false, &AllowedVariables::new()).await.unwrap();
        LiveBackend::start(&self.deps, opened, &plan).await.unwrap()
    }

    async fn answer(&self, backend: &LiveBackend, path: &str) -> String {
        let endpoint = backend.up.endpoint.clone().unwrap_or_else(|| panic!("{:?}", backend.up));
        let id = self.deps.timeline.send(Origin::Composer, endpoint, Request::new("GET", path));
        self.deps.timeline.ended(id).await.unwrap();
        self.deps.timeline.exact(id, View::Stdout, 0, 9).await.unwrap()
    }

    /// Exit code, stdout and stderr of a command in the first container.
    async fn ran(&self, backend: &LiveBackend, words: &[&str]) -> (i64, String, String) {
        let name = backend.up.first.clone().expect("a first container").container;
        let command = Command::new(Place::Container { name }, words[0], words[1..].iter().copied());
        let timeline = &self.deps.timeline;
        let id = timeline.run(Origin::Composer, Ok(self.deps.engine.address().clone()), command);
        let call = timeline.ended(id).await.unwrap();
        let Act::Run(run) = &call.act else { panic!("no run") };
        let Some(Ending::Exited { code }) = run.ending else { panic!("{run:?}") };
        let stdout = timeline.exact(id, View::Stdout, 0, 99).await.unwrap();
        let stderr = timeline.exact(id, View::Stderr, 0, 99).await.unwrap();
        (code, stdout, stderr)
    }
}

#[tokio::test]
async fn engine_the_demo_is_built_answers_runs_its_commands_and_ends_when_asked() {
    let demo = Demo::new().await;
    let opened = demo.opened().await;
    assert_eq!(opened.diagnostics, []);
    assert_eq!(opened.backend, BackendKind::Image { image: demo.copy.image().parse().unwrap() });
    let backend = demo.up(&opened).await;
    assert_eq!(backend.up.whose, BackendOwner::Porthole);
    assert!(demo.answer(&backend, "/hello").await.contains("Hello from the demo backend"));
    // As the page asks.
    let (code, listed, _) = demo.ran(&backend, &["demo", "ls", "/"]).await;
    assert_eq!(code, 0);
    for name in ["bin/", "host/", "icon.svg", "metadata.json", "ui/"] {
        assert!(listed.lines().any(|line| line == name), "{name}: {listed}");
    }
    let (code, out, err) = demo.ran(&backend, &["demo", "count", "4", "1"]).await;
    assert_eq!((code, out.lines().count()), (0, 4));
    assert_eq!(err.trim_end(), "warning: step 4 was slow");
    let (code, out, err) = demo.ran(&backend, &["demo", "exit", "3"]).await;
    assert_eq!((code, out.trim_end(), err.trim_end()), (3, "ending with 3", "a line on stderr"));
    assert_eq!(demo.ran(&backend, &["demo", "args", "two words"]).await.1.trim_end(), "1: [two words]");
    assert_eq!(demo.ran(&backend, &["demo", "json-lines", "3"]).await.1.lines().count(), 3);
    assert!(demo.ran(&backend, &["demo", "env"]).await.1.contains("PATH="));
    // Its health is its own program's word. Podman builds images of the OCI's format, which has no HEALTHCHECK.
    let image = demo.docker.inspect_image(&demo.copy.image()).await.unwrap();
    if image.config.unwrap().healthcheck.is_some() {
        let mut states = backend.watch();
        let healthy = async || {
            let state = states.borrow_and_update().first().cloned()?;
            (state.health.as_deref() == Some("healthy")).then_some(())
        };
        eventually("it is healthy", healthy).await;
    } else {
        let parts = demo.docker.version().await.unwrap().components.unwrap_or_default();
        assert!(parts.iter().any(|part| part.name.contains("Podman")), "an engine lost its HEALTHCHECK: {parts:?}");
    }
    // The first process of a container has to see to its signals itself.
    let container = backend.up.first.clone().expect("a first container").container;
    demo.docker.stop_container(&container, None).await.unwrap();
    let ended = demo.docker.inspect_container(&container, None).await.unwrap().state.unwrap();
    assert_ne!(ended.exit_code, Some(KILLED), "it was killed after the engine's patience");
    backend.stop().await.unwrap();
}

#[tokio::test]
async fn engine_the_demo_is_whole_when_it_is_opened_from_its_image_or_where_it_runs() {
    let demo = Demo::new().await;
    let built = demo.opened().await;
    let backend = demo.up(&built).await;
    let container = backend.up.first.clone().expect("a first container").container;
    for (name, source) in [
        ("image", ExtensionSource::Image { name: demo.copy.image() }),
        ("running", ExtensionSource::Running { container }),
    ] {
        let into = demo.here.path().join(name);
        std::fs::create_dir(&into).unwrap();
        let opened = open(source, Ok(&demo.deps.engine), &into, None).await.unwrap();
        assert_eq!(opened.diagnostics, [], "{name}");
        assert_eq!(opened.image, demo.copy.image(), "{name}");
        for file in ["ui/index.html", "ui/page.js", "host/porthole-demo-host", "icon.svg"] {
            assert!(opened.root.join(file).is_file(), "{name} {file}");
        }
        // What runs is found and left alone.
        let found = demo.up(&opened).await;
        assert_eq!(found.up.whose, BackendOwner::Other, "{name}");
        assert!(demo.answer(&found, "/hello").await.contains("Hello"), "{name}");
    }
    backend.stop().await.unwrap();
}

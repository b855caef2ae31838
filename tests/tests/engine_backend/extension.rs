//! An extension of a test: its folder, its image and its program.

use super::*;

/// An extension in a folder of its own, with an image of its own that goes with it.
pub(super) struct TestExtension {
    pub folder: tempfile::TempDir,
    pub image: String,
    pub deps: BackendDeps,
    pub docker: Docker,
}

impl TestExtension {
    /// One image; `words` are what its program is started with.
    pub async fn of_image(words: &[&str]) -> Self {
        Self::new(IMAGE, words).await
    }

    pub async fn new(manifest: &str, words: &[&str]) -> Self {
        Self::on(&given("PORTHOLE_TEST_ENGINE"), manifest, words).await
    }

    pub async fn on(host: &str, manifest: &str, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("metadata.json"), manifest).unwrap();
        fs::copy(program(), at("backend")).unwrap();
        let words: Vec<&str> = [&["/backend"], words].concat();
        // The program is the first process of its container, and such a one takes no SIGTERM.
        let dockerfile = format!("FROM scratch\nCOPY . /\nSTOPSIGNAL SIGKILL\nCMD {words:?}\n");
        fs::write(at("Dockerfile"), dockerfile).unwrap();
        fs::create_dir(at("session")).unwrap();
        fs::write(at(".dockerignore"), "session\nkept\n").unwrap();
        let engine = Engine::connect(Address::new("test", host)).await.unwrap();
        let docker = Docker::connect_with_host(host).unwrap().negotiate_version().await.unwrap();
        let timeline = Arc::new(Timeline::new(at("session"), at("kept"), 1 << 20, None));
        let unique: String = folder.path().file_name().unwrap().to_string_lossy().to_lowercase().replace('.', "");
        // An image of its own: engines give the same one to the same files.
        fs::write(at("unique"), &unique).unwrap();
        let image = format!("porthole-test/{}-{unique}:1", std::process::id());
        Self {
            folder,
            image,
            deps: BackendDeps { engine, timeline, reaper: None, cancelled: Default::default() },
            docker,
        }
    }

    pub async fn opened(&self) -> Extension {
        let source = ExtensionSource::Folder { path: self.folder.path().to_owned(), image: Some(self.image.clone()) };
        open(source, Err(Error::new(Code::EngineUnavailable, "not needed")), Path::new("/nowhere"), None).await.unwrap()
    }

    /// What starting it would do.
    pub async fn plan(&self) -> Result<Start, Error> {
        Start::plan(&self.deps, &self.opened().await, false, &AllowedVariables::new()).await
    }

    /// Starts it as a user who confirms whatever is shown.
    pub async fn up(&self) -> Result<LiveBackend, Error> {
        self.start(&self.plan().await?).await
    }

    pub async fn start(&self, plan: &Start) -> Result<LiveBackend, Error> {
        LiveBackend::start(&self.deps, &self.opened().await, plan).await
    }

    /// What a backend answers.
    pub async fn answer(&self, backend: &LiveBackend) -> String {
        let endpoint = backend.up.endpoint.clone().unwrap_or_else(|| panic!("{:?}", backend.up));
        let id = self.deps.timeline.send(Origin::Composer, endpoint, Request::new("GET", "/"));
        self.deps.timeline.ended(id).await.unwrap();
        self.deps.timeline.exact(id, View::Stdout, 0, 9).await.unwrap()
    }

    /// The commands that were run for it, each with its first words.
    pub fn ran(&self) -> Vec<String> {
        let calls = (1..).map_while(|id| self.deps.timeline.call(id).ok());
        let runs = calls.filter(|call| call.origin == Origin::Extension);
        let told = runs.filter_map(|call| match call.act {
            Act::Run(run) => Some([vec![run.command.program], run.command.args].concat().join(" ")),
            Act::Exchange(_) => None,
        });
        told.collect()
    }

    /// Whether an error hands on what the last of these commands wrote, or why it failed: the words are those of an
    /// engine or of compose, each of which has its own.
    pub async fn hands_on_the_last_words(&self, error: &Error) -> bool {
        let last = (1..).map_while(|id| self.deps.timeline.call(id).ok()).last().unwrap();
        let Act::Run(run) = last.act else { panic!("{last:?}") };
        let written = self.deps.timeline.exact(last.id, View::Both, 0, 99).await.unwrap();
        let detail = error.detail.as_deref().unwrap_or_default();
        let failure = run.failure.map(|failure| failure.to_string());
        !detail.is_empty() && (failure.as_deref() == Some(detail) || written.contains(detail))
    }

    /// Its containers, also those that have ended.
    pub async fn containers(&self) -> Vec<String> {
        containers_of(&self.docker, &self.image).await
    }

    /// A container with this name that somebody else made, with the sockets in a directory of the folder.
    pub async fn made_by_other(&self, name: &str, labels: &[(&str, String)]) {
        let sockets = self.folder.path().join("session");
        let body = ContainerCreateBody {
            image: Some(self.image.clone()),
            labels: Some(labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()),
            host_config: Some(HostConfig {
                binds: Some(vec![format!("{}:/run/guest-services", sockets.display())]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.docker.create_container(Some(options), body).await.unwrap();
        self.docker.start_container(name, None).await.unwrap();
    }
}

impl Drop for TestExtension {
    fn drop(&mut self) {
        let (docker, image) = (self.docker.clone(), self.image.clone());
        // A drop cannot wait: a thread with a runtime of its own can.
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                for left in containers_of(&docker, &image).await {
                    let options = RemoveContainerOptionsBuilder::default().force(true).build();
                    let _ = docker.remove_container(&left, Some(options)).await;
                }
                let options = RemoveImageOptionsBuilder::default().force(true).build();
                let _ = docker.remove_image(&image, Some(options), None).await;
            });
        });
        let _ = removing.join();
    }
}

pub(super) async fn containers_of(docker: &Docker, image: &str) -> Vec<String> {
    let options = ListContainersOptionsBuilder::default().all(true).build();
    // Podman has states for a moment that the client here doesn't know.
    let all =
        eventually("a list that can be read", async || docker.list_containers(Some(options.clone())).await.ok()).await;
    let stem = image.replace('/', "_").replace(":1", "");
    let names = all.into_iter().filter_map(|found| found.names?.first().map(|name| name[1..].to_owned()));
    names.filter(|name| name.starts_with(&stem)).collect()
}

/// The program of the images, built once.
pub(super) fn program() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine_backend/program.rs");
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine_backend_program");
    let changed = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    if changed(&built) > changed(&source) {
        return built;
    }
    // In a folder of its own first: another test may be building it too.
    let beside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mine = beside.path().join("backend");
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "-o"]);
    assert!(rustc.arg(&mine).arg(&source).status().unwrap().success());
    fs::rename(mine, &built).unwrap();
    built
}

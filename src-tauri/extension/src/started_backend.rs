//! What Porthole starts for a backend, and stops again.

use bollard::models::{ContainerCreateBody, HostConfig};
use tokio_util::sync::CancellationToken;

use super::{
    Extension,
    backend::{self, ONLY, Part, engine_name},
    sockets::Share,
    start::{self, Additions, Project, Start, with_additions},
    tool::{BackendDeps, ComposeArgs},
};
use porthole_base::{
    error::{Code, Error, Result},
    private::temporary_files_failed,
    reference::ImageRef,
};
use porthole_engine::{BackendResources, Engine, PROJECT, SERVICE};
use porthole_process::Command;

/// What Porthole made for a backend, and the way to take it down.
#[derive(Debug)]
pub(super) struct StartedBackend {
    deps: BackendDeps,
    resources: BackendResources,
    /// How compose takes its project down.
    down: Option<Command>,
    /// Whether there may be something to remove.
    made: bool,
}

impl StartedBackend {
    pub fn new(deps: &BackendDeps) -> Result<Self> {
        let resources = BackendResources::new(deps.engine.address().clone())?;
        Ok(Self { deps: deps.clone(), resources, down: None, made: false })
    }

    /// Informs the reaper before any request to the engine.
    fn watched(&mut self) {
        self.made = true;
        if let Some(reaper) = &self.deps.reaper {
            reaper.watch_resources(&self.resources);
        }
    }

    /// What is mounted for its socket; nothing where the manifest declares none.
    async fn share(&mut self, extension: &Extension) -> Result<Option<Share>> {
        self.watched();
        if extension.socket.is_none() {
            return Ok(None);
        }
        let Extension { names, image, socket, .. } = extension;
        let share = Share::make(&self.deps.engine, &mut self.resources, names, image, socket.as_deref()).await;
        self.watched();
        share.map(Some)
    }

    /// `vm.image`: one container.
    pub async fn start_image(&mut self, extension: &Extension, image: &ImageRef, start: &Start) -> Result<Vec<Part>> {
        match &start.dockerfile {
            Some(dockerfile) => self.deps.build(image, dockerfile).await?,
            None => self.deps.pull(image).await?,
        }
        let share = self.share(extension).await?;
        let name = engine_name(&extension.names.container);
        let mut labels = self.resources.labels(&extension.image);
        for (label, value) in [
            (PROJECT, engine_name(&extension.names.project).as_str()),
            (SERVICE, ONLY),
            ("com.docker.compose.container-number", "1"),
            ("com.docker.compose.oneoff", "False"),
        ] {
            labels.insert(label.to_owned(), value.to_owned());
        }
        let body = ContainerCreateBody {
            image: Some(image.to_string()),
            labels: Some(labels.into_iter().collect()),
            host_config: Some(HostConfig { binds: share.map(|share| vec![share.mount()]), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let (engine, docker) = (&self.deps.engine, self.deps.engine.docker());
        if let Err(error) = engine.create_container(&name, &body).await {
            return Err(in_the_way(engine, engine.explain(error), &name).await);
        }
        docker.start_container(&name, None).await.map_err(|error| engine.explain(error))?;
        Ok(vec![Part { container: name, service: Some(ONLY.to_owned()) }])
    }

    /// `vm.composefile`: a project, started from the configuration that was shown. None of the extension's files decides
    /// anything any more.
    pub async fn start_project(
        &mut self,
        extension: &Extension,
        start: &Start,
        project: &Project,
    ) -> Result<Vec<Part>> {
        let program = project.program.clone()?;
        if let Some(dockerfile) = &start.dockerfile {
            self.deps.build(&extension.image, dockerfile).await?;
        }
        let name = engine_name(&extension.names.project);
        self.resources.project = Some(name.clone());
        let share = self.share(extension).await?;
        let sockets = share.as_ref().map(Share::mount);
        let container = engine_name(&extension.names.container);
        let configuration = with_additions(
            &project.resolved,
            &Additions {
                first: start.first_service().map(|first| (first, container.as_str())),
                sockets: sockets.as_deref(),
                volume: share.as_ref().and_then(Share::volume),
                labels: &self.resources.labels(&extension.image),
            },
        );
        let file = self.written("porthole.compose.json", &configuration.to_string())?;
        // In place of `.env`: its variables are already in the configuration.
        let env_file = self.written("porthole.env", "")?;
        let files = [file];
        let args = ComposeArgs { project: &name, folder: &project.folder, files: &files, env_file: &env_file };
        let mut env = project.env.clone();
        // Without BuildKit there, compose would start its own builder, which Podman can't run.
        if !self.deps.engine.has_buildkit().await.unwrap_or(true) {
            env.insert("DOCKER_BUILDKIT".to_owned(), "0".to_owned());
        }
        let command = |what: &[&str]| {
            let command = program.command(self.deps.engine.address(), args.with(what));
            start::with(command, &env)
        };
        let (up, down) = (command(&["up", "--detach"]), command(&["down"]));
        self.down = Some(down);
        let failed = Error::new(Code::ComposeFailed, format!("Compose didn't start `{name}`"));
        self.deps.perform(up, failed.hint("Its output is in the timeline.")).await?;
        backend::parts(&self.deps, extension)
            .await
            .map(|found| if found.is_empty() { vec![Part { container, service: None }] } else { found })
    }

    /// A file outside of the extension's folder, in a directory that only this user may enter.
    fn written(&mut self, name: &str, text: &str) -> Result<std::path::PathBuf> {
        let failed = |error: std::io::Error| temporary_files_failed("Can't create a file for compose", &error);
        if self.resources.directory.is_none() {
            let directory = tempfile::Builder::new().prefix("porthole-").tempdir().map_err(failed)?;
            self.resources.directory = Some(directory.keep());
            self.watched();
        }
        let path = self.resources.directory.clone().unwrap_or_default().join(name);
        std::fs::write(&path, text).map_err(failed)?;
        Ok(path)
    }

    /// Takes all of it down: compose does it for a project, as a Run; what is left then is removed.
    pub async fn take_down(&mut self) -> Result<()> {
        // It goes also when its coming was ended.
        self.deps.cancelled = CancellationToken::new();
        let done = match self.down.take() {
            Some(down) => {
                let failed = Error::new(Code::ComposeFailed, "Compose didn't stop the services");
                self.deps.perform(down, failed.hint("Porthole removed their containers without compose.")).await
            }
            None => Ok(()),
        };
        self.resources.remove(&self.deps.engine, true).await;
        self.forgotten();
        done
    }

    fn forgotten(&mut self) {
        self.made = false;
        if let Some(reaper) = &self.deps.reaper {
            reaper.forget_resources(&self.resources.id);
        }
    }
}

impl Drop for StartedBackend {
    fn drop(&mut self) {
        if !self.made {
            return;
        }
        match &self.deps.reaper {
            // A drop cannot wait. The reaper can, and does so also when this process ends meanwhile.
            Some(reaper) => reaper.end_resources(&self.resources.id),
            None => tracing::warn!(id = self.resources.id, "a backend is left: there is no reaper to remove it"),
        }
    }
}

/// A name in use is 409 on Docker and 500 on Podman, so the container is looked for.
async fn in_the_way(engine: &Engine, error: Error, name: &str) -> Error {
    if error.code == Code::EngineRefused && engine.inspect_id(name).await.is_ok() {
        return error.hint(format!(
            "A stopped container that Porthole didn't create has this name. Remove it: `docker rm {name}`"
        ));
    }
    error
}

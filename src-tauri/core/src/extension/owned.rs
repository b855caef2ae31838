//! What Porthole brings up for a backend, and takes down again.

use bollard::models::{ContainerCreateBody, HostConfig};
use tokio_util::sync::CancellationToken;

use super::{
    Opened,
    backend::{self, ONLY, Part, engine_name},
    sockets::Share,
    start::{self, Additions, Project, Start, with_additions},
    tool::{ComposeArgs, Means},
};
use crate::{
    engine::{Belongings, Engine, PROJECT, SERVICE},
    error::{Code, Error, Result},
    private::temporary_files_failed,
    reference::ImageRef,
    run::Command,
};

/// What Porthole made for a backend, and the way to take it down.
#[derive(Debug)]
pub(super) struct Owned {
    means: Means,
    belongings: Belongings,
    /// How compose takes its project down.
    down: Option<Command>,
    /// Whether there may be something to remove.
    made: bool,
}

impl Owned {
    pub fn new(means: &Means) -> Self {
        let belongings = Belongings::new(means.engine.address().clone());
        Self { means: means.clone(), belongings, down: None, made: false }
    }

    /// Tells the warden, before the engine is asked for anything.
    fn watched(&mut self) {
        self.made = true;
        if let Some(warden) = &self.means.warden {
            warden.watch_belongings(&self.belongings);
        }
    }

    /// What is mounted for its socket; nothing where the manifest declares none.
    async fn share(&mut self, opened: &Opened) -> Result<Option<Share>> {
        self.watched();
        if opened.socket.is_none() {
            return Ok(None);
        }
        let Opened { names, image, socket, .. } = opened;
        let share = Share::make(&self.means.engine, &mut self.belongings, names, image, socket.as_deref()).await;
        self.watched();
        share.map(Some)
    }

    /// `vm.image`: one container.
    pub async fn start_image(&mut self, opened: &Opened, image: &ImageRef, start: &Start) -> Result<Vec<Part>> {
        match &start.dockerfile {
            Some(dockerfile) => self.means.build(image, dockerfile).await?,
            None => self.means.pull(image).await?,
        }
        let share = self.share(opened).await?;
        let name = engine_name(&opened.names.container);
        let mut labels = self.belongings.labels(&opened.image);
        for (label, value) in [
            (PROJECT, engine_name(&opened.names.project).as_str()),
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
        let (engine, docker) = (&self.means.engine, self.means.engine.docker());
        if let Err(error) = engine.create_container(&name, &body).await {
            return Err(in_the_way(engine, engine.explain(error), &name).await);
        }
        docker.start_container(&name, None).await.map_err(|error| engine.explain(error))?;
        Ok(vec![Part { container: name, service: Some(ONLY.to_owned()) }])
    }

    /// `vm.composefile`: a project, started from the configuration that was shown. None of the extension's files decides
    /// anything any more.
    pub async fn start_project(&mut self, opened: &Opened, start: &Start, project: &Project) -> Result<Vec<Part>> {
        let program = project.program.clone()?;
        if let Some(dockerfile) = &start.dockerfile {
            self.means.build(&opened.image, dockerfile).await?;
        }
        let name = engine_name(&opened.names.project);
        self.belongings.project = Some(name.clone());
        let share = self.share(opened).await?;
        let sockets = share.as_ref().map(Share::mount);
        let container = engine_name(&opened.names.container);
        let configuration = with_additions(
            &project.resolved,
            &Additions {
                first: start.first_service().map(|first| (first, container.as_str())),
                sockets: sockets.as_deref(),
                volume: share.as_ref().and_then(Share::volume),
                labels: &self.belongings.labels(&opened.image),
            },
        );
        let file = self.written("porthole.compose.json", &configuration.to_string())?;
        // In the place of `.env`, whose variables are in the configuration already.
        let env_file = self.written("porthole.env", "")?;
        let files = [file];
        let args = ComposeArgs { project: &name, folder: &project.folder, files: &files, env_file: &env_file };
        let mut env = project.env.clone();
        // Without BuildKit there, compose would start a builder of its own, which Podman can't run.
        if !self.means.engine.has_buildkit().await.unwrap_or(true) {
            env.insert("DOCKER_BUILDKIT".to_owned(), "0".to_owned());
        }
        let command = |what: &[&str]| {
            let command = program.command(self.means.engine.address(), args.with(what));
            start::with(command, &env)
        };
        let (up, down) = (command(&["up", "--detach"]), command(&["down"]));
        self.down = Some(down);
        let failed = Error::new(Code::ComposeFailed, format!("Compose didn't start `{name}`"));
        self.means.perform(up, failed.hint("All that it wrote is in the timeline.")).await?;
        backend::parts(&self.means, opened)
            .await
            .map(|found| if found.is_empty() { vec![Part { container, service: None }] } else { found })
    }

    /// A file outside of the extension's folder, in a directory that only this user may enter.
    fn written(&mut self, name: &str, text: &str) -> Result<std::path::PathBuf> {
        let failed = |error: std::io::Error| temporary_files_failed("Can't create a file for compose", &error);
        if self.belongings.directory.is_none() {
            let directory = tempfile::Builder::new().prefix("porthole-").tempdir().map_err(failed)?;
            self.belongings.directory = Some(directory.keep());
            self.watched();
        }
        let path = self.belongings.directory.clone().unwrap_or_default().join(name);
        std::fs::write(&path, text).map_err(failed)?;
        Ok(path)
    }

    /// Takes all of it down: compose does it for a project, as a Run; what is left then is removed.
    pub async fn take_down(&mut self) -> Result<()> {
        // It goes also when its coming was ended.
        self.means.cancelled = CancellationToken::new();
        let done = match self.down.take() {
            Some(down) => {
                let failed = Error::new(Code::ComposeFailed, "Compose didn't stop the services");
                self.means.perform(down, failed.hint("Their containers were removed without it.")).await
            }
            None => Ok(()),
        };
        self.belongings.remove(&self.means.engine, true).await;
        self.forgotten();
        done
    }

    fn forgotten(&mut self) {
        self.made = false;
        if let Some(warden) = &self.means.warden {
            warden.forget_belongings(&self.belongings.id);
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if !self.made {
            return;
        }
        match &self.means.warden {
            // A drop cannot wait. The warden can, and does so also when this process ends meanwhile.
            Some(warden) => warden.end_belongings(&self.belongings.id),
            None => tracing::warn!(id = self.belongings.id, "a backend is left: there is no warden to remove it"),
        }
    }
}

/// A name in use is 409 on Docker and 500 on Podman, so the container is looked for.
async fn in_the_way(engine: &Engine, error: Error, name: &str) -> Error {
    if error.code == Code::EngineRefused && engine.inspect_id(name).await.is_ok() {
        return error
            .hint(format!("A stopped container has this name, and Porthole did not make it: docker rm {name}"));
    }
    error
}

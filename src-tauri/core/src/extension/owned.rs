//! What Porthole brings up for a backend, and takes down again.

use bollard::{
    models::{ContainerCreateBody, HostConfig},
    query_parameters::CreateContainerOptionsBuilder,
};

use tokio_util::sync::CancellationToken;

use super::{
    ExtensionRoot, FileProblem, Opened,
    backend::{self, ONLY, Part, engine_name},
    compose::{Additions, Compose, LONGEST},
    sockets::Share,
    tool::{ComposeProgram, Means, variable},
};
use crate::{
    engine::{Belongings, PROJECT, SERVICE},
    error::{Code, Error, Result},
    reference::ImageRef,
    run::Command,
};

/// The variable that stands for the extension's image in a compose file.
const OWN_IMAGE: &str = "DESKTOP_PLUGIN_IMAGE";

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

    async fn share(&mut self, opened: &Opened) -> Result<Share> {
        self.watched();
        let Opened { names, image, socket, .. } = opened;
        let share = Share::make(&self.means.engine, &mut self.belongings, names, image, socket.as_deref()).await;
        self.watched();
        share
    }

    /// `vm.image`: one container.
    pub async fn bring_up_image(&mut self, opened: &Opened, image: &ImageRef, again: bool) -> Result<Vec<Part>> {
        let own = (*image == opened.image).then(|| opened.sources()).flatten();
        self.means.need_image(image, own, again).await?;
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
            host_config: Some(HostConfig { binds: Some(vec![share.mount()]), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let (engine, docker) = (&self.means.engine, self.means.engine.docker());
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        docker
            .create_container(Some(options), body)
            .await
            .map_err(|error| in_the_way(engine.explain(error, &name), &name))?;
        docker.start_container(&name, None).await.map_err(|error| engine.explain(error, &name))?;
        Ok(vec![Part { container: name, service: Some(ONLY.to_owned()) }])
    }

    /// `vm.composefile`: a project.
    pub async fn bring_up_project(
        &mut self,
        opened: &Opened,
        file: &std::path::Path,
        again: bool,
    ) -> Result<Vec<Part>> {
        let program = ComposeProgram::find().await?;
        let text = ExtensionRoot::open(&opened.root).and_then(|root| {
            let below = file.strip_prefix(root.path()).map_err(|_| FileProblem::Outside)?;
            root.read_text(below, LONGEST)
        });
        let text = text.map_err(|problem| {
            Error::new(Code::ComposeUnreadable, format!("cannot read {}", file.display())).detail(problem)
        })?;
        let compose = Compose::read(&text)?;
        if text.contains(OWN_IMAGE) {
            self.means.need_image(&opened.image, opened.sources(), again).await?;
        }
        let project = engine_name(&opened.names.project);
        self.belongings.project = Some(project.clone());
        let share = self.share(opened).await?;
        let labels = self.belongings.labels(&opened.image);
        let additions = compose.additions(&Additions {
            container: &engine_name(&opened.names.container),
            sockets: &share.mount(),
            volume: share.volume(),
            labels: &labels,
        });
        let beside = self.written(&additions)?;
        let folder = file.parent().unwrap_or(&opened.root).display().to_string();
        let command = |what: &[&str]| {
            let files = [file.display().to_string(), beside.display().to_string()];
            let mut args =
                vec!["--project-name".to_owned(), project.clone(), "--project-directory".to_owned(), folder.clone()];
            args.extend(files.into_iter().flat_map(|file| ["--file".to_owned(), file]));
            args.extend(what.iter().map(|word| (*word).to_owned()));
            let command = program.command(self.means.engine.address(), args);
            Command { cwd: Some(folder.clone()), env: vec![variable(OWN_IMAGE, &opened.image)], ..command }
        };
        let (up, down) = (command(&["up", "--detach"]), command(&["down"]));
        self.down = Some(down);
        let failed = Error::new(Code::ComposeFailed, format!("compose did not bring up `{project}`"));
        self.means.perform(up, failed.hint("All that it said is in the timeline.")).await?;
        backend::parts(&self.means, opened).await.map(|found| {
            if found.is_empty() {
                vec![Part { container: engine_name(&opened.names.container), service: None }]
            } else {
                found
            }
        })
    }

    /// The file of additions, outside of the author's folder.
    fn written(&mut self, additions: &str) -> Result<std::path::PathBuf> {
        let failed =
            |error| Error::new(Code::SaveFailed, "no file could be made beside the compose file").detail(error);
        if self.belongings.directory.is_none() {
            let directory = tempfile::Builder::new().prefix("porthole-").tempdir().map_err(failed)?;
            self.belongings.directory = Some(directory.keep());
            self.watched();
        }
        let path = self.belongings.directory.clone().unwrap_or_default().join("porthole.compose.json");
        std::fs::write(&path, additions).map_err(failed)?;
        Ok(path)
    }

    /// Takes all of it down: compose does it for a project, as a Run; what is left then is removed.
    pub async fn take_down(&mut self) -> Result<()> {
        // It goes also when its coming was ended.
        self.means.cancelled = CancellationToken::new();
        let done = match self.down.take() {
            Some(down) => {
                let failed = Error::new(Code::ComposeFailed, "compose did not take the services down");
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

fn in_the_way(error: Error, name: &str) -> Error {
    if error.code == Code::EngineRefused && error.message.contains("(409)") {
        return error
            .hint(format!("A stopped container has this name, and Porthole did not make it: docker rm {name}"));
    }
    error
}

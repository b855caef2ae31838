//! Starting a backend: what it would do is worked out and shown, and exactly that is done once it is confirmed.

mod access;
mod additions;
mod build;
pub(super) mod environment;
mod mounts;
mod overlaps;
mod plan;
mod project;
mod resolve;
mod sources;
mod text;
mod variables;

use std::{collections::BTreeMap, path::PathBuf};

use ring::digest::{Context, SHA256};
use serde_json::Value;

pub(super) use additions::{Additions, with_additions};
pub(super) use environment::with;
pub use plan::{AccessLevel, ImageSource, RequestedAccess, StartPlan, StartService};
pub use variables::{StartVariable, VariableState};

use super::{
    BackendDeps, BackendKind, Extension,
    backend::{ONLY, engine_name},
    tool::{ComposeProgram, dockerfile_of},
};
use access::At;
use porthole_base::{
    error::{Code, Error, Result},
    reference::ImageRef,
};
use resolve::Resolved;
use text::visible;

/// The variables that the user lets compose see, by the content that they are allowed for.
pub type AllowedVariables = BTreeMap<String, Vec<String>>;

/// A plan with all that is needed to perform it: nothing is read again from the extension's files.
#[derive(Debug)]
pub struct Start {
    /// What is shown.
    pub plan: StartPlan,
    /// An image of the extension's own is built also when it is there.
    pub(super) again: bool,
    /// The Dockerfile of the extension's own image, where that is built.
    pub(super) dockerfile: Option<Dockerfile>,
    /// Of a backend that is a compose project.
    pub(super) project: Option<Project>,
    /// The images that the engine had, by name.
    images: BTreeMap<String, Option<String>>,
    /// Whether the engine's files are those of this machine.
    here: bool,
    first: Option<String>,
}

/// The Dockerfile's text when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dockerfile {
    pub path: PathBuf,
    pub text: String,
    /// Its own list of what isn't sent to the engine.
    pub ignore: Option<Vec<u8>>,
}

/// A compose project.
#[derive(Debug)]
pub(super) struct Project {
    /// Without one, nothing can be started.
    pub program: Result<ComposeProgram>,
    /// The configuration as compose resolved it: this is what is started. Without compose, as Porthole reads it.
    pub resolved: Value,
    /// What compose's environment is.
    pub env: BTreeMap<String, String>,
    /// The folder of the compose file, and the file.
    pub folder: PathBuf,
    file: PathBuf,
    /// Tells the files that it was read from.
    sources: Vec<u8>,
}

/// What was confirmed: the same plan needs no second confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Confirmed {
    key: Vec<u8>,
    images: BTreeMap<String, Option<String>>,
    /// The Dockerfile with the commands that were run.
    built: Option<String>,
}

impl Start {
    /// Works out what starting a backend would do. Compose reads its file for that; nothing is started, built or pulled.
    ///
    /// # Errors
    /// [`Code::BackendMissing`], [`Code::ImageNotMade`] without a Dockerfile, [`Code::ComposeUnreadable`],
    /// [`Code::ComposeFailed`], and what the engine says.
    pub async fn plan(
        deps: &BackendDeps,
        extension: &Extension,
        again: bool,
        allowed: &AllowedVariables,
    ) -> Result<Self> {
        let here = super::sockets::is_on_this_host(&deps.engine).await;
        let address = deps.engine.address();
        let mut start = Self {
            plan: StartPlan {
                id: 0,
                engine: visible(&format!("{} ({})", address.name, address.host)),
                services: Vec::new(),
                asks: Vec::new(),
                variables: Vec::new(),
                content: String::new(),
                confirmed: false,
                cannot_start: None,
                not_read: Vec::new(),
            },
            again,
            dockerfile: None,
            project: None,
            images: BTreeMap::new(),
            here,
            first: None,
        };
        match &extension.backend {
            BackendKind::None => {
                return Err(crate::backend_missing());
            }
            BackendKind::Unusable { error } => return Err(error.clone()),
            BackendKind::Image { image } => {
                let asks = with_socket(extension, Vec::new());
                start.service(deps, extension, (ONLY.to_owned(), Some(image.to_string()), asks), None).await?;
            }
            BackendKind::Compose { file, services } => {
                let Resolved { project, sources, variables, not_read } =
                    resolve::resolve(deps, extension, file, allowed).await?;
                start.plan.cannot_start = project.program.as_ref().err().cloned();
                start.plan.not_read = not_read;
                start.first = services.first().cloned();
                start.plan.content = hex(&project.sources);
                start.plan.variables = variables;
                let at = At::new(&extension.root, &address.host, here);
                let (each, mut all) =
                    project::asks(&project.resolved, services, &engine_name(&extension.names.project), &at);
                all.extend(sources.asks);
                start.plan.asks = with_socket(extension, all);
                for service in each {
                    let build = project.resolved.pointer("/services").and_then(|all| all.get(&service.0)?.get("build"));
                    let build = build.filter(|build| !build.is_null()).cloned();
                    start.service(deps, extension, service, build.as_ref()).await?;
                }
                start.project = Some(project);
            }
        }
        Ok(start)
    }

    async fn service(
        &mut self,
        deps: &BackendDeps,
        extension: &Extension,
        (name, image, asks): (String, Option<String>, Vec<RequestedAccess>),
        build: Option<&Value>,
    ) -> Result<()> {
        let mut source = ImageSource::Pulled;
        if let Some(image) = &image {
            // It is in the path of a request.
            let id = deps.image_id(&ImageRef::new(image.as_str())?).await?;
            let own = (extension.image == *image && build.is_none()).then(|| extension.sources()).flatten();
            source = match own {
                Some(folder) if self.again || id.is_none() => {
                    let dockerfile = dockerfile_of(folder, image)?;
                    let shown = visible(&dockerfile.path.display().to_string());
                    self.dockerfile = Some(dockerfile);
                    ImageSource::Built { dockerfile: shown }
                }
                _ if id.is_some() => ImageSource::Present,
                _ => ImageSource::Pulled,
            };
            self.images.insert(image.clone(), id);
        }
        if let (Some(build), ImageSource::Pulled) = (build, &source) {
            let file = build.get("dockerfile").map_or_else(|| "Dockerfile".to_owned(), text::shown);
            source = ImageSource::Built { dockerfile: file };
        }
        let image = image.map(|image| visible(&image));
        self.plan.services.push(StartService { name: visible(&name), image, source, asks });
        Ok(())
    }

    /// Sees that what was shown is still what would be done.
    ///
    /// # Errors
    /// [`Code::StartPlanChanged`].
    pub(super) async fn verify(&self, deps: &BackendDeps, extension: &Extension) -> Result<()> {
        for (image, before) in &self.images {
            if deps.image_id(image).await? != *before {
                return Err(changed(&format!("the image {} changed on the engine", visible(image))));
            }
        }
        if let Some(before) = &self.dockerfile {
            let folder = before.path.parent().unwrap_or(&extension.root);
            if dockerfile_of(folder, &extension.image).ok().as_ref() != Some(before) {
                return Err(changed("the Dockerfile changed"));
            }
        }
        let (Some(project), BackendKind::Compose { services, .. }) = (&self.project, &extension.backend) else {
            return Ok(());
        };
        let now = sources::read_aside(&extension.root, &project.file, &project.env).await;
        let Some(now) = now.ok().filter(|now| now.digest == project.sources) else {
            return Err(changed("the compose file, or a file that it reads, changed"));
        };
        // A link may lead elsewhere by now.
        let at = At::new(&extension.root, &deps.engine.address().host, self.here);
        let (each, mut all) = project::asks(&project.resolved, services, &engine_name(&extension.names.project), &at);
        all.extend(now.asks);
        let same = each.iter().zip(&self.plan.services).all(|((_, _, asks), shown)| *asks == shown.asks);
        if same && with_socket(extension, all) == self.plan.asks {
            Ok(())
        } else {
            Err(changed("a path in the compose file changed"))
        }
    }

    /// The service that the extension's commands run in: the first of the compose file.
    pub(super) fn first_service(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// What tells this plan from any other, but for the images that the engine happens to have.
    fn key(&self) -> Vec<u8> {
        let services: Vec<_> =
            self.plan.services.iter().map(|service| (&service.name, &service.image, &service.asks)).collect();
        let shown = (&self.plan.engine, services, &self.plan.asks, &self.plan.variables);
        let mut digest = Context::new(&SHA256);
        digest.update(serde_json::to_string(&shown).unwrap_or_default().as_bytes());
        if let Some(project) = &self.project {
            digest.update(&project.sources);
            digest.update(project.resolved.to_string().as_bytes());
        }
        digest.finish().as_ref().to_vec()
    }

    /// What is remembered of it once it was confirmed and done.
    pub(super) async fn confirmed(&self, deps: &BackendDeps) -> Result<Confirmed> {
        let mut images = BTreeMap::new();
        for image in self.images.keys() {
            images.insert(image.clone(), deps.image_id(image).await?);
        }
        let built = self.dockerfile.as_ref().map(|dockerfile| dockerfile.text.clone());
        Ok(Confirmed { key: self.key(), images, built })
    }

    /// Whether it does nothing that wasn't confirmed before.
    pub(super) fn is_covered(&self, before: &Confirmed) -> bool {
        let built = self.dockerfile.as_ref().map(|dockerfile| &dockerfile.text);
        let same_image = |(image, id): (&String, &Option<String>)| match id {
            Some(_) => before.images.get(image) == Some(id),
            // It would be made again: by the same Dockerfile, or from a registry that may have another by now.
            None => built.is_some(),
        };
        // What is built or pulled may be another one each time, under the same configuration.
        let is_made_again = self.project.as_ref().is_some_and(|project| makes_images(&project.resolved));
        !is_made_again
            && self.plan.cannot_start.is_none()
            && self.key() == before.key
            && self.images.iter().all(same_image)
            && built.is_none_or(|text| before.built.as_ref() == Some(text))
    }
}

/// What all of them request, and what Porthole mounts for the socket that the manifest declares.
fn with_socket(extension: &Extension, mut all: Vec<RequestedAccess>) -> Vec<RequestedAccess> {
    if extension.socket.is_some() {
        let ask =
            RequestedAccess::new(AccessLevel::Notice, "Mounts a folder or volume for its socket, created by Porthole");
        all.push(ask.value(super::names::SOCKETS));
    }
    access::sorted(all)
}

/// Whether compose builds or pulls an image that the engine has already.
fn makes_images(resolved: &Value) -> bool {
    let services = resolved.get("services").and_then(Value::as_object);
    services.into_iter().flat_map(|services| services.values()).any(|service| {
        let policy = service.get("pull_policy").map(access::text_of).unwrap_or_default();
        service.get("build").is_some_and(|build| !build.is_null())
            || !matches!(policy.as_str(), "" | "missing" | "if_not_present" | "never")
    })
}

fn changed(why: &str) -> Error {
    Error::new(Code::StartPlanChanged, format!("Not started: {why} after you reviewed it"))
        .hint("Review what it requests now, then start it.")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;

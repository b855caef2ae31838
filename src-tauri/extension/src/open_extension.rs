//! The extension that is open, as the window sees it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BackendInfo, BackendKind, BackendOwner, Extension, PartState};
use crate::{Guest, backend_missing};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::{Host, Target};
use porthole_http::endpoint::Endpoint;
use porthole_sdk::call::Origin;

/// How far the backend of the open extension is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(optional_fields)]
pub enum BackendStage {
    /// The extension has no backend.
    None,
    /// It doesn't run.
    Down {
        /// Why it didn't start, or can't be looked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<Error>,
    },
    /// It is being started.
    Starting,
    /// It runs.
    Up {
        /// What is known of it.
        up: BackendInfo,
    },
    /// It is being stopped.
    Stopping,
}

/// The extension that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct OpenExtension {
    /// What was read.
    pub extension: Extension,
    /// The docker context of its engine; the one in use when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Its backend.
    pub stage: BackendStage,
    /// How the containers of the backend are.
    pub parts: Vec<PartState>,
    /// The directory of its programs for this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<PathBuf>,
    /// What is inspected while it is open.
    pub target: Target,
}

impl OpenExtension {
    pub(super) fn new(extension: Extension, engine: Option<String>, bin: Option<PathBuf>) -> Self {
        let stage = match extension.backend {
            BackendKind::None => BackendStage::None,
            _ => BackendStage::Down { error: None },
        };
        let mut open = Self { target: Target::demo(), parts: Vec::new(), extension, engine, stage, bin };
        open.target = open.backend_target();
        open
    }

    /// Whether it has one.
    pub fn has_backend(&self) -> bool {
        self.stage != BackendStage::None
    }

    /// Where its requests go.
    ///
    /// # Errors
    /// [`Code::BackendDown`], or why the socket of a backend that is up cannot be connected to.
    pub fn endpoint(&self) -> Result<Endpoint> {
        let down = |what: &str| Error::new(Code::BackendDown, format!("The extension's backend {what}"));
        match &self.stage {
            BackendStage::Up { up } => match (&up.endpoint, &up.unreachable) {
                (Some(endpoint), _) => Ok(endpoint.clone()),
                (None, Some(error)) => Err(error.clone()),
                (None, None) => Err(down("has no socket").hint("Set vm.exposes.socket in the manifest.")),
            },
            BackendStage::None => Err(backend_missing()),
            BackendStage::Starting => Err(down("hasn't started yet")),
            BackendStage::Stopping => Err(down("is being stopped")),
            BackendStage::Down { error: Some(error) } => Err(down("didn't start").detail(error)),
            BackendStage::Down { error: None } => {
                Err(down("isn't running").hint("Start it in the extension's Backend view."))
            }
        }
    }

    /// Whether commands can run in its container.
    ///
    /// # Errors
    /// [`Code::BackendMissing`], [`Code::BackendDown`].
    fn container(&self) -> Result<()> {
        match &self.stage {
            BackendStage::Up { .. } => Ok(()),
            _ => self.endpoint().map(drop),
        }
    }

    /// Its folders on this machine: programs in them are its own.
    pub fn own_folders(&self) -> Vec<PathBuf> {
        let folders = self.bin.iter().chain([&self.extension.root]);
        folders.flat_map(|folder| [Some(folder.clone()), dunce::canonicalize(folder).ok()]).flatten().collect()
    }

    /// Its page, as the one who proposes calls: what it acts on is its own backend, and never what the user inspects.
    pub fn guest(&self) -> Guest {
        Guest {
            origin: Origin::Page,
            target: self.target.clone(),
            endpoint: self.endpoint(),
            container: self.container(),
            engine: self.target.address(),
            own: self.own_folders(),
            mock: None,
        }
    }

    pub(super) fn set_stage(&mut self, stage: BackendStage) {
        self.stage = stage;
        self.target = self.backend_target();
    }

    /// The target that the extension is. Without a backend that is up, the places where it will be.
    pub(super) fn backend_target(&self) -> Target {
        let up = match &self.stage {
            BackendStage::Up { up } => Some(up),
            _ => None,
        };
        let bin = self.bin.as_ref().map(|bin| bin.display().to_string());
        Target {
            name: self.extension.image.to_string(),
            endpoint: up.and_then(|up| up.endpoint.clone()),
            via: up.and_then(|up| up.said.clone()),
            engine: self.engine.clone(),
            container: up.and_then(|up| up.first.as_ref()).map(|first| first.container.clone()),
            native: up.is_some_and(|up| up.whose == BackendOwner::Author),
            mock: false,
            host: Host { bin, ..Host::default() },
        }
    }
}

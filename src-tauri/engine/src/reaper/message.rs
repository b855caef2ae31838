//! The messages to the reaper, line by line as JSON, and which of them still apply.

use serde::{Deserialize, Serialize};

use crate::{
    Address, BackendResources,
    exec::exec_signal::{ExecProcess, SweepTarget},
};
use porthole_process::WatchedGroup;

/// One message to the reaper.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    WatchBelongings(Box<BackendResources>),
    ForgetBelongings(String),
    EndBelongings(String),
    WatchGroup(WatchedGroup),
    ForgetGroup(i32),
    WatchExec(Box<ExecProcess>),
    ForgetExec(String),
    WatchContainer(WatchedContainer),
    ForgetContainer(String),
    /// What commands left in a container is ended at the end. Never forgotten.
    Sweep(Box<SweepTarget>),
}

/// A container of Porthole's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct WatchedContainer {
    pub engine: Box<Address>,
    pub name: String,
    /// With SIGTERM first: its program undoes something then.
    pub gently: bool,
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    BackendResources(String),
    Group(i32),
    Exec(String),
    Container(String),
    Sweep(String),
}

impl Message {
    pub fn key(&self) -> Key {
        match self {
            Self::WatchBelongings(resources) => Key::BackendResources(resources.id.clone()),
            Self::ForgetBelongings(id) | Self::EndBelongings(id) => Key::BackendResources(id.clone()),
            Self::WatchGroup(group) => Key::Group(group.membership.id),
            Self::ForgetGroup(id) => Key::Group(*id),
            Self::WatchExec(inside) => Key::Exec(inside.exec.clone()),
            Self::ForgetExec(exec) => Key::Exec(exec.clone()),
            Self::WatchContainer(WatchedContainer { name, .. }) | Self::ForgetContainer(name) => {
                Key::Container(name.clone())
            }
            Self::Sweep(swept) => Key::Sweep(swept.container.clone()),
        }
    }

    pub fn forgets(&self) -> bool {
        matches!(
            self,
            Self::ForgetBelongings(_) | Self::ForgetGroup(_) | Self::ForgetExec(_) | Self::ForgetContainer(_)
        )
    }
}

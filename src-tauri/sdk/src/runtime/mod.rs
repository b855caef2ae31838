//! The Runtimes: desktop applications that run extensions, and how sure each thing is that is known
//! of them.

mod behavior;
mod docker_desktop;
mod podman_desktop;
mod rancher_desktop;
pub(crate) mod rules;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub(crate) use behavior::{Behavior, Execution};

macro_rules! runtimes {
    ($($(#[$attribute:meta])* $name:ident => $behavior:expr,)*) => {
        /// The runtime that is shown or reproduced.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
        #[serde(rename_all = "kebab-case")]
        pub enum Runtime {
            $($(#[$attribute])* $name,)*
        }

        impl Runtime {
            /// All of them, in the order in which they are shown.
            pub const ALL: [Self; [$(Self::$name),*].len()] = [$(Self::$name),*];

            /// What it does.
            pub(crate) fn behavior(self) -> &'static dyn Behavior {
                match self {
                    $(Self::$name => &$behavior,)*
                }
            }
        }
    };
}

// The one list. Another runtime is a file with its `Behavior`, and a line here.
runtimes! {
    /// Docker Desktop: closed source, so beyond its documents everything is reported or inferred.
    #[default]
    DockerDesktop => docker_desktop::DockerDesktop,
    /// Rancher Desktop.
    RancherDesktop => rancher_desktop::RancherDesktop,
    /// Podman Desktop as its newest source has it: requests by Node's `fetch`, commands without a shell.
    PodmanDesktop => podman_desktop::Generation::Newer,
    /// Podman Desktop before: requests by got, host commands through a shell.
    PodmanDesktopOlder => podman_desktop::Generation::Older,
}

impl Runtime {
    /// Both generations of Podman Desktop.
    pub const PODMAN: [Self; 2] = [Self::PodmanDesktop, Self::PodmanDesktopOlder];

    /// Whether it is a generation of Podman Desktop.
    pub fn is_podman(self) -> bool {
        Self::PODMAN.contains(&self)
    }

    /// The name that people use.
    pub fn name(self) -> &'static str {
        self.behavior().name()
    }

    /// As it is written on a command line, for example `docker-desktop`.
    pub fn key(self) -> &'static str {
        self.behavior().key()
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Runtime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|runtime| runtime.key() == text);
        known.ok_or_else(|| format!("write one of {}", Self::ALL.map(Self::key).join(", ")))
    }
}

/// How sure a statement about a Runtime is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Its documents or the published types say so.
    Documented,
    /// Read in its source.
    Source,
    /// People reported it in public.
    Reported,
    /// Concluded from the rest, without a source.
    Inferred,
}

/// One thing that a Runtime does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Rule {
    /// What it does, in one sentence.
    pub text: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// Where it is known from.
    pub from: String,
}

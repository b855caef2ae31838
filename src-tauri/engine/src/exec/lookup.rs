//! What is looked up beside a command in a container: its state, its processes on this host, and the file of its program.

use std::{pin::Pin, time::Duration};

use bollard::errors::Error as ApiError;
use tokio::time::{Instant, timeout_at};

use super::container::SILENCE;
use crate::{Engine, ExecState};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};
use porthole_process::Command;

/// When to look for processes that the command started: often at first, when a program that goes into the background does
/// so.
pub(super) struct CheckInterval {
    ticks: tokio::time::Interval,
    count: u32,
}

impl CheckInterval {
    const OFTEN: Duration = Duration::from_millis(10);
    const LATER: Duration = Duration::from_millis(200);
    const OFTEN_COUNT: u32 = 100;

    pub fn new() -> Self {
        Self { ticks: tokio::time::interval(Self::OFTEN), count: 0 }
    }

    pub async fn next(&mut self) {
        self.ticks.tick().await;
        self.count = self.count.saturating_add(1);
        if self.count == Self::OFTEN_COUNT {
            self.ticks = tokio::time::interval_at(tokio::time::Instant::now() + Self::LATER, Self::LATER);
        }
        self.ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    }
}

/// The file that a name means in the container: looked up on the container's `PATH`, or that of
/// the command, without a shell, which an image built from nothing does not have.
pub(super) async fn lookup(engine: &Engine, container: String, command: &Command) -> Option<String> {
    let container = ContainerName::new(container).ok()?;
    let inspected = engine.inspect(&container).await.ok()?;
    let cwd = command.cwd.clone().unwrap_or(inspected.working_dir);
    if command.program.contains('/') {
        let absolute = command.program.starts_with('/');
        return Some(if absolute { command.program.clone() } else { format!("{cwd}/{}", command.program) });
    }
    let own = command.env.iter().rev().find(|var| var.name == "PATH").map(|var| var.value.clone());
    let path =
        own.or(inspected.path).unwrap_or_else(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
    for directory in path.split(':').filter(|directory| !directory.is_empty()) {
        let candidate = format!("{directory}/{}", command.program);
        if engine.is_executable(&container, &candidate).await {
            return Some(candidate);
        }
    }
    None
}

/// Where images have a shell that a person types into, the more comfortable ones first.
const SHELLS: [&str; 8] = [
    "/bin/bash",
    "/usr/bin/bash",
    "/usr/local/bin/bash",
    "/bin/zsh",
    "/usr/bin/zsh",
    "/bin/ash",
    "/bin/sh",
    "/usr/bin/sh",
];

/// The first shell that a running container has.
///
/// # Errors
/// [`Code::ProgramNotFound`] when it has none, and what is wrong with the container.
pub async fn shell_in(engine: &Engine, container: &ContainerName) -> Result<String> {
    let running = ContainerName::new(engine.running(container).await?.id)?;
    for shell in SHELLS {
        if engine.is_executable(&running, shell).await {
            return Ok(shell.to_owned());
        }
    }
    Err(Error::new(Code::ProgramNotFound, format!("No shell found in the container `{container}`"))
        .detail(SHELLS.join(" "))
        .hint("Its image may be built from scratch. Name a program that it has, or use an image with a shell."))
}

pub(super) type Answer = std::result::Result<ExecState, ApiError>;

/// A query of the command's state. It isn't waited for: the user may stop the command meanwhile.
pub(super) struct Question<'a> {
    since: Instant,
    answer: Pin<Box<dyn Future<Output = Answer> + Send + 'a>>,
}

impl<'a> Question<'a> {
    pub fn new(engine: &'a Engine, exec: &str) -> Self {
        let id = exec.to_owned();
        let answer = Box::pin(async move { engine.exec(&id).await });
        Self { since: Instant::now(), answer }
    }
}

/// The answer; none when the command was killed and the engine has not answered for so long that it won't.
pub(super) async fn answered(question: &mut Option<Question<'_>>, killed: Option<Instant>) -> Option<Answer> {
    match (question, killed) {
        (Some(question), None) => Some(question.answer.as_mut().await),
        (Some(question), Some(killed)) => {
            timeout_at(killed.max(question.since) + SILENCE, question.answer.as_mut()).await.ok()
        }
        (None, _) => std::future::pending().await,
    }
}

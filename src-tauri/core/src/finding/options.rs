//! What a command was given, or was done to it, that the SDK does not offer or not everywhere.

use super::{
    Evidence, Finding,
    words::{listed, others, quoted},
};
use crate::{
    asked::{Asked, Whose},
    run::{EnvMode, Run, Signal},
    runtime::Runtime,
};

pub(super) fn cwd(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking()?;
    Some(
        Finding::warning(
            format!("The command is to run in {}.", quoted(asking.cwd?)),
            "Podman Desktop ignores `cwd`: there the command runs in the directory of the application or the container, and relative paths mean other files.",
            "Pass absolute paths, or let the command change the directory itself.",
        )
        .on(Runtime::PODMAN),
    )
}

pub(super) fn env(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking().filter(|asking| !asking.env.is_empty())?;
    let names: Vec<String> = asking.env.iter().map(|variable| quoted(&variable.name)).collect();
    let matters = match asking.whose {
        Whose::Vm => {
            "In the container Rancher Desktop and Podman Desktop do not set them: the command runs there without, and says nothing of it."
        }
        Whose::Host | Whose::Docker => {
            "Podman Desktop ignores `env`. On Rancher Desktop it is all that the program gets: `PATH`, `HOME` and the rest are gone."
        }
    };
    Some(
        Finding::warning(
            format!("The command is given {}.", listed(&names)),
            matters,
            "Pass the values as arguments: `exec(\"env\", [\"NAME=value\", program, …])` works on every Runtime where there is an `env`.",
        )
        .on(others(&[Runtime::DockerDesktop])),
    )
}

/// What was done in the composer, which can do more than code can.
fn composed<'a>(evidence: &Evidence<'a>) -> Option<&'a Run> {
    evidence.run().filter(|_| evidence.call.sdk.is_none())
}

pub(super) fn env_replaced(evidence: &Evidence<'_>) -> Option<Finding> {
    composed(evidence).filter(|run| run.command.env_mode == EnvMode::Replace)?;
    Some(Finding::note(
        "The command ran with an environment of its own, without the one that is there.",
        "The SDK can add variables and take none away: from code the command also sees `PATH`, `HOME` and the rest.",
        "Run `env -i NAME=value program …` where the code needs the same.",
    ))
}

pub(super) fn user(evidence: &Evidence<'_>) -> Option<Finding> {
    let user = composed(evidence)?.command.user.as_ref()?;
    Some(Finding::note(
        format!("The command ran as the user {}.", quoted(user)),
        "The SDK names no user: from code the command runs as the one that the image names, often root, with other rights and another `HOME`.",
        "Set `USER` in the Dockerfile or `user` in the compose file, or change the user in the command itself (`su`, `setpriv`).",
    ))
}

pub(super) fn container(evidence: &Evidence<'_>) -> Option<Finding> {
    let Asked::Exec(exec) = &evidence.call.sdk.as_ref()?.asked else { return None };
    let name = exec.container.as_ref()?;
    Some(
        Finding::warning(
            format!("The code names the container {}.", quoted(name)),
            "Only the deprecated `backend.execInContainer` takes one, and only Docker Desktop has it. `extension.vm.cli.exec` runs in the first service of the compose file.",
            "Make the service that runs commands the first one, or use `docker.cli.exec(\"exec\", [container, …])`.",
        )
        .on(others(&[Runtime::DockerDesktop])),
    )
}

fn signals(run: &Run) -> Vec<Signal> {
    let mut signals: Vec<Signal> = Vec::new();
    for stop in &run.stops {
        if !signals.contains(&stop.signal) {
            signals.push(stop.signal);
        }
    }
    signals
}

pub(super) fn plain_stopped(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = evidence.run().filter(|run| !run.stops.is_empty())?;
    evidence.asking().filter(|asking| asking.stream.is_none())?;
    let sent: Vec<String> = signals(run).iter().map(|signal| format!("SIG{}", signal.short_name())).collect();
    Some(Finding::note(
        format!("The command was stopped with {}.", listed(&sent)),
        "A plain `exec` gives the code a promise and nothing to stop the command with: it runs until it ends by itself, also when the page is gone.",
        "Use `exec` with a `stream` for what may take long; it returns an object with `close()`.",
    ))
}

pub(super) fn signal(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = evidence.run()?;
    evidence.asking()?.stream?;
    let others: Vec<String> = signals(run)
        .iter()
        .filter(|signal| **signal != Signal::Term)
        .map(|signal| format!("SIG{}", signal.short_name()))
        .collect();
    if others.is_empty() {
        return None;
    }
    Some(Finding::note(
        format!("The command was sent {}.", listed(&others)),
        "`close()` sends SIGTERM, and the SDK has no other signal: a command that ignores that one cannot be stopped from code.",
        "Let the command end on SIGTERM (a shell passes it on only with `exec program` or a trap), or run `kill` with a second `exec`.",
    ))
}

pub(super) fn close(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = evidence.run()?;
    evidence.asking()?.stream?;
    if !signals(run).contains(&Signal::Term) {
        return None;
    }
    Some(
        Finding::warning(
            "The command was stopped with SIGTERM, as `close()` does.",
            "On Rancher Desktop no callback comes after `close()`, so no `onClose` either. On Podman Desktop `close()` has no effect: the command goes on, and so do its callbacks.",
            "Set a flag beside the call of `close()`, clean up there and not in `onClose`, and let callbacks do nothing once it is set.",
        )
        .on(others(&[Runtime::DockerDesktop])),
    )
}

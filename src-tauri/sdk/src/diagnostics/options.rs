//! What a command was given, or was done to it, that the SDK does not offer or not everywhere.

use super::{
    Evidence, Finding,
    text::{listed, others, quoted},
};
use crate::{
    runtime::Runtime,
    sdk_call::{CliTarget, SdkCall},
};
use porthole_process::{EnvMode, Place, Run, Signal};

pub(super) fn cwd(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking()?;
    Some(
        Finding::warning(
            format!("The command sets the working directory {}.", quoted(asking.cwd?)),
            "Podman Desktop ignores `cwd`: the command runs in the application's or the container's directory, and relative paths refer to other files.",
            "Pass absolute paths, or change the directory in the command.",
        )
        .on(Runtime::PODMAN),
    )
}

pub(super) fn env(evidence: &Evidence<'_>) -> Option<Finding> {
    let asking = evidence.asking().filter(|asking| !asking.env.is_empty())?;
    let names: Vec<String> = asking.env.iter().map(|variable| quoted(&variable.name)).collect();
    let impact = match asking.whose {
        CliTarget::Vm => IGNORED_IN_CONTAINER,
        CliTarget::Host | CliTarget::Docker => {
            "Podman Desktop ignores `env`. On Rancher Desktop it replaces the whole environment, including `PATH` and `HOME`."
        }
    };
    Some(
        Finding::warning(
            format!("The command sets environment variables: {}.", listed(&names)),
            impact,
            "Pass the values as arguments: `exec(\"env\", [\"NAME=value\", program, …])` works on every runtime where the `env` program exists.",
        )
        .on(others(&[Runtime::DockerDesktop])),
    )
}

const IGNORED_IN_CONTAINER: &str = "Rancher Desktop and Podman Desktop don't set variables in the container: the command runs without them, and no error is reported.";

/// What was done in the composer, which can do more than code can.
fn composed<'a>(evidence: &Evidence<'a>) -> Option<&'a Run> {
    evidence.run().filter(|_| evidence.call.sdk.is_none())
}

pub(super) fn env_replaced(evidence: &Evidence<'_>) -> Option<Finding> {
    let run = composed(evidence).filter(|run| run.command.env_mode == EnvMode::Replace)?;
    let others = match run.command.place {
        Place::Container { .. } => IGNORED_IN_CONTAINER,
        Place::Host | Place::Engine => {
            "Rancher Desktop replaces the whole environment of a host program, and Podman Desktop ignores `env`."
        }
    };
    Some(Finding::note(
        "The command replaces the environment.",
        format!("On Docker Desktop `env` only adds variables. {others}"),
        "Run `env -i NAME=value program …` if your code needs a clean environment.",
    ))
}

pub(super) fn user(evidence: &Evidence<'_>) -> Option<Finding> {
    let user = composed(evidence)?.command.user.as_ref()?;
    Some(Finding::note(
        format!("The command ran as user {}.", quoted(user)),
        "The SDK can't set a user: from code the command runs as the image's user, often root, with other permissions and another `HOME`.",
        "Set `USER` in the Dockerfile or `user` in the compose file, or change the user in the command itself (`su`, `setpriv`).",
    ))
}

pub fn container(evidence: &Evidence<'_>) -> Option<Finding> {
    let SdkCall::Exec(exec) = &evidence.call.sdk.as_ref()?.asked else { return None };
    let name = exec.container.as_ref()?;
    Some(
        Finding::warning(
            format!("The code selects the container {}.", quoted(name)),
            "Only the deprecated `backend.execInContainer` accepts a container, and only Docker Desktop has it. `extension.vm.cli.exec` runs in the first service of the compose file.",
            "Make the service that runs commands the first service, or use `docker.cli.exec(\"exec\", [container, …])`.",
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
        "A plain `exec` returns only a promise, so your code can't stop the command: it runs until it exits, even after the page is closed.",
        "Use `exec` with a `stream` for long commands; it returns an object with `close()`.",
    ))
}

pub fn signal(evidence: &Evidence<'_>) -> Option<Finding> {
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
        format!("You stopped the command with {}.", listed(&others)),
        "`close()` sends SIGTERM, and the SDK can't send other signals: your code can't stop a command that ignores SIGTERM.",
        "Make the command exit on SIGTERM (a shell forwards it only with `exec program` or a trap), or run `kill` with a second `exec`.",
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
            "On Rancher Desktop no callback is called after `close()`, not even `onClose`. On Podman Desktop `close()` has no effect: the command and its callbacks continue.",
            "When you call `close()`, set a flag, clean up immediately, and ignore later callbacks.",
        )
        .on(others(&[Runtime::DockerDesktop])),
    )
}

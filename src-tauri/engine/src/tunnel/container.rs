//! What a container of Porthole's own beside a backend's may do, and its start.

use bollard::{
    models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType},
    query_parameters::AttachContainerOptionsBuilder,
};

use super::{
    image::PROGRAM,
    share::Share,
    stream::{Input, Output},
};
use crate::{Engine, Inspected};
use porthole_base::error::{Code, Error, Result};

/// The label of a helper container; its value is the machine and the process that made it.
// The name of the first edition, so that what an older Porthole left is found.
pub(super) const LABEL: &str = "porthole.carrier";
/// The label of one that has moved a socket: it must be able to put it back before it ends.
pub(super) const TAP_LABEL: &str = "porthole.tap";

/// What a container is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// Connections to sockets.
    Connections,
    /// Listening in the place of the socket at this path.
    Tap { path: &'a str },
}

/// Below which directory a process beside the target's sees the target's files.
pub(super) fn root_of(target: &Inspected) -> Result<String> {
    match target.pid_mode.as_str() {
        "" | "private" => Ok("/proc/1/root".to_owned()),
        // The engine's host's own ids.
        "host" => Ok(format!("/proc/{}/root", target.pid.unwrap_or(1))),
        mode => Err(Error::new(
            Code::EndpointUnsupported,
            format!("The socket is in the container's file system, and the container shares process IDs ({mode})"),
        )
        .hint("Put the socket's directory on a volume.")),
    }
}

/// A container that may do nothing but connect, or move a socket.
pub(super) fn body(
    image: &str,
    share: &Share,
    target: &Inspected,
    root: Option<&str>,
    purpose: Purpose<'_>,
) -> ContainerCreateBody {
    let is_tap = matches!(purpose, Purpose::Tap { .. });
    let mount = |typ, source: &String, at: &String| Mount {
        typ: Some(typ),
        source: Some(source.clone()),
        target: Some(at.clone()),
        read_only: Some(!is_tap),
        ..Mount::default()
    };
    let (mounts, pid_mode) = match share {
        Share::Volume { name, at } => (Some(vec![mount(MountType::VOLUME, name, at)]), None),
        Share::Bind { source, at } => (Some(vec![mount(MountType::BIND, source, at)]), None),
        Share::Root => (None, Some(format!("container:{}", target.id))),
    };
    // A backend that does not run as root has a socket that only its own user may open, and Docker Desktop connects
    // to it as root.
    let mut capabilities = vec!["DAC_OVERRIDE"];
    if *share == Share::Root {
        capabilities.extend(["SYS_PTRACE", "SYS_CHROOT"]);
    }
    if is_tap {
        // Its socket gets the owner of the backend's, which may be in a directory where each user moves only its own files.
        capabilities.extend(["CHOWN", "FOWNER"]);
    }
    let words: &[&str] = match purpose {
        Purpose::Connections => &[PROGRAM, "hold"],
        Purpose::Tap { path } => &[PROGRAM, "tap", path],
    };
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    ContainerCreateBody {
        image: Some(image.to_owned()),
        cmd: Some(words.iter().copied().chain(root).map(str::to_owned).collect()),
        user: Some("0:0".to_owned()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        // The first process of others doesn't hear SIGTERM, and Podman sends that, and waits, when a container is removed.
        stop_signal: Some(if is_tap { "SIGTERM" } else { "SIGKILL" }.to_owned()),
        // Its stdin ends with the one stream to it.
        stdin_once: Some(true),
        labels: Some([(if is_tap { TAP_LABEL } else { LABEL }.to_owned(), crate::owner())].into()),
        host_config: Some(HostConfig {
            // Where an engine removes a container by itself, Podman 4 removes a volume without a name too, even one that it
            // didn't make.
            auto_remove: Some(!share.is_nameless_volume()),
            network_mode: Some("none".to_owned()),
            cap_drop: texts(&["ALL"]),
            cap_add: texts(&capabilities),
            readonly_rootfs: Some(true),
            // SELinux would keep one container's process from another's socket; other engines ignore it.
            security_opt: texts(&["no-new-privileges", "label=disable"]),
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            mounts,
            pid_mode,
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

/// Makes the container and starts it, with the streams to its first process.
pub(super) async fn start(engine: &Engine, name: &str, body: &ContainerCreateBody) -> Result<(Output, Input)> {
    let explain = |error| engine.explain(error);
    engine.create_container(name, body).await.map_err(explain)?;
    // Before the start, so that it is held at every moment.
    let options = AttachContainerOptionsBuilder::default().stdin(true).stdout(true).stderr(true).stream(true).build();
    let attached = engine.docker().attach_container(name, Some(options)).await.map_err(explain)?;
    engine.docker().start_container(name, None).await.map_err(explain)?;
    Ok((attached.output, attached.input))
}

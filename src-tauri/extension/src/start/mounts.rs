//! What of a machine's files a service asks for: `volumes`, and the volumes that are folders in disguise.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use super::{
    super::compose::only_in_docker_desktop,
    AccessLevel, RequestedAccess,
    access::{At, text_of},
    text::visible,
};
use crate::names::with_slashes;
use porthole_engine::sockets;

/// Folders in which anyone who writes can take over the machine, with all that is in them.
const TAKES_OVER: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/usr",
    "/var",
    "/Users",
    "/Library",
    "/System",
    "/Applications",
    "/private",
];

/// Further ones, in which everything is such a folder.
const TAKES_OVER_BELOW: &[&str] =
    &["/run", "/var/run", "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/var/spool"];

/// An entry of `volumes`, in either form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mount {
    /// `bind`, `volume`, `tmpfs`, `npipe`, …
    pub kind: String,
    pub source: Option<String>,
    pub target: Option<String>,
    pub read_only: bool,
    /// `shared`, `rslave`, … where it is set.
    pub propagation: Option<String>,
    /// What else is in it.
    pub others: Vec<String>,
}

impl Mount {
    pub fn read(volume: &Value) -> Self {
        match volume {
            Value::Object(map) => Self::of_map(map),
            other => Self::of_text(&text_of(other)),
        }
    }

    fn of_map(map: &Map<String, Value>) -> Self {
        let text = |key: &str| map.get(key).filter(|found| !found.is_null()).map(text_of);
        let bind = map.get("bind").and_then(Value::as_object);
        let known = ["type", "source", "target", "read_only", "bind", "volume", "tmpfs", "consistency"];
        let mut others: Vec<String> = map.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect();
        let known = ["create_host_path", "propagation", "selinux"];
        let in_bind = bind.into_iter().flat_map(Map::keys).filter(|key| !known.contains(&key.as_str()));
        others.extend(in_bind.map(|key| format!("bind.{key}")));
        Self {
            kind: text("type").unwrap_or_else(|| "volume".to_owned()),
            source: text("source"),
            target: text("target"),
            read_only: map.get("read_only").is_some_and(|is| *is == Value::Bool(true)),
            propagation: bind.and_then(|bind| bind.get("propagation")).map(text_of).filter(|is| !is.is_empty()),
            others,
        }
    }

    /// `SOURCE:TARGET[:OPTIONS]`, or only a target.
    fn of_text(text: &str) -> Self {
        // A path in the container begins with a slash; a drive's does too, or with a backslash.
        let drive = text.len() > 2 && text.as_bytes()[0].is_ascii_alphabetic() && text.as_bytes()[1] == b':';
        let from = if drive && matches!(text.as_bytes()[2], b'/' | b'\\') { 2 } else { 0 };
        let Some((source, rest)) = text[from..].split_once(':') else {
            return Self { kind: "volume".to_owned(), target: Some(text.to_owned()), ..Self::default() };
        };
        let source = format!("{}{source}", &text[..from]);
        let (target, options) = rest.split_once(':').unwrap_or((rest, ""));
        let options: Vec<&str> = options.split(',').filter(|option| !option.is_empty()).collect();
        let is_propagation = |option: &&str| {
            option.trim_start_matches('r').ends_with("shared") || option.contains("slave") || option.contains("private")
        };
        let known = ["ro", "rw", "z", "Z", "cached", "delegated", "consistent", "nocopy"];
        let others = options.iter().filter(|option| !known.contains(option) && !is_propagation(option));
        let is_path = source.contains(['/', '\\']) || source.starts_with(['.', '~']);
        Self {
            kind: if is_path { "bind" } else { "volume" }.to_owned(),
            source: Some(source),
            target: Some(target.to_owned()),
            read_only: options.contains(&"ro"),
            propagation: options.iter().copied().find(is_propagation).map(str::to_owned),
            others: others.map(|option| (*option).to_owned()).collect(),
        }
    }

    /// What it asks for.
    pub fn asks(&self, at: &At<'_>) -> Vec<RequestedAccess> {
        let source = self.source.clone().unwrap_or_default();
        let mut asks = match self.kind.as_str() {
            "bind" => vec![self.of_path(&source, at)],
            "npipe" => vec![
                self.full_control(&source, at)
                    .unwrap_or_else(|| self.ask(AccessLevel::Access, "Uses a named pipe of the machine", &source)),
            ],
            "volume" | "tmpfs" | "image" => Vec::new(),
            kind => vec![self.ask(AccessLevel::Access, &format!("Mounts a {}", visible(kind)), &source)],
        };
        if let Some(propagation) = self.propagation.as_ref().filter(|is| is.contains("shared")) {
            asks.push(
                RequestedAccess::new(AccessLevel::Access, "Mounts made in the container appear on the machine")
                    .value(format!("{}: {}", visible(&source), visible(propagation))),
            );
        }
        asks.extend(self.others.iter().map(|other| RequestedAccess::unknown(&format!("volumes.{other}"), None)));
        asks
    }

    fn ask(&self, level: AccessLevel, summary: &str, source: &str) -> RequestedAccess {
        let target = self.target.clone().unwrap_or_default();
        let only = if self.read_only { ", read-only" } else { "" };
        RequestedAccess::new(level, summary).value(format!("{} at {}{only}", visible(source), visible(&target)))
    }

    fn full_control(&self, source: &str, at: &At<'_>) -> Option<RequestedAccess> {
        let name = source.rsplit(['/', '\\']).next().unwrap_or_default();
        let is_engine =
            ["docker", "podman", "containerd", "crio", "buildkitd", "dockerd"].iter().any(|word| name.contains(word))
                && (name.contains(".sock") || source.contains("pipe"));
        let is_address = at.engine.ends_with(source) && at.engine.contains("://") && source.len() > 1;
        (is_engine || is_address).then(|| {
            self.ask(AccessLevel::Control, "Full control over the engine, and through it over its machine", source)
                .impact("The container gets the engine's own socket. Mounting it read-only doesn't limit the requests that the container can send.")
        })
    }

    fn of_path(&self, source: &str, at: &At<'_>) -> RequestedAccess {
        let real = at.real(source);
        let path = plain(&real);
        let text = with_slashes(&real);
        let shown =
            if text == source { visible(source) } else { format!("{} → {}", visible(source), visible(&text)) };
        // The engine would create a directory for it, as root.
        let missing = only_in_docker_desktop(source).filter(|_| at.here && std::fs::symlink_metadata(&real).is_err());
        let missing = missing.map(|(_, instead)| {
            format!("It exists only in Docker Desktop: this engine creates an empty directory of that name, owned by root. {instead}")
        });
        for candidate in [source, &*real.to_string_lossy()] {
            if let Some(ask) = self.full_control(candidate, at) {
                let impact = [ask.impact.clone(), missing].into_iter().flatten().collect::<Vec<_>>().join(" ");
                return ask.impact(&impact);
            }
        }
        if let Some(missing) = missing {
            return self
                .ask(AccessLevel::Control, "Mounts a path that exists only in Docker Desktop", &shown)
                .impact(&missing);
        }
        let home = std::env::home_dir().unwrap_or_default();
        let takes_over = TAKES_OVER.iter().any(|known| path == Path::new(known))
            || TAKES_OVER.iter().any(|known| {
                *known != "/"
                    && !matches!(*known, "/home" | "/Users" | "/opt" | "/srv" | "/var" | "/run" | "/private")
                    && path.starts_with(known)
                    && !path.starts_with(&home)
            })
            || (!home.as_os_str().is_empty() && home.starts_with(&path))
            || is_drive(&real);
        let own = at.is_own(&real);
        // A program that runs later can be put almost anywhere in a home folder.
        let below_home = home.parent().is_some() && path.starts_with(&home);
        let changes = takes_over || below_home || TAKES_OVER_BELOW.iter().any(|known| path.starts_with(known));
        if at.here && is_socket(&real) {
            return self
                .ask(AccessLevel::Control, &format!("Connects to a program {}", at.whose), &shown)
                .impact("The container gets that program's own socket. Mounting it read-only doesn't limit the requests that the container can send.");
        }
        if !own && (self.read_only || !changes) && holds_sockets(&path, at) {
            return self
                .ask(AccessLevel::Control, &format!("Connects to programs {}, also to its engine", at.whose), &shown)
                .impact("The folder contains their sockets. Mounting it read-only doesn't limit the requests that the container can send.");
        }
        match (own, self.read_only, if self.read_only { takes_over } else { changes }) {
            (true, ..) => self.ask(AccessLevel::Notice, "Mounts a folder or file of the extension", &shown),
            (_, true, true) => {
                self.ask(AccessLevel::Access, &format!("Reads all files in a folder {}", at.whose), &shown)
            }
            (_, true, false) => self.ask(AccessLevel::Access, &format!("Reads files {}", at.whose), &shown),
            (_, false, true) => self
                .ask(AccessLevel::Control, &format!("Changes any file in a folder {}", at.whose), &shown)
                .impact("Write access there allows running programs outside the container."),
            (_, false, false) => {
                self.ask(AccessLevel::Access, &format!("Reads and changes files {}", at.whose), &shown)
            }
        }
    }
}

/// A declared volume or network drive that is a folder of the machine, or that is not the extension's own.
pub(super) fn of_volume(name: &str, volume: &Value, project: &str, at: &At<'_>) -> Vec<RequestedAccess> {
    let Some(volume) = volume.as_object() else { return Vec::new() };
    let called = volume.get("name").map_or_else(|| name.to_owned(), text_of);
    let mut asks = Vec::new();
    let external = volume.get("external").is_some_and(|is| !matches!(is, Value::Null | Value::Bool(false)));
    if external || !is_of_project(name, volume, project) {
        asks.push(
            RequestedAccess::new(AccessLevel::Access, "Uses a volume that it may share with others")
                .value(visible(&called)),
        );
    }
    let options = volume.get("driver_opts").and_then(Value::as_object);
    let option = |key: &str| options.and_then(|options| options.get(key)).map(text_of);
    let [kind, device, flags] = ["type", "device", "o"].map(|key| option(key).unwrap_or_default());
    if !(kind.is_empty() && device.is_empty() && flags.is_empty()) {
        asks.push(mounted(&called, [&kind, &device, &flags], at));
    } else if let Some(options) = options.filter(|options| !options.is_empty()) {
        asks.push(RequestedAccess::unknown("volumes.driver_opts", Some(&Value::Object(options.clone()))));
    }
    if let Some(driver) = volume.get("driver").map(text_of).filter(|driver| !matches!(driver.as_str(), "local" | "")) {
        asks.push(
            RequestedAccess::new(AccessLevel::Access, "Uses a volume driver of the engine").value(visible(&driver)),
        );
    }
    let known = ["name", "external", "driver_opts", "driver", "labels"];
    let others = volume.iter().filter(|(key, _)| !known.contains(&key.as_str()) && !key.starts_with("x-"));
    asks.extend(others.map(|(key, value)| RequestedAccess::unknown(&format!("volumes.{key}"), Some(value))));
    asks
}

/// What the engine mounts by itself: `mount -t KIND -o FLAGS DEVICE`.
fn mounted(called: &str, [kind, device, flags]: [&str; 3], at: &At<'_>) -> RequestedAccess {
    let flag = |flag: &str| flags.split(',').any(|found| found == flag);
    let mount = Mount {
        kind: "bind".to_owned(),
        target: Some(format!("volume {called}")),
        read_only: flag("ro"),
        ..Mount::default()
    };
    let known = ["", "bind", "rbind", "ro", "rw", "noexec", "nosuid", "nodev", "private", "rprivate"];
    let is_plain = flags.split(',').all(|flag| known.contains(&flag));
    if device.starts_with('/') && matches!(kind, "" | "none" | "bind") && is_plain {
        return mount.of_path(device, at);
    }
    let shown = format!("type: {kind}, device: {device}, o: {flags}");
    let is_bind = flag("bind") || flag("rbind") || flags.contains('/');
    match kind {
        "tmpfs" if !is_bind => mount.ask(AccessLevel::Notice, "Mounts memory as a volume", &shown),
        "nfs" | "nfs4" | "cifs" if !is_bind => mount.ask(AccessLevel::Access, "Mounts a network share", &shown),
        _ => mount
            .ask(AccessLevel::Control, &format!("Mounts any folder or disk {}", at.whose), &shown)
            .impact("The engine mounts this as root. Porthole can't determine its target."),
    }
}

/// Whether a volume or network is one that compose makes for this project. Without a name it gets that of the project.
pub(super) fn is_of_project(key: &str, entry: &Map<String, Value>, project: &str) -> bool {
    let name = entry.get("name").filter(|name| !name.is_null()).map(text_of).unwrap_or_default();
    name.is_empty() || name == format!("{project}_{key}")
}

/// Whether sockets of an engine or of the system's programs are there or below.
fn holds_sockets(path: &Path, at: &At<'_>) -> bool {
    let folders = [PathBuf::from("/run"), PathBuf::from("/var/run")].into_iter().chain(sockets::runtime_directory());
    let engines = sockets::OF_SYSTEM.iter().map(PathBuf::from);
    let of_user = sockets::of_user().filter(|known| at.here && known.exists());
    let named = at.engine.strip_prefix("unix://").map(PathBuf::from);
    let is_in_or_above = |known: &PathBuf| path.starts_with(known) || known.starts_with(path);
    path.has_root()
        && (folders.into_iter().any(|known| is_in_or_above(&known))
            || engines.chain(of_user).chain(named).any(|known| known.starts_with(path)))
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|there| there.file_type().is_socket())
}

#[cfg(not(unix))]
fn is_socket(_: &Path) -> bool {
    false
}

/// Without `.` and `..`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// `C:\`, whole.
fn is_drive(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let text = text.trim_end_matches(['/', '\\']);
    text.len() == 2 && text.ends_with(':')
}

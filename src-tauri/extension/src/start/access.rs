//! What a service asks of the machine, read from compose's resolved configuration.
//!
//! A key either is known to give nothing, or is here, or is listed as unknown: none is passed over.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{
    AccessLevel::{Access, Control, Notice},
    RequestedAccess, build,
    mounts::{Mount, plain},
    text::{shown, visible},
};
use crate::names::with_slashes;

/// Where the requested access would be granted.
#[derive(Debug)]
pub(super) struct At<'a> {
    /// The extension's own files.
    pub root: &'a Path,
    /// The engine's address, as docker writes it.
    pub engine: &'a str,
    /// Whether the engine's files are those of this machine.
    pub here: bool,
    /// "of your machine", or "of the engine's machine".
    pub whose: &'static str,
}

impl<'a> At<'a> {
    pub fn new(root: &'a Path, engine: &'a str, here: bool) -> Self {
        Self { root, engine, here, whose: if here { "of your machine" } else { "of the engine's machine" } }
    }

    /// Where a path leads once its links are followed, as far as this machine can tell.
    pub fn real(&self, text: &str) -> PathBuf {
        let path = PathBuf::from(text);
        // On Windows a path that begins with a slash is one of the virtual machine that the engine is in. Two slashes would
        // make it one of a server.
        if cfg!(windows) && text.starts_with('/') {
            return plain(Path::new(&format!("/{}", text.trim_start_matches('/'))));
        }
        if !self.here {
            return plain(&path);
        }
        // What does not exist yet is made by the engine, below the first part that exists.
        let mut missing = Vec::new();
        let mut there = path.as_path();
        loop {
            if let Ok(real) = dunce::canonicalize(there) {
                return missing.iter().rev().fold(real, |real, part| real.join(part));
            }
            match (there.file_name(), there.parent()) {
                (Some(name), Some(parent)) => {
                    missing.push(name.to_owned());
                    there = parent;
                }
                _ => return plain(&path),
            }
        }
    }

    /// Whether it is one of the extension's own files.
    pub fn is_own(&self, real: &Path) -> bool {
        let root = dunce::canonicalize(self.root).unwrap_or_else(|_| plain(self.root));
        self.here && real.starts_with(root)
    }
}

/// What one service asks for, what gives most first.
pub(super) fn of_service(service: &Map<String, Value>, at: &At<'_>) -> Vec<RequestedAccess> {
    let mut asks: Vec<RequestedAccess> = Vec::new();
    for (key, value) in service {
        if !is_empty(value) {
            asks.extend(of_key(key, value, at));
        }
    }
    sorted(asks)
}

pub(super) fn sorted(mut asks: Vec<RequestedAccess>) -> Vec<RequestedAccess> {
    asks.sort_by_key(|ask| ask.level);
    asks.dedup();
    asks
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn of_key(key: &str, value: &Value, at: &At<'_>) -> Vec<RequestedAccess> {
    let one = |level, summary: &str| vec![RequestedAccess::new(level, summary).value(shown(value))];
    let text = text_of(value);
    match key {
        _ if is_harmless(key) => Vec::new(),
        "privileged" => vec![
            RequestedAccess::new(Control, "Full control over the machine: runs privileged")
                .impact("A privileged container can read and change everything on the machine that runs it."),
        ],
        "cap_add" => list(value).map(|name| capability(&text_of(name))).collect(),
        "security_opt" => list(value).filter_map(|option| security(&text_of(option))).collect(),
        "volumes" => list(value).flat_map(|volume| Mount::read(volume).asks(at)).collect(),
        "devices" => list(value).map(|entry| device(entry, at)).collect(),
        "post_start" | "pre_stop" => list(value).flat_map(|entry| hook(key, entry)).collect(),
        "ports" => list(value).map(port).collect(),
        "build" => build::asks(value, at),
        "network_mode" | "pid" | "ipc" | "userns_mode" | "uts" | "cgroup" => namespace(key, &text),
        "restart" if text == "no" => Vec::new(),
        "restart" => one(Notice, "Is restarted by the engine, also after the machine restarts"),
        "logging" => logging(value),
        "deploy" => deploy(value),
        "device_cgroup_rules" => one(Control, "Can access devices of the machine"),
        "gpus" => one(Access, "Uses the machine's graphics processors"),
        "runtime" => one(Access, "Uses another container runtime"),
        "cgroup_parent" => one(Access, "Uses another control group of the machine"),
        "sysctls" => one(Access, "Sets kernel parameters"),
        "group_add" => one(Notice, "Adds its user to other groups"),
        "volumes_from" => {
            list(value).map(|from| other_container("Uses the volumes of another container", &text_of(from))).collect()
        }
        "external_links" => one(Access, "Connects to other containers"),
        "credential_spec" => one(Access, "Uses credentials of the machine"),
        "provider" => vec![
            RequestedAccess::new(Control, "Runs a program on your machine")
                .value(shown(value))
                .impact("Compose starts the provider outside of any container."),
        ],
        "use_api_socket" => {
            vec![RequestedAccess::new(Control, "Full control over the engine, and through it over its machine")]
        }
        "models" => one(Notice, "Uses models of the engine"),
        "label_file" | "env_file" | "extends" => one(Access, "Reads a file when it starts"),
        _ => vec![RequestedAccess::unknown(key, Some(value))],
    }
}

/// Keys that say what runs inside the container, and how it is limited and called.
const HARMLESS: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "cap_drop",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "depends_on",
    "develop",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "environment",
    "expose",
    "extra_hosts",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "isolation",
    "labels",
    "links",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pids_limit",
    "platform",
    "profiles",
    "pull_policy",
    "read_only",
    "scale",
    "secrets",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "working_dir",
];

fn is_harmless(key: &str) -> bool {
    key.starts_with("x-") || HARMLESS.contains(&key)
}

fn capability(name: &str) -> RequestedAccess {
    let plain = name.to_uppercase();
    let plain = plain.trim_start_matches("CAP_");
    let control = [
        "ALL",
        "SYS_ADMIN",
        "SYS_MODULE",
        "SYS_PTRACE",
        "SYS_RAWIO",
        "DAC_READ_SEARCH",
        "BPF",
        "SYS_BOOT",
        "MAC_ADMIN",
    ];
    if control.contains(&plain) {
        return RequestedAccess::new(Control, "Can take over the machine: extra capability")
            .value(visible(name))
            .impact("With this capability, a process in the container can break out of it.");
    }
    RequestedAccess::new(Access, "Extra capability").value(visible(name))
}

fn security(option: &str) -> Option<RequestedAccess> {
    if option.starts_with("no-new-privileges") {
        return None;
    }
    let turned_off = option.contains("unconfined") || option.contains("disable");
    let summary =
        if turned_off { "Turns off a protection of the engine" } else { "Changes the engine's security options" };
    Some(RequestedAccess::new(if turned_off { Control } else { Access }, summary).value(visible(option)))
}

/// A command that the engine runs in the container, beside its own.
fn hook(key: &str, hook: &Value) -> Vec<RequestedAccess> {
    let Some(hook) = hook.as_object() else { return vec![RequestedAccess::unknown(key, Some(hook))] };
    let known = ["command", "user", "working_dir", "environment"];
    let asked = hook.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !is_empty(value));
    asked
        .map(|(name, value)| match name.as_str() {
            "privileged" => RequestedAccess::new(Control, "Full control over the machine: runs a command privileged")
                .value(format!("{key}: {}", hook.get("command").map(shown).unwrap_or_default()))
                .impact("A privileged command can read and change everything on the machine that runs it."),
            _ => RequestedAccess::unknown(&format!("{key}.{name}"), Some(value)),
        })
        .collect()
}

fn device(device: &Value, at: &At<'_>) -> RequestedAccess {
    let source = device.get("source").map_or_else(|| text_of(device), text_of);
    let name = source.split(':').next().unwrap_or_default();
    // `/dev//sda` and a link are the same device.
    let real = at.real(name);
    let is_disk = at.here && is_block_device(&real);
    let name = with_slashes(&plain(&real));
    let name = name.trim_start_matches("/dev/").trim_end_matches('/');
    let disks = [
        "block", "mem", "kmem", "port", "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "dm-", "mapper", "disk", "md",
        "loop", "sg", "nbd",
    ];
    let whole = name.is_empty() || name == "/dev";
    if whole || is_disk || disks.iter().any(|disk| name.starts_with(disk)) {
        return RequestedAccess::new(Control, "Reads and writes the machine's disks or memory")
            .value(visible(&source))
            .impact("This bypasses all file permissions.");
    }
    RequestedAccess::new(Access, "Uses a device of the machine").value(visible(&source))
}

#[cfg(unix)]
fn is_block_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|there| there.file_type().is_block_device())
}

#[cfg(not(unix))]
fn is_block_device(_: &Path) -> bool {
    false
}

/// A published port, in either form.
fn port(port: &Value) -> RequestedAccess {
    let (host, published, inside) = match port {
        Value::Object(map) => {
            let text = |key: &str| map.get(key).map(text_of).filter(|text| !text.is_empty());
            let protocol = text("protocol").filter(|protocol| protocol != "tcp").map(|protocol| format!("/{protocol}"));
            (
                text("host_ip"),
                text("published"),
                format!("{}{}", text("target").unwrap_or_default(), protocol.unwrap_or_default()),
            )
        }
        other => {
            let text = text_of(other);
            let mut parts: Vec<&str> = text.rsplitn(3, ':').collect();
            parts.reverse();
            match parts.as_slice() {
                [host, published, inside] => {
                    (Some((*host).to_owned()), Some((*published).to_owned()), (*inside).to_owned())
                }
                [published, inside] => (None, Some((*published).to_owned()), (*inside).to_owned()),
                _ => (None, None, text),
            }
        }
    };
    let published = published.filter(|text| !text.is_empty()).unwrap_or_else(|| "a free port".to_owned());
    let address = host.as_deref().map(|host| host.trim_matches(['[', ']'])).unwrap_or_default();
    let value = visible(&format!("{published} → {inside}"));
    if address.starts_with("127.") || matches!(address, "::1" | "localhost") {
        return RequestedAccess::new(Notice, "Publishes a port on this machine only").value(value);
    }
    if matches!(address, "" | "0.0.0.0" | "::") {
        return RequestedAccess::new(Access, "Publishes a port on every network interface")
            .value(value)
            .impact("Other machines in your network can connect to it.");
    }
    RequestedAccess::new(Access, "Publishes a port on a network interface").value(format!(
        "{} on {}",
        value,
        visible(address)
    ))
}

fn namespace(key: &str, value: &str) -> Vec<RequestedAccess> {
    let joined = value.strip_prefix("container:");
    let summary = match (key, value) {
        ("network_mode", "host") => "Uses the machine's own network",
        ("pid", "host") => "Can see and stop every process of the machine",
        ("ipc", "host") => "Shares memory with the machine's processes",
        ("userns_mode", "host") => "Its root user is the machine's root user",
        ("uts", "host") => "Can change the machine's name",
        ("cgroup", "host") => "Sees the machine's control groups",
        ("network_mode", "none" | "bridge" | "default" | "private")
        | ("ipc", "private" | "shareable" | "none")
        | ("cgroup", "private") => return Vec::new(),
        (_, value) if value.starts_with("service:") => return Vec::new(),
        _ if joined.is_some() => return vec![other_container("Joins another container", &format!("{key}: {value}"))],
        ("network_mode", _) => {
            return vec![RequestedAccess::new(Access, "Joins another network").value(visible(value))];
        }
        _ => return vec![RequestedAccess::unknown(key, Some(&Value::String(value.to_owned())))],
    };
    let impact = match key {
        "network_mode" => "It reaches everything that listens on localhost, and can listen on any port.",
        _ => "",
    };
    let level = if key == "uts" { Notice } else { Access };
    let ask = RequestedAccess::new(level, summary).value(format!("{key}: host"));
    vec![if impact.is_empty() { ask } else { ask.impact(impact) }]
}

fn other_container(summary: &str, value: &str) -> RequestedAccess {
    RequestedAccess::new(Access, summary).value(visible(value))
}

fn logging(value: &Value) -> Vec<RequestedAccess> {
    let driver = value.get("driver").map(text_of).unwrap_or_default();
    if matches!(driver.as_str(), "" | "json-file" | "local" | "none" | "journald") {
        return Vec::new();
    }
    vec![RequestedAccess::new(Notice, "Sends the container's output to another log driver").value(shown(value))]
}

fn deploy(value: &Value) -> Vec<RequestedAccess> {
    let known = [
        "replicas",
        "resources",
        "placement",
        "restart_policy",
        "update_config",
        "rollback_config",
        "labels",
        "mode",
        "endpoint_mode",
    ];
    let entries = value.as_object().into_iter().flatten();
    let unknown = entries.filter(|(key, value)| !known.contains(&key.as_str()) && !is_empty(value));
    let mut asks: Vec<_> =
        unknown.map(|(key, value)| RequestedAccess::unknown(&format!("deploy.{key}"), Some(value))).collect();
    let devices = value.pointer("/resources/reservations/devices").filter(|devices| !is_empty(devices));
    asks.extend(
        devices.map(|devices| RequestedAccess::new(Access, "Uses devices of the machine").value(shown(devices))),
    );
    if let Some(policy) = value.pointer("/restart_policy/condition").map(text_of).filter(|policy| policy != "none") {
        asks.push(RequestedAccess::new(Notice, "Is restarted by the engine").value(visible(&policy)));
    }
    asks
}

/// The entries of a list; one that is alone counts as such, and so do the values of a mapping.
pub fn list(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(list) => Box::new(list.iter()),
        other => Box::new(std::iter::once(other)),
    }
}

/// A value as text; compose writes a dollar sign twice.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace("$$", "$"),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

//! What only compose itself reads: it is said and not guessed.

use super::{
    node::{Node, Value},
    report::Report,
};

/// Top-level keys that are read, and `models` and the like aren't.
const TOP: &[&str] = &["version", "name", "services", "networks", "volumes", "secrets", "configs", "include"];
/// Keys of a service that are read, or handed on as they are: what each asks for is known.
const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
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
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];
const BUILD: &[&str] = &[
    "additional_contexts",
    "args",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "entitlements",
    "extra_hosts",
    "isolation",
    "labels",
    "network",
    "no_cache",
    "platforms",
    "privileged",
    "pull",
    "secrets",
    "shm_size",
    "ssh",
    "tags",
    "target",
    "ulimits",
];
const INCLUDE: &[&str] = &["path", "project_directory", "env_file"];
const EXTENDS: &[&str] = &["service", "file"];
const ENV_FILE: &[&str] = &["path", "required", "format"];

/// Notes each key that isn't read.
pub(super) fn of_document(document: &Node, report: &mut Report) {
    keys(document, "", TOP, report);
    for entry in document.get("include").into_iter().flat_map(Node::items) {
        keys(entry, "include", INCLUDE, report);
    }
    if let Some(services) = document.get("services").filter(|node| node.as_map().is_none() && !node.is_null()) {
        report.refuse(
            services.at,
            "services",
            "`services` isn't a mapping",
            "Write a name for each service, and its keys below it.",
        );
    }
    for (name, service) in document.get("services").into_iter().flat_map(Node::entries) {
        of_service(name, service, report);
    }
}

/// The same of one service, in whichever file it is.
pub(super) fn of_service(name: &str, service: &Node, report: &mut Report) {
    let path = format!("services.{name}");
    if service.as_map().is_none() && !matches!(service.value, Value::Null | Value::Reset) {
        report.refuse(
            service.at,
            &path,
            format!("The service `{name}` isn't a mapping"),
            "Write its keys below its name.",
        );
    }
    keys(service, &path, SERVICE, report);
    let below = |key: &str| (service.get(key), format!("{path}.{key}"));
    for (key, known) in [("build", BUILD), ("extends", EXTENDS)] {
        let (node, path) = below(key);
        node.into_iter().for_each(|node| keys(node, &path, known, report));
    }
    let (files, path) = below("env_file");
    for entry in files.into_iter().flat_map(Node::items) {
        keys(entry, &path, ENV_FILE, report);
        if let Some(format) = entry.get("format").and_then(Node::as_text).filter(|format| *format != "raw") {
            report.not_read(entry.at, &path, &format!("the format `{}` of an env file", format.escape_debug()));
        }
    }
}

fn keys(node: &Node, path: &str, known: &[&str], report: &mut Report) {
    for (key, value) in node.entries() {
        if !known.contains(&key.as_str()) && !key.starts_with("x-") {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            report.not_read(value.at, path, &format!("the key `{}`", key.escape_debug()));
        }
    }
}

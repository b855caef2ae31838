//! What docker's and compose's programs get of Porthole's environment: what they need to run, and nothing else.

use std::collections::BTreeMap;

use porthole_process::{Command, EnvMode, EnvVar, is_same_variable};

/// What they need to find programs, their user's settings and keys. The engine is named by arguments, never by
/// `DOCKER_HOST` and the like.
#[cfg(not(windows))]
const NEEDED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "SSH_AUTH_SOCK",
    "DOCKER_CONFIG",
    "DOCKER_BUILDKIT",
];
#[cfg(windows)]
const NEEDED: &[&str] = &[
    "PATH",
    "PATHEXT",
    "COMSPEC",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "USERPROFILE",
    "USERNAME",
    "HOMEDRIVE",
    "HOMEPATH",
    "HOME",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "TEMP",
    "TMP",
    "DOCKER_CONFIG",
    "DOCKER_BUILDKIT",
];

/// Fetching parts of a compose file from the network would happen before anybody confirms it.
const OFF: &[&str] = &["COMPOSE_EXPERIMENTAL_GIT_REMOTE", "COMPOSE_EXPERIMENTAL_OCI_REMOTE"];

/// Beginnings of names that decide what a program does, and that no file of an extension may set.
const STEERS: &[&str] = &[
    "COMPOSE_",
    "BUILDX_",
    "BUILDKIT_",
    "LD_",
    "DYLD_",
    "GIT_",
    "SSH_",
    "SSL_CERT_",
    "PYTHON",
    "XDG_",
    "OTEL_",
    "DOCKER_TLS",
    "DOCKER_CLI",
    "DOCKER_CONTENT_TRUST",
];
/// Further ones, whole.
const STEERS_TOO: &[&str] = &[
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_API_VERSION",
    "DOCKER_BUILDKIT",
    "DOCKER_DEFAULT_PLATFORM",
    "DOCKER_CUSTOM_HEADERS",
    "DOCKER_AUTH_CONFIG",
    "DOCKER_TMPDIR",
    "PATH",
    "HOME",
    "SHELL",
    "TMPDIR",
    "TMP",
    "TEMP",
    "ENV",
    "BASH_ENV",
    "IFS",
    "GODEBUG",
    "GOTRACEBACK",
    "GOMAXPROCS",
    "GOGC",
    "GOMEMLIMIT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "USERPROFILE",
    "PATHEXT",
    "COMSPEC",
    "SYSTEMROOT",
];

/// The small environment.
pub(in super::super) fn small() -> BTreeMap<String, String> {
    small_of(|name| std::env::var(name).ok())
}

fn small_of(get: impl Fn(&str) -> Option<String>) -> BTreeMap<String, String> {
    let needed = NEEDED.iter().filter_map(|name| Some(((*name).to_owned(), get(name)?)));
    needed.chain(OFF.iter().map(|name| ((*name).to_owned(), "false".to_owned()))).collect()
}

/// A command that gets this environment alone.
pub(in super::super) fn with(command: Command, env: &BTreeMap<String, String>) -> Command {
    let env = env.iter().map(|(name, value)| EnvVar { name: name.clone(), value: value.clone() }).collect();
    Command { env, env_mode: EnvMode::Replace, ..command }
}

/// Whether docker's and compose's programs get a variable from every user's environment.
pub(in super::super) fn is_needed(name: &str) -> bool {
    NEEDED.iter().any(|needed| is_same_variable(needed, name))
}

/// Whether a variable decides what compose or a program that it starts does.
pub(in super::super) fn steers(name: &str) -> bool {
    let upper = name.to_uppercase();
    upper.ends_with("_PROXY")
        || STEERS_TOO.contains(&upper.as_str())
        || STEERS.iter().any(|prefix| upper.starts_with(prefix))
}

/// Sets each name in a `.env` file that would steer compose, so that the file can't: compose prefers what is set in its
/// environment. Where in the file the name is doesn't matter, so no way to write one gets around it.
pub(super) fn pinned(env: &mut BTreeMap<String, String>, file: &str) {
    let names = file.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for name in names.filter(|name| steers(name)) {
        if !env.keys().any(|set| is_same_variable(set, name)) {
            env.insert(name.to_owned(), String::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_handed_on() {
        let small = small_of(|name| Some(format!("value of {name}")));
        assert!(small.contains_key("PATH") && small.contains_key("DOCKER_CONFIG"));
        for secret in
            ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DOCKER_HOST", "DOCKER_CONTEXT", "COMPOSE_FILE", "LD_PRELOAD"]
        {
            assert!(!small.contains_key(secret), "{secret}");
        }
        assert_eq!(small["COMPOSE_EXPERIMENTAL_GIT_REMOTE"], "false");
    }

    #[test]
    fn an_env_file_cannot_steer_compose_however_it_is_written() {
        let mut env = small_of(|_| None);
        pinned(
            &mut env,
            "A='x'COMPOSE_FILE=/x\n export DOCKER_HOST: tcp://x\nhttps_proxy=y\nB=\"\nLD_PRELOAD=z\"\nCOMPOSE_EXPERIMENTAL_GIT_REMOTE=true\nMINE=1\nENVIRONMENT=dev\nDOCKER_TAG=2",
        );
        for name in ["COMPOSE_FILE", "DOCKER_HOST", "https_proxy", "LD_PRELOAD"] {
            assert_eq!(env[name], "", "{name}");
        }
        assert_eq!(env["COMPOSE_EXPERIMENTAL_GIT_REMOTE"], "false");
        // On Windows it would take the place of the `PATH`.
        env.insert("PATH".to_owned(), "here".to_owned());
        pinned(&mut env, "path=there");
        assert_eq!(env.get("path").map(String::as_str), if cfg!(windows) { None } else { Some("") });
        assert_eq!((env["PATH"].as_str(), is_needed("Path")), ("here", cfg!(windows)));
        for own in ["MINE", "ENVIRONMENT", "DOCKER_TAG"] {
            assert!(!env.contains_key(own), "{own}");
        }
    }
}

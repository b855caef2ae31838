//! What docker's configuration has for signing in to registries: read where docker reads it, and asked of the same helper
//! programs.

use std::{path::Path, process::Stdio, time::Duration};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE},
};
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;

use super::{EngineEnvironment, responses::text};
use porthole_base::reference::is_host_by_look;
use porthole_process::command_of;

/// How long a helper program may take: some ask the user.
const PATIENCE: Duration = Duration::from_secs(30);
/// Docker Hub, as docker's configuration calls it.
const HUB: &str = "https://index.docker.io/v1/";

/// A name and a secret, or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub user: String,
    pub secret: String,
    /// The secret is a token that a registry gave.
    pub is_token: bool,
}

/// docker's `config.json`.
#[derive(Debug, Default)]
pub(crate) struct Registries(Value);

impl Registries {
    pub fn of_this_process() -> Self {
        EngineEnvironment::of_this_process().config.map(|config| Self::in_folder(&config)).unwrap_or_default()
    }

    fn in_folder(config: &Path) -> Self {
        let text = std::fs::read(config.join("config.json")).unwrap_or_default();
        Self(serde_json::from_slice(&text).unwrap_or_default())
    }

    /// For one registry; none where docker has none.
    pub async fn sign_in(&self, host: &str) -> Option<SignIn> {
        let key = if matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io") { HUB } else { host };
        let helper = self.0.pointer("/credHelpers").and_then(|helpers| text(helpers, key));
        match helper.or_else(|| text(&self.0, "credsStore")) {
            Some(helper) => asked(&helper, key).await,
            None => self.kept(key),
        }
    }

    fn kept(&self, key: &str) -> Option<SignIn> {
        let auths = self.0.get("auths")?.as_object()?;
        let bare = |key: &str| key.trim_start_matches("https://").trim_start_matches("http://").to_owned();
        let same = |known: &&String| bare(known).split('/').next() == bare(key).split('/').next();
        let kept = auths.get(key).or_else(|| auths.get(auths.keys().find(same)?))?;
        if let Some(token) = text(kept, "identitytoken") {
            return Some(SignIn { user: String::new(), secret: token, is_token: true });
        }
        let decoded = BASE64_STANDARD.decode(text(kept, "auth")?).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (user, secret) = decoded.split_once(':')?;
        Some(SignIn { user: user.to_owned(), secret: secret.trim_end_matches('\0').to_owned(), is_token: false })
    }

    /// `X-Registry-Auth`: for a pull from one registry.
    pub async fn header_for(&self, host: &str) -> Option<String> {
        let sign_in = self.sign_in(host).await?;
        Some(BASE64_URL_SAFE.encode(sign_in.for_engine(host).to_string()))
    }

    /// `X-Registry-Config`: for a build, which may pull from any that docker knows.
    pub async fn header_for_all(&self) -> Option<String> {
        let auths = self.0.get("auths").and_then(Value::as_object);
        let helpers = self.0.get("credHelpers").and_then(Value::as_object);
        let mut all = Map::new();
        for key in auths.into_iter().chain(helpers).flat_map(Map::keys) {
            if let Some(sign_in) = self.sign_in(key).await {
                all.insert(key.clone(), sign_in.for_engine(key));
            }
        }
        (!all.is_empty()).then(|| BASE64_URL_SAFE.encode(Value::from(all).to_string()))
    }
}

impl SignIn {
    fn for_engine(&self, host: &str) -> Value {
        if self.is_token {
            json!({ "identitytoken": self.secret, "serveraddress": host })
        } else {
            json!({ "username": self.user, "password": self.secret, "serveraddress": host })
        }
    }
}

/// Asks one of docker's helper programs.
async fn asked(helper: &str, key: &str) -> Option<SignIn> {
    if !helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return None;
    }
    let run = async {
        let mut command = command_of(&format!("docker-credential-{helper}"))?;
        command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().ok()?;
        let mut input = child.stdin.take()?;
        input.write_all(key.as_bytes()).await.ok()?;
        drop(input);
        let told = child.wait_with_output().await.ok()?;
        let told: Value = serde_json::from_slice(&told.stdout).ok().filter(|_| told.status.success())?;
        let user = text(&told, "Username").unwrap_or_default();
        let is_token = user == "<token>";
        let user = if is_token { String::new() } else { user };
        Some(SignIn { user, secret: text(&told, "Secret")?, is_token })
    };
    tokio::time::timeout(PATIENCE, run).await.ok().flatten()
}

/// The registry of an image's name.
pub(crate) fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if is_host_by_look(first) => first,
        _ => "docker.io",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registries(text: &str) -> Registries {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), text).unwrap();
        Registries::in_folder(folder.path())
    }

    #[tokio::test]
    async fn what_docker_keeps_is_used() {
        let auth = BASE64_STANDARD.encode("me:a:b");
        let all = registries(&format!(
            r#"{{"auths":{{"https://index.docker.io/v1/":{{"auth":"{auth}"}},"r.test:5000":{{"identitytoken":"t"}},"https://old.test/v2/":{{"auth":"{auth}"}},"empty.test":{{}}}}}}"#
        ));
        let me = Some(SignIn { user: "me".into(), secret: "a:b".into(), is_token: false });
        for (host, expected) in [
            ("docker.io", me.clone()),
            ("registry-1.docker.io", me.clone()),
            ("old.test", me),
            ("r.test:5000", Some(SignIn { user: String::new(), secret: "t".into(), is_token: true })),
            ("empty.test", None),
            ("other.test", None),
        ] {
            assert_eq!(all.sign_in(host).await, expected, "{host}");
        }
        let header = all.header_for_all().await.unwrap();
        let header: Value = serde_json::from_slice(&BASE64_URL_SAFE.decode(header).unwrap()).unwrap();
        assert_eq!(header.as_object().unwrap().len(), 3);
        assert_eq!(header["r.test:5000"]["identitytoken"], "t");
    }

    #[tokio::test]
    async fn a_configuration_that_is_none_signs_in_nowhere() {
        for text in ["", "[]", r#"{"auths":[]}"#, r#"{"auths":{"docker.io":7}}"#, r#"{"credsStore":"../../bin/x"}"#] {
            assert_eq!(registries(text).sign_in("docker.io").await, None, "{text}");
            assert_eq!(registries(text).header_for_all().await, None, "{text}");
        }
    }

    #[test]
    fn a_registry_is_the_first_part_of_a_name_that_looks_like_a_host() {
        for (image, host) in [
            ("alpine", "docker.io"),
            ("acme/x:1", "docker.io"),
            ("ghcr.io/acme/x", "ghcr.io"),
            ("localhost/x", "localhost"),
            ("r:5000/x", "r:5000"),
            // The engine asks these hosts, whatever is wrong with them: what is for Docker Hub isn't for them.
            ("Acme/x", "Acme"),
            ("[::1]/x", "[::1]"),
            ("[/x", "["),
        ] {
            assert_eq!(registry_of(image), host);
        }
    }
}

//! Names of images and containers as engines take them. A manifest, a page or a command line gives any text; once it is
//! one of these it can appear as an argument of a program and as a part of a request's path.

use std::{fmt, ops::Deref, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ts_rs::TS;

use crate::error::{Code, Error, Result};

/// Bytes of a container's name. Engines state no limit; compose puts the name into a host name and labels.
const LONGEST_CONTAINER: usize = 255;
/// Bytes of an image's name without tag and digest, and of a tag: those of the distribution specification.
const LONGEST_REPOSITORY: usize = 255;
const LONGEST_TAG: usize = 128;
/// Bytes of a digest: SHA-512 has 128 digits and the longest registered algorithm name is short.
const LONGEST_DIGEST: usize = 256;
/// How much of a wrong name an error repeats.
const SHOWN: usize = 80;

/// The name of an image: `[host[:port]/]path[:tag][@digest]`, or an image's id.
///
/// The grammar is that of `distribution/reference` 0.6, which docker, compose and Podman use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
#[ts(type = "string")]
pub struct ImageRef(String);

/// The name or id of a container: a letter or digit, then letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
#[ts(type = "string")]
pub struct ContainerName(String);

impl ImageRef {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Code::ImageNameInvalid`], which says what is wrong with it.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        match wrong_image(&name) {
            None => Ok(Self(name)),
            Some(why) => {
                Err(Error::new(Code::ImageNameInvalid, format!("`{}` isn't an image name: {why}", shown(&name)))
                    .hint("Write [host[:port]/]name[:tag], in lowercase."))
            }
        }
    }
}

/// An image's name as Docker shows it: Podman has `docker.io/library/x` for `x`.
pub fn familiar(name: &str) -> &str {
    match name.strip_prefix("docker.io/") {
        Some(rest) => rest.strip_prefix("library/").unwrap_or(rest),
        None => name,
    }
}

impl ContainerName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Code::ContainerNameInvalid`], which says what is wrong with it.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        match wrong_container(&name) {
            None => Ok(Self(name)),
            Some(why) => {
                Err(Error::new(Code::ContainerNameInvalid, format!("`{}` isn't a container name: {why}", shown(&name)))
                    .hint("Use the container's name or id, as `docker ps` lists it."))
            }
        }
    }
}

macro_rules! is_text {
    ($name:ident) => {
        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(name: String) -> Result<Self> {
                Self::new(name)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self> {
                Self::new(name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }
    };
}

is_text!(ImageRef);
is_text!(ContainerName);

/// The beginning of a wrong name, without control characters: it ends up in a message.
fn shown(name: &str) -> String {
    let escaped: String = name.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if name.chars().nth(SHOWN).is_some() { format!("{escaped}…") } else { escaped }
}

/// What is wrong with any name, before its own grammar is looked at.
fn wrong_text(name: &str) -> Option<&'static str> {
    let first = name.chars().next();
    match first {
        None => Some("it's empty"),
        Some('-') => Some("a leading dash would make it an option"),
        _ if name.chars().any(char::is_control) => Some("it contains a control character"),
        _ if name.chars().any(char::is_whitespace) => Some("it contains a space"),
        _ => None,
    }
}

fn wrong_container(name: &str) -> Option<&'static str> {
    if let Some(why) = wrong_text(name) {
        return Some(why);
    }
    if name.len() > LONGEST_CONTAINER {
        return Some("it's longer than 255 bytes");
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Some("it must start with a letter or digit");
    }
    let is_plain = name.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c));
    (!is_plain).then_some("only letters, digits, `_`, `.` and `-` are allowed")
}

fn wrong_image(name: &str) -> Option<&'static str> {
    if let Some(why) = wrong_text(name) {
        return Some(why);
    }
    let (rest, digest) = name.split_once('@').map_or((name, None), |(rest, digest)| (rest, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Some("the digest after `@` isn't valid");
    }
    let (repository, tag) = match rest.rsplit_once(':') {
        // A colon before a slash is that of a registry's port.
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
        _ => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("the tag after `:` isn't valid");
    }
    if repository.len() > LONGEST_REPOSITORY {
        return Some("it's longer than 255 bytes");
    }
    let path = match repository.split_once('/') {
        Some((host, path)) if is_host_by_look(host) => {
            if !is_host(host) {
                return Some("the host before the first `/` isn't valid");
            }
            path
        }
        _ => repository,
    };
    if path.bytes().any(|c| c.is_ascii_uppercase()) {
        return Some("it must be in lowercase");
    }
    (!path.split('/').all(is_component)).then_some(
        "each part must be letters and digits, with single `.`, one or two `_` or any number of `-` between them",
    )
}

/// Whether the first part of a name is a registry's host and not part of the path, as docker decides.
pub fn is_host_by_look(host: &str) -> bool {
    host == "localhost" || host.contains(['.', ':', '[']) || host.bytes().any(|c| c.is_ascii_uppercase())
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_port =
        port.is_none_or(|port| !port.is_empty() && port.len() <= 5 && port.bytes().all(|c| c.is_ascii_digit()));
    let is_name = match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.split('.').all(|part| {
            let is_plain = part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
            !part.is_empty() && is_plain && !part.starts_with('-') && !part.ends_with('-')
        }),
    };
    is_port && is_name
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(part: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let begins_and_ends = part.starts_with(is_inner) && part.ends_with(is_inner);
    let mut separators = part.split(is_inner).filter(|between| !between.is_empty());
    begins_and_ends
        && separators.all(|between| matches!(between, "." | "_" | "__") || between.bytes().all(|c| c == b'-'))
}

/// `[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`
fn is_tag(tag: &str) -> bool {
    let is_plain = tag.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.-".contains(&c));
    !tag.is_empty() && tag.len() <= LONGEST_TAG && is_plain && !tag.starts_with(['.', '-'])
}

/// `algorithm:hex`, with 32 digits at least.
fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let is_algorithm = algorithm.split(['-', '_', '+', '.']).all(|part| {
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.bytes().all(|c| c.is_ascii_alphanumeric())
    });
    is_algorithm && digest.len() <= LONGEST_DIGEST && hex.len() >= 32 && hex.bytes().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_engines_take_are_taken() {
        let digest = format!("acme/x@sha256:{}", "0a".repeat(32));
        let id = format!("sha256:{}", "0a".repeat(32));
        for name in [
            "nginx",
            "acme/volumes:1.2.3",
            "registry.example.com:5000/acme/volumes:latest",
            "localhost/x",
            "localhost:5000/x",
            "HOST/x",
            "[::1]:5000/x",
            "a__b/c.d/e---f",
            "porthole/my-extension",
            "0a1b2c3d4e5f",
            digest.as_str(),
            id.as_str(),
        ] {
            assert_eq!(ImageRef::new(name).unwrap(), name);
        }
        for name in ["web", "acme_x-desktop-extension-service", "a", "9f.b", "0a1b2c3d4e5f"] {
            assert_eq!(ContainerName::new(name).unwrap(), name);
        }
    }

    #[test]
    fn options_and_paths_are_not_names() {
        let long = "a".repeat(256);
        for name in [
            "",
            "-",
            "--config=/tmp/evil",
            "-v",
            "../info",
            "..",
            ".",
            "/web",
            "a/../b",
            "a//b",
            "a?all=1",
            "a#b",
            "a%2f..%2finfo",
            "a b",
            " a",
            "a\n",
            "a\0b",
            "\u{1b}[2Ja",
            "a\u{202e}b",
            "é",
            "a/",
            long.as_str(),
        ] {
            let error = ImageRef::new(name).unwrap_err();
            assert_eq!(error.code, Code::ImageNameInvalid, "{name:?}");
            assert!(!error.message.chars().any(char::is_control), "{error:?}");
            assert!(error.message.len() < 600, "{error:?}");
            assert_eq!(ContainerName::new(name).unwrap_err().code, Code::ContainerNameInvalid, "{name:?}");
        }
        for name in
            ["A", "acme/X", "a:", "a:-b", "a:.b", "a@", "a@sha256:12", "a@b@c", "-a.b/c", "a..b/c", "a___b", "a:b:c"]
        {
            assert_eq!(ImageRef::new(name).unwrap_err().code, Code::ImageNameInvalid, "{name}");
        }
    }

    #[test]
    fn a_wrong_name_is_refused_where_json_is_read_too() {
        assert_eq!(serde_json::from_str::<ImageRef>("\"a/b:1\"").unwrap(), "a/b:1");
        assert!(serde_json::from_str::<ImageRef>("\"--privileged\"").is_err());
        assert!(serde_json::from_str::<ContainerName>("\"../info\"").is_err());
        assert_eq!(serde_json::to_string(&ContainerName::new("web").unwrap()).unwrap(), "\"web\"");
    }

    proptest! {
        #[test]
        fn no_name_becomes_an_option_or_leaves_its_place_in_a_path(name in "[-a-zA-Z0-9._/:@%?# \\\\\n\u{0}é]{0,12}") {
            if let Ok(name) = ContainerName::new(name.clone()) {
                prop_assert!(!name.starts_with(['-', '.']) && !name.contains(['/', '%', '?', '#', '\\']));
            }
            if let Ok(name) = ImageRef::new(name) {
                prop_assert!(!name.starts_with('-') && !name.contains(['%', '?', '#', '\\']));
                prop_assert!(name.split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
            }
        }
    }
}

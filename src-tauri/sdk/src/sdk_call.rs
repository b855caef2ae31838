//! A call as an extension's code makes it on `ddClient`, before any Runtime makes something of it.

use serde::{Deserialize, Deserializer, Serialize};
use ts_rs::TS;

use crate::runtime::Runtime;
use porthole_http::exchange::Header;
use porthole_process::{EnvVar, Streaming};

/// The call on `ddClient`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SdkCall {
    /// A method of `extension.vm.service`, or of the deprecated `backend`.
    Request(SdkRequest),
    /// One of the `exec` functions, or a deprecated one.
    Exec(SdkExec),
    /// `docker.listContainers` or `docker.listImages`.
    List(SdkList),
}

/// A request to the backend's service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SdkRequest {
    /// As written; the named methods pass their own name in capitals.
    pub method: String,
    /// As written: a path, most often.
    pub url: String,
    /// Of `request()`, which alone can send any.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// It was called by a named method, `post()`, and not by `request()`: Rancher Desktop encodes what
    /// is to be sent only for those.
    #[serde(default)]
    pub named: bool,
    /// What is to be sent; absent when it is `undefined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
}

/// A JavaScript value that is to be sent, in the forms that a Runtime may choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct Data {
    /// `String(value)`.
    pub text: String,
    /// `JSON.stringify(value)`, where that gives something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// It is a string.
    pub is_text: bool,
    /// `!value`.
    pub falsy: bool,
}

/// The owner of the called `exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CliTarget {
    /// `extension.vm.cli`: the backend's container.
    Vm,
    /// `extension.host.cli`: this machine.
    Host,
    /// `docker.cli`: the docker program on this machine.
    Docker,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SdkExec {
    /// The owner of the `exec`.
    pub whose: CliTarget,
    /// The first argument. The deprecated functions pass a whole command line in it.
    pub cmd: String,
    /// The second.
    #[serde(default)]
    pub args: Vec<String>,
    /// `cmd` is a whole command line, as the deprecated functions take it.
    #[serde(default)]
    pub line: bool,
    /// Working directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables.
    #[serde(default)]
    pub env: Vec<EnvVar>,
    /// Callbacks are wanted; plain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Streaming>,
    /// Another container than the backend's, as the deprecated `execInContainer` names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EngineList {
    /// Containers.
    Containers,
    /// Images.
    Images,
}

/// A list of the engine's things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SdkList {
    /// Of which.
    pub what: EngineList,
    /// The options as JSON, where some were given: they become the engine's query parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
}

/// What code asked, and which Runtime was reproduced for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Sdk {
    /// The call of the code.
    pub asked: SdkCall,
    /// Which Runtime.
    pub runtime: Runtime,
    /// Which function was called: `ddClient.extension.host.cli.exec`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<Brief>,
    /// Where in the code, when its browser tells: `app.js:3:14`. What a build made of the code is
    /// what runs, so of a bundle it is a place in the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Brief>,
    /// When the code began, in milliseconds since 1970-01-01 UTC: the page was loaded, or the console's code was run. Calls
    /// with the same time and origin belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number")]
    pub began_ms: Option<u64>,
}

impl Sdk {
    /// What code asked, from nowhere in particular.
    pub fn new(asked: SdkCall, runtime: Runtime) -> Self {
        Self { asked, runtime, called: None, at: None, began_ms: None }
    }
}

/// What code says of itself. It may be a hostile page's and say anything: one line of no more than
/// [`Brief::LONGEST`] characters is kept of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Brief(String);

impl Brief {
    /// In characters.
    pub const LONGEST: usize = 500;

    /// The text, or its beginning.
    pub fn new(said: &str) -> Self {
        Self(said.chars().filter(|c| !c.is_control()).take(Self::LONGEST).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Brief {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|said| Self::new(&said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_page_says_of_itself_one_short_line_is_kept() {
        let read = |at: &str| {
            let sdk = serde_json::json!({
                "asked": { "kind": "list", "what": "images" }, "runtime": "docker-desktop", "at": at,
            });
            serde_json::from_value::<Sdk>(sdk).unwrap().at.unwrap()
        };
        assert_eq!(read("app.js:3:14").as_str(), "app.js:3:14");
        assert_eq!(read("a\nb\u{7}.js:1:2\0").as_str(), "ab.js:1:2");
        assert_eq!(read(&"ä".repeat(100_000)).as_str(), "ä".repeat(Brief::LONGEST));
    }
}

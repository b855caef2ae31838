//! A call as an extension's code makes it on `ddClient`, before any Runtime makes something of it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    exchange::Header,
    run::{EnvVar, Streaming},
    runtime::Runtime,
};

/// What was asked of `ddClient`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Asked {
    /// A method of `extension.vm.service`, or of the deprecated `backend`.
    Request(AskedRequest),
    /// One of the `exec` functions, or a deprecated one.
    Exec(AskedExec),
    /// `docker.listContainers` or `docker.listImages`.
    List(AskedList),
}

/// A request to the backend's service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct AskedRequest {
    /// As written; the named methods pass their own name in capitals.
    pub method: String,
    /// As written: a path, most often.
    pub url: String,
    /// Of `request()`, which alone can send any.
    #[serde(default)]
    pub headers: Vec<Header>,
    /// It was asked by a named method, `post()`, and not by `request()`: Rancher Desktop encodes what
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

/// Whose `exec` was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
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
pub struct AskedExec {
    /// Whose `exec`.
    pub whose: Whose,
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
pub enum Listed {
    /// Containers.
    Containers,
    /// Images.
    Images,
}

/// A list of the engine's things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct AskedList {
    /// Of which.
    pub what: Listed,
    /// The options as JSON, where some were given: they become the engine's query parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<String>,
}

/// What code asked, and which Runtime was reproduced for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Sdk {
    /// What was asked.
    pub asked: Asked,
    /// Which Runtime.
    pub runtime: Runtime,
}

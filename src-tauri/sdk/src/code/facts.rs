//! The words for code that is copied and pasted.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::draft::Draft;

/// Which language or tool a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FormKind {
    /// The current API of `ddClient`.
    Current,
    /// The deprecated API of `window.ddClient`.
    Deprecated,
    /// `curl` for a POSIX shell.
    Curl,
    /// `curl` for PowerShell.
    CurlPowershell,
    /// `docker exec` for a POSIX shell.
    DockerExec,
    /// `docker exec` for PowerShell.
    DockerExecPowershell,
    /// The command itself for a POSIX shell.
    Shell,
    /// The command itself for PowerShell.
    Powershell,
}

/// One form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Form {
    /// For what.
    pub kind: FormKind,
    /// The code; empty when this cannot be said in it.
    pub text: String,
    /// What it cannot say, or why it cannot say anything.
    pub notes: Vec<String>,
}

/// What was read of a pasted line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Pasted {
    /// What it asks for.
    pub composed: Draft,
    /// What of it was left out because it has no meaning here (`-v`, `-s`), or goes elsewhere than the target.
    pub notes: Vec<String>,
}

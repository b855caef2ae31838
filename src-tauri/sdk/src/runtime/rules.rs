//! How a rule is written down: what a Runtime does, how sure that is, and where it is known from.

use super::{Certainty, Rule};

pub(crate) const TYPES: &str = "published types of the SDK, 0.4.2";
pub(crate) const DOCS: &str = "SDK documentation";
pub(crate) const THREADS: &str = "public issue threads";
pub(crate) const NODE: &str = "no source; inferred from Node's child_process";
pub(crate) const NOTHING: &str = "no source; inferred";
pub(crate) const RANCHER: &str = "Rancher Desktop's source, 1.20";
pub(crate) const PODMAN: &str = "Podman Desktop's source, 2026 (1e37698, 30a2c0c)";
pub(crate) const PODMAN_OLDER: &str = "Podman Desktop's source, 2024 (001db9a)";

pub(crate) const NODE_FETCH: &str = "measured with node-fetch 2.7.0, of Rancher Desktop 1.20 and older";
pub(crate) const GOT: &str = "measured with got 13.0.0";
pub(crate) const FETCH: &str = "measured with Node 20.20";
/// Podman Desktop has `fetch` since its pull request 18777, and Node 24 since 15119, which was earlier.
pub(crate) const FETCH_OF_NODE_24: &str = "measured with Node 24.11, of Electron 40";

/// How many rules are shown for one Call on one Runtime: those that matter most come first.
pub(crate) const AT_MOST: usize = 5;

fn rule(certainty: Certainty, text: impl Into<String>, from: &str) -> Rule {
    Rule { text: text.into(), certainty, from: from.to_owned() }
}

pub(crate) fn documented(text: impl Into<String>, from: &str) -> Rule {
    rule(Certainty::Documented, text, from)
}

pub(crate) fn read(text: impl Into<String>, from: &str) -> Rule {
    rule(Certainty::Source, text, from)
}

pub(crate) fn reported(text: impl Into<String>) -> Rule {
    rule(Certainty::Reported, text, THREADS)
}

pub(crate) fn inferred(text: impl Into<String>, from: &str) -> Rule {
    rule(Certainty::Inferred, text, from)
}

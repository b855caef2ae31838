//! Porthole's own reading of a compose file: for opening and checking an extension, and where no compose program is
//! installed. It follows the compose specification as compose-go 2.9 implements it; what it doesn't read it says.

mod absolute;
mod env_file;
mod extends;
mod files;
mod forms;
mod include;
mod interpolation;
mod load;
mod merge;
mod node;
mod normal;
mod paths;
mod report;
mod rules;
mod services;
#[cfg(test)]
mod tests;
mod unread;

use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode, Location};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub(super) use files::ComposeSource;
use indexmap::IndexSet;
pub(super) use rules::only_in_docker_desktop;
use serde_json::Value as Json;

use self::{
    files::{Absence, Files},
    load::Loader,
    node::{Node, Value},
    report::At,
};
pub(super) use super::names::OWN_IMAGE;
use super::start::environment;
use porthole_base::error::{Code, Error};

/// Names of compose files that compose finds by itself, in the order in which it looks for them.
const DEFAULTS: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What it lays over such a file, likewise.
const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// What is read, and with what.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub source: ComposeSource<'a>,
    /// The compose file, from the root.
    pub file: &'a Path,
    /// The variables that are set, without those of `.env`.
    pub environment: BTreeMap<String, String>,
    /// The manifest names a socket.
    pub has_socket: bool,
}

/// A compose file as Porthole reads it.
#[derive(Debug)]
pub(super) struct Configuration {
    /// The services that are started, in the order of the files.
    pub services: IndexSet<String>,
    /// What is said about the files.
    pub diagnostics: Vec<Diagnostic>,
    /// What of that is about what only compose itself reads.
    pub not_read: Vec<Diagnostic>,
    /// Compose would refuse the file, or Porthole stopped reading it: what else is here may be a part.
    pub refused: bool,
    /// Compose must not read it: it leads out of the extension, or to what Porthole can't read itself.
    pub blocked: bool,
    model: Node,
}

impl Configuration {
    /// As compose's `config --format json` writes the same.
    pub fn json(&self) -> Json {
        let mut model = self.model.clone();
        if let Some(services) = model.as_map_mut().and_then(|map| map.get_mut("services")).and_then(Node::as_map_mut) {
            services.retain(|name, _| self.services.contains(name));
        }
        services::prune(&mut model);
        model.json()
    }
}

/// What is wrong with a compose file, as an error.
pub(super) fn error(diagnostic: &Diagnostic) -> Error {
    Error::new(Code::ComposeUnreadable, format!("The compose file can't be used: {}", diagnostic.summary))
        .detail(place(diagnostic))
        .hint(diagnostic.fix.clone())
}

/// Where a remark is, as `FILE:LINE KEY`.
pub(super) fn place(diagnostic: &Diagnostic) -> String {
    let Some(Location { file, line, key, .. }) = &diagnostic.location else { return String::new() };
    let key = if key.is_empty() { String::new() } else { format!(" {key}") };
    format!("{}:{line}{key}", file.as_deref().unwrap_or_default())
}

/// Reads a compose file, what lies over it, and what they lead to.
pub(super) fn read(input: Input<'_>) -> Configuration {
    // Compose takes the folder that the file is really in.
    let file = input.source.real(input.file);
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut loader = Loader::new(Files::new(input.source, &folder));
    // The report on the manifest's paths says why.
    if loader.files.look(&file).is_err() {
        return Configuration {
            services: IndexSet::new(),
            diagnostics: Vec::new(),
            not_read: Vec::new(),
            refused: true,
            blocked: true,
            model: Node::new(At::default(), Value::Null),
        };
    }
    let mut env = input.environment;
    loader.home = env.get("HOME").or_else(|| env.get("USERPROFILE")).cloned();
    for (name, value) in beside(&mut loader, &folder, &env) {
        env.entry(name).or_insert(value);
    }
    let mut paths = vec![(file.clone(), At::default(), "vm.composefile".to_owned())];
    if let Some(over) = laid_over(&mut loader, &file) {
        paths.push((over, At::default(), String::new()));
    }
    // A number for the file, under which what is wrong with it as a whole is reported.
    loader.report.file(&file);
    let mut model = loader.model(&paths, &folder, &env, &mut Vec::new());
    let selection = services::select(&model);
    let diagnostics = rules::look(&model, &selection.started, input.has_socket, &loader.report);
    services::complete(&mut loader, &mut model, &selection, &env);
    complete_contexts(&loader, &mut model, &folder);
    services::check(&mut loader, &model, &selection);
    paths::check(&mut loader, &model, &selection.started);
    unset(&mut loader);
    diagnostics.into_iter().for_each(|diagnostic| loader.report.push(diagnostic));
    let (refused, blocked) = (loader.report.refused, loader.report.blocked);
    let not_read = std::mem::take(&mut loader.report.not_read);
    Configuration {
        services: selection.started,
        diagnostics: loader.report.finish(),
        not_read,
        refused,
        blocked,
        model,
    }
}

/// The variables of `.env`, but for those that would steer compose.
fn beside(loader: &mut Loader<'_>, folder: &Path, env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let path = folder.join(".env");
    match loader.files.look(&path) {
        Err(Absence::Missing { .. } | Absence::Unknown) | Ok(super::root::Entry::Directory) => BTreeMap::new(),
        _ => {
            let file = loader.report.file(&path);
            let at = At { file, line: 1, column: 1 };
            let mut found = loader.variables(&path, at, "", false, false, &|name| env.get(name).cloned());
            found.retain(|name, _| !environment::steers(name));
            found
        }
    }
}

/// The file that compose lays over one that it finds by itself.
fn laid_over(loader: &mut Loader<'_>, file: &Path) -> Option<PathBuf> {
    let is_there = |path: &PathBuf| !matches!(loader.files.look(path), Err(Absence::Missing { .. } | Absence::Unknown));
    over(file).into_iter().find(is_there)
}

/// The file on this machine that compose lays over this one.
pub(super) fn laid_over_at(file: &Path) -> Option<PathBuf> {
    over(file).into_iter().find(|path| path.symlink_metadata().is_ok())
}

/// Where such a file may be. Rancher Desktop (`composeUp` in mobyClient.ts) names only the folder, so compose finds both
/// files there by itself.
fn over(file: &Path) -> Vec<PathBuf> {
    let is_default = file.file_name().and_then(|name| name.to_str()).is_some_and(|name| DEFAULTS.contains(&name));
    OVERRIDES.iter().filter(|_| is_default).map(|name| file.with_file_name(name)).collect()
}

fn complete_contexts(loader: &Loader<'_>, model: &mut Node, folder: &Path) {
    let services = model.as_map_mut().and_then(|map| map.get_mut("services")).and_then(Node::as_map_mut);
    for service in services.into_iter().flat_map(node::Map::values_mut) {
        let context = service.as_map_mut().and_then(|map| map.get_mut("build")).and_then(Node::as_map_mut);
        if let Some(context) = context.and_then(|build| build.get_mut("context"))
            && context.as_text() == Some("")
        {
            context.value = Value::Text(loader.files.absolute(folder));
        }
    }
}

/// Variables that compose replaces by an empty text.
fn unset(loader: &mut Loader<'_>) {
    for (name, at) in std::mem::take(&mut loader.unset) {
        if !environment::is_needed(&name) {
            let summary = format!("The variable `{name}` has no value: compose uses an empty string");
            let fix = format!(
                "Write ${{{name}:-default}}, or set it in `.env` next to the compose file. The runtimes define only {OWN_IMAGE}."
            );
            loader.report.warn(DiagnosticCode::ComposeVariableUnset, at, "", summary, &fix);
        }
    }
}

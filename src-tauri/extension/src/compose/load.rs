//! Reads compose files and makes one model of them, in compose-go's order: variables, `include`, `extends`, the files
//! one over the other, long forms, and paths from the folder that they are written in.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
};

use super::{
    env_file, extends,
    files::{Absence, Files},
    forms, include,
    interpolation::{Problem, interpolate},
    merge::{merge, unique},
    node::{Map, Node, Unread, Value, documents},
    report::{At, Report},
    unread,
};
use crate::{names::with_slashes, yaml::Refusal};
use porthole_base::numbers::count;
use porthole_sdk::diagnostic::DiagnosticCode;

/// How many values all models may have that are made.
const MOST_VALUES: usize = 500_000;
/// How many bytes variables may become.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The variables that are set.
pub(super) type Environment = BTreeMap<String, String>;

#[derive(Debug)]
pub(super) struct Loader<'a> {
    pub files: Files<'a>,
    pub report: Report,
    /// How many values may still be made.
    pub spare: usize,
    /// How many bytes variables may still become.
    bytes: usize,
    /// Variables without a value, and where each is first.
    pub unset: BTreeMap<String, At>,
    /// The folder that `~` stands for.
    pub home: Option<String>,
    /// Where variables were put in.
    varied: HashSet<At>,
}

impl<'a> Loader<'a> {
    pub fn new(files: Files<'a>) -> Self {
        Self {
            files,
            report: Report::default(),
            spare: MOST_VALUES,
            bytes: MOST_BYTES,
            unset: BTreeMap::new(),
            home: None,
            varied: HashSet::new(),
        }
    }

    /// The model of these files, one laid over the other. `including` are the files that lead here.
    pub fn model(
        &mut self,
        paths: &[(PathBuf, At, String)],
        folder: &Path,
        env: &Environment,
        including: &mut Vec<PathBuf>,
    ) -> Node {
        let mut model = Node::new(At::default(), Value::Map(Map::new()));
        for (path, at, key) in paths {
            let Some(documents) = self.documents(path, *at, key, env) else { continue };
            for mut document in documents {
                unread::of_document(&document, &mut self.report);
                including.push(path.clone());
                include::apply(self, &mut document, folder, env, including);
                including.pop();
                extends::apply(self, &mut document, path, folder, env);
                if model.at == At::default() {
                    model.at = document.at;
                }
                model = self.settled(merge(model, document, &mut Vec::new()));
            }
        }
        self.resolve(&mut model, folder);
        hand_on(&mut model, env);
        model
    }

    /// A model in its long forms, without what only says how it is merged.
    pub fn settled(&mut self, mut model: Node) -> Node {
        unique(&mut model);
        forms::lengthen(&mut model, &mut self.report, &mut self.spare);
        unique(&mut model);
        model.settle();
        model
    }

    /// The documents of a file with their variables replaced. `at` and `key` are where it is named.
    pub fn documents(&mut self, path: &Path, at: At, key: &str, env: &Environment) -> Option<Vec<Node>> {
        let (name, text) = match self.files.text(path) {
            Ok(found) => found,
            Err(absence) => {
                self.absent(at, key, path, absence, true);
                return None;
            }
        };
        let file = self.report.file(&name);
        let start = At { file, line: 1, column: 1 };
        let mut read = match documents(&text, file) {
            Ok(read) => read,
            Err(Unread::Whole(Refusal { error, place: (line, column) })) => {
                let at = At { file, line, column };
                let detail = error.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
                self.report.block(at, "", format!("{}{detail}", error.message), "Correct the YAML.");
                return None;
            }
            Err(Unread::Location(at, why)) => {
                self.report.block(at, "", why, "Correct it: compose rejects the file.");
                return None;
            }
        };
        let values: usize = read.iter().map(Node::count).sum();
        if !self.charge(values, start, key) {
            return None;
        }
        if read.is_empty() {
            self.report.refuse(
                start,
                "",
                "The compose file is empty",
                "Add `services:` with an entry for each container.",
            );
        }
        read.retain(|document| {
            let is_map = document.as_map().is_some();
            if !is_map {
                self.report.refuse(
                    document.at,
                    "",
                    "The compose file isn't a mapping",
                    "Write `services:` at the top.",
                );
            }
            is_map
        });
        for document in &mut read {
            self.interpolate(document, &mut Vec::new(), env);
        }
        Some(read)
    }

    /// Takes so many values from what may still be made.
    pub fn charge(&mut self, values: usize, at: At, key: &str) -> bool {
        match self.spare.checked_sub(values) {
            Some(left) => {
                self.spare = left;
                true
            }
            None => {
                self.spare = 0;
                self.report.limit(
                    at,
                    key,
                    format!("The compose files have more than {} values in total", count(MOST_VALUES as u64)),
                );
                false
            }
        }
    }

    /// Reports a file that isn't there, or can't be used. `needed`: compose stops without it.
    pub fn absent(&mut self, at: At, key: &str, path: &Path, absence: Absence, needed: bool) {
        let shown = with_slashes(path);
        match absence {
            Absence::Missing { summary, certain } => {
                let fix = "Correct the path, or add the file. Paths are relative to the compose file's folder, also in the image.";
                if certain && needed {
                    self.report.refuse(at, key, summary, fix);
                } else {
                    self.report.refused |= needed;
                    self.report.warn(DiagnosticCode::ComposeFileMissing, at, key, summary, fix);
                }
            }
            Absence::Unknown => {
                self.report.refused |= needed;
                self.report.not_read(at, key, &format!("`{shown}`, which only the image build creates"));
            }
            Absence::Unusable(problem) if key == "vm.composefile" => {
                let summary = format!("The compose file can't be read: {problem}");
                self.report.block(at, key, summary, "Name a text file of at most 1 MB.");
            }
            Absence::Unusable(problem) => self.report.block(
                at,
                key,
                format!("`{}` can't be read: {problem}", with_slashes(path).escape_debug()),
                "Add it to the extension as a regular file, with its path relative to the compose file.",
            ),
            Absence::Limit(why) => self.report.limit(at, key, why),
        }
    }

    /// Reports a path that leads out of the extension. Where a variable decides that, compose may be run: the user is
    /// asked for such a file before it is.
    pub fn outside(&mut self, at: At, key: &str, text: &str) {
        let summary = format!("`{}` can't be read: the path or a link leads out of the extension", text.escape_debug());
        let fix = "Add it to the extension as a regular file, with its path relative to the compose file.";
        if self.varied.contains(&at) {
            self.report.refuse(at, key, summary, fix);
        } else {
            self.report.block(at, key, summary, fix);
        }
    }

    /// Reads a file of variables.
    pub fn variables(
        &mut self,
        path: &Path,
        at: At,
        key: &str,
        needed: bool,
        raw: bool,
        outer: &dyn Fn(&str) -> Option<String>,
    ) -> Environment {
        let (name, text) = match self.files.text(path) {
            Ok(found) => found,
            Err(Absence::Missing { .. }) if !needed => return Environment::new(),
            Err(absence) => {
                self.absent(at, key, path, absence, needed);
                return Environment::new();
            }
        };
        if raw {
            return env_file::read_raw(&text);
        }
        // Only what the file may name is asked for.
        let known: Environment = names_in(&text).filter_map(|name| Some((name.to_owned(), outer(name)?))).collect();
        match env_file::read(&text, &|name| known.get(name).map(String::as_str)) {
            Ok(found) => found,
            Err(invalid) => {
                let file = self.report.file(&name);
                let at = At { file, line: invalid.line, column: 1 };
                self.report.refuse(at, "", invalid.why, "Correct the line: compose rejects the env file.");
                Environment::new()
            }
        }
    }

    fn interpolate(&mut self, node: &mut Node, path: &mut Vec<String>, env: &Environment) {
        let at = node.at;
        match &mut node.value {
            Value::Text(text) => {
                if text.contains('$') {
                    let made = interpolate(text, &|name| env.get(name).map(String::as_str), self.bytes);
                    match made {
                        Ok(made) => {
                            self.bytes -= made.text.len();
                            made.unset.into_iter().for_each(|name| {
                                self.unset.entry(name).or_insert(at);
                            });
                            *text = made.text;
                            self.varied.insert(at);
                        }
                        Err(problem) => self.not_interpolated(at, &path.join("."), text, problem),
                    }
                }
                let is_list = path.last().is_some_and(|last| last == "[]");
                if let Some(cast) = cast(path).filter(|_| !is_list) {
                    match cast(text) {
                        Some(value) => node.value = value,
                        None => {
                            let summary =
                                format!("`{}` isn't a valid value of `{}`", text.escape_debug(), path.join("."));
                            self.report.refuse(at, path.join("."), summary, "Correct it: compose rejects the file.");
                        }
                    }
                }
            }
            Value::List(list) => {
                path.push("[]".to_owned());
                list.iter_mut().for_each(|node| self.interpolate(node, path, env));
                path.pop();
            }
            Value::Map(map) => {
                for (key, node) in map {
                    path.push(key.clone());
                    self.interpolate(node, path, env);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn not_interpolated(&mut self, at: At, key: &str, text: &str, problem: Problem) {
        let shown: String = text.chars().take(80).collect();
        let shown = shown.escape_debug();
        match problem {
            Problem::Invalid => self.report.refuse(
                at,
                key,
                format!("`{shown}` has a variable in a form that compose doesn't support"),
                "Write ${NAME}, ${NAME:-default} or ${NAME:?message}, and $$ for a dollar sign.",
            ),
            Problem::Required { name, message } => {
                let message = if message.is_empty() { String::new() } else { format!(": {}", message.escape_debug()) };
                self.report.refuse(
                    at,
                    key,
                    format!("The required variable `{name}` has no value{message}"),
                    "Write a default, or set it in `.env` next to the compose file. The runtimes define only DESKTOP_PLUGIN_IMAGE.",
                );
            }
            Problem::TooMuch => {
                self.report.limit(at, key, format!("`{shown}` becomes too long, or is nested too deeply"))
            }
        }
    }
}

/// The words of a text that may be names of variables.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|name| !name.is_empty())
}

/// `environment: [NAME]` and a secret of a variable get the value that it has for these files.
fn hand_on(model: &mut Node, env: &Environment) {
    let Some(map) = model.as_map_mut() else { return };
    for service in map.get_mut("services").and_then(Node::as_map_mut).into_iter().flat_map(Map::values_mut) {
        let environment = service.as_map_mut().and_then(|service| service.get_mut("environment"));
        match environment.map(|environment| &mut environment.value) {
            Some(Value::List(list)) => {
                for entry in list {
                    if let Some(name) = entry.as_text().filter(|text| !text.contains('='))
                        && let Some(value) = env.get(name)
                    {
                        entry.value = Value::Text(format!("{name}={value}"));
                    }
                }
            }
            Some(Value::Map(map)) => {
                for (name, value) in map {
                    if let (true, Some(found)) = (value.is_null(), env.get(name)) {
                        value.value = Value::Text(found.clone());
                    }
                }
            }
            _ => {}
        }
    }
}

type Cast = fn(&str) -> Option<Value>;

/// What a text must be at this path: compose takes `"true"` for true where it needs a boolean.
fn cast(path: &[String]) -> Option<Cast> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let boolean: Cast = |text| match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(Value::Bool(true)),
        "false" | "n" | "no" | "off" => Some(Value::Bool(false)),
        _ => None,
    };
    let whole: Cast = |text| text.parse().ok().map(Value::Integer);
    match path.as_slice() {
        ["services", _, "init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
        | ["services", _, "depends_on", _, "required" | "restart"]
        | ["services", _, "healthcheck", "disable"]
        | ["services", _, "volumes", "[]", "read_only"]
        | ["networks", _, "external" | "internal" | "attachable" | "enable_ipv4" | "enable_ipv6"]
        | ["volumes" | "secrets" | "configs", _, "external"] => Some(boolean),
        [
            "services",
            _,
            "cpu_count" | "cpu_period" | "cpu_quota" | "cpu_shares" | "oom_score_adj" | "pids_limit" | "scale",
        ]
        | ["services", _, "deploy", "replicas"]
        | ["services", _, "healthcheck", "retries"]
        | ["services", _, "ports", "[]", "target"] => Some(whole),
        _ => None,
    }
}

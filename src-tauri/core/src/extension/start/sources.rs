//! The files that compose would read to resolve a compose file, found before compose is run: which of them are the
//! user's, which variables they ask for, and what they are now.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use ring::digest::{Context, SHA256};
use saphyr::{Scalar, Yaml};

use super::{
    AskLevel, StartAsk,
    mounts::plain,
    text::visible,
    variables::{expand, names_in},
};
use crate::{
    error::{Code, Error, Result},
    extension::{
        ExtensionRoot,
        yaml::{self, documents},
    },
};

/// Keys that name files which are read while the configuration is resolved.
const READS: &[&str] = &["env_file", "extends", "include", "label_file"];
/// The most files that one compose file may lead to.
const MOST: usize = 64;

/// What was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// Variables that are asked for by name.
    pub names: BTreeSet<String>,
    /// What is asked of this machine's files.
    pub asks: Vec<StartAsk>,
    /// The text of `.env` beside the compose file; empty without one.
    pub env: String,
    /// Tells these files from any others.
    pub digest: Vec<u8>,
}

/// Reads the compose file and what it leads to. `known` are the variables that are set.
///
/// # Errors
/// [`Code::ComposeUnreadable`].
pub(super) fn read(root: &Path, file: &Path, known: &BTreeMap<String, String>) -> Result<Sources> {
    let project = file.parent().unwrap_or(root).to_owned();
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut found = Sources::default();
    let mut digest = Context::new(&SHA256);
    let beside = project.join(".env");
    if beside.symlink_metadata().is_ok() {
        if !is_inside(&root, &beside) {
            return Err(refused(&beside, "leads out of the extension's folder"));
        }
        found.env = text(&beside)?;
        digest.update(found.env.as_bytes());
    }
    let mut walk = Walk { root, project, known, found, digest, seen: BTreeSet::new(), left: vec![file.to_owned()] };
    while let Some(next) = walk.left.pop() {
        walk.file(&next)?;
    }
    let Walk { mut found, digest, .. } = walk;
    found.digest = digest.finish().as_ref().to_vec();
    Ok(found)
}

struct Walk<'a> {
    root: PathBuf,
    project: PathBuf,
    known: &'a BTreeMap<String, String>,
    found: Sources,
    digest: Context,
    seen: BTreeSet<PathBuf>,
    left: Vec<PathBuf>,
}

impl Walk<'_> {
    fn file(&mut self, file: &Path) -> Result<()> {
        let real = file.canonicalize().unwrap_or_else(|_| plain(file));
        if !self.seen.insert(real) {
            return Ok(());
        }
        if self.seen.len() > MOST {
            return Err(refused(file, "is one of too many files"));
        }
        let text = text(file)?;
        self.digest.update(file.as_os_str().as_encoded_bytes());
        self.digest.update(text.as_bytes());
        let folder = file.parent().unwrap_or(&self.root).to_owned();
        for document in &documents(&text)? {
            self.node(document, &folder)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &Yaml<'_>, folder: &Path) -> Result<()> {
        match bare(node) {
            Yaml::Value(Scalar::String(text)) => self.found.names.extend(names_in(text)),
            Yaml::Sequence(list) => {
                for entry in list {
                    self.node(entry, folder)?;
                }
            }
            Yaml::Mapping(map) => {
                for (key, value) in map {
                    let key = bare(key).as_str().unwrap_or_default();
                    if READS.contains(&key) {
                        self.reads(key, value, folder)?;
                    }
                    if matches!(key, "environment" | "args") {
                        self.handed_on(value);
                    }
                    self.node(value, folder)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `environment: [NAME]` and `environment: {NAME: }` hand a variable on; a secret's `environment: NAME` does too.
    fn handed_on(&mut self, value: &Yaml<'_>) {
        let names: Vec<&str> = match bare(value) {
            Yaml::Sequence(list) => {
                list.iter().filter_map(|entry| bare(entry).as_str()).filter(|text| !text.contains('=')).collect()
            }
            Yaml::Mapping(map) => map
                .iter()
                .filter(|(_, value)| bare(value).is_null())
                .filter_map(|(key, _)| bare(key).as_str())
                .collect(),
            other => other.as_str().into_iter().collect(),
        };
        self.found.names.extend(names.into_iter().filter(|name| !name.contains('$')).map(str::to_owned));
    }

    fn reads(&mut self, key: &str, value: &Yaml<'_>, folder: &Path) -> Result<()> {
        let mut paths = Vec::new();
        named(key, value, &mut paths);
        for (what, text) in paths {
            let path = expand(&text, self.known).filter(|_| !self.depends_on_env(&text)).ok_or_else(|| {
                refused(Path::new(&text), "can't be told before compose is run")
                    .hint("Write the path without variables that .env sets.")
            })?;
            if path.contains("://") || path.starts_with("git@") {
                return Err(refused(Path::new(&path), "would be fetched from the network")
                    .hint("Porthole opens compose files that are whole. Put a copy of the file into the extension."));
            }
            // Some are relative to the file, some to the project: it is one of the user's files in either reading.
            for base in BTreeSet::from([folder.to_owned(), self.project.clone()]) {
                self.one(key, &what, &home(&path, &base))?;
            }
        }
        Ok(())
    }

    fn one(&mut self, key: &str, what: &str, path: &Path) -> Result<()> {
        let inside = is_inside(&self.root, path);
        let Ok(there) = std::fs::metadata(path) else {
            if !inside {
                self.outside(key, path);
            }
            return Ok(());
        };
        if !inside {
            self.outside(key, path);
        }
        if what == "folder" {
            return Ok(());
        }
        if !there.is_file() {
            return Err(refused(path, "is not a regular file"));
        }
        if there.len() > yaml::LONGEST {
            return Err(refused(path, &format!("has more than {} bytes", yaml::LONGEST)));
        }
        if what == "compose" {
            self.left.push(path.to_owned());
        } else {
            let text = text(path)?;
            self.found.names.extend(names_in(&text));
            self.digest.update(text.as_bytes());
        }
        Ok(())
    }

    fn outside(&mut self, key: &str, path: &Path) {
        let ask = StartAsk::new(AskLevel::Access, "Reads a file of your machine")
            .value(format!("{key}: {}", visible(&plain(path).display().to_string())))
            .impact("What is in it can reach the extension's containers.");
        if !self.found.asks.contains(&ask) {
            self.found.asks.push(ask);
        }
    }

    /// Whether a path has a variable that `.env` may set: Porthole doesn't read that as compose does.
    fn depends_on_env(&self, path: &str) -> bool {
        names_in(path).iter().any(|name| !self.known.contains_key(name) && self.found.env.contains(name.as_str()))
    }
}

/// The paths below one of these keys, each with what stands there: `compose`, `values` or `folder`.
fn named(key: &str, value: &Yaml<'_>, paths: &mut Vec<(String, String)>) {
    let what = if matches!(key, "include" | "extends") { "compose" } else { "values" };
    match bare(value) {
        Yaml::Value(Scalar::String(text)) if key != "extends" => paths.push((what.to_owned(), text.to_string())),
        Yaml::Sequence(list) => list.iter().for_each(|entry| named(key, entry, paths)),
        Yaml::Mapping(map) => {
            for (name, value) in map {
                match bare(name).as_str().unwrap_or_default() {
                    "path" | "file" => named(if key == "extends" { "include" } else { key }, value, paths),
                    "env_file" => named("env_file", value, paths),
                    "project_directory" => {
                        paths.extend(bare(value).as_str().map(|text| ("folder".to_owned(), text.to_owned())))
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// Without its tag.
fn bare<'y, 'i>(node: &'y Yaml<'i>) -> &'y Yaml<'i> {
    match node {
        Yaml::Tagged(_, inner) => bare(inner),
        node => node,
    }
}

/// A path as compose takes it, from where it stands.
fn home(path: &str, base: &Path) -> PathBuf {
    match path.strip_prefix("~/").zip(std::env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        None => base.join(path),
    }
}

fn is_inside(root: &Path, path: &Path) -> bool {
    path.canonicalize().unwrap_or_else(|_| plain(path)).starts_with(root)
}

/// The text of a regular file that is not too long, wherever its links lead: where that is, is looked at before.
fn text(path: &Path) -> Result<String> {
    let failed = |why: &dyn std::fmt::Display| refused(path, "can't be read").detail(why);
    let real = path.canonicalize().map_err(|error| failed(&error))?;
    let (folder, name) = real.parent().zip(real.file_name()).ok_or_else(|| refused(path, "is not a regular file"))?;
    let read = ExtensionRoot::open(folder).and_then(|folder| folder.read(name, yaml::LONGEST));
    read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|problem| failed(&problem))
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(
        Code::ComposeUnreadable,
        format!("the compose file names {}, which {why}", visible(&path.display().to_string())),
    )
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;

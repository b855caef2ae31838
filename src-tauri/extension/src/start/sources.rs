//! The files that compose would read to resolve a compose file, found before compose is run: which of them are the
//! user's, which variables they ask for, and what they are now.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use ring::digest::{Context, SHA256};
use saphyr::{Scalar, Yaml};
use saphyr_parser::{Event, Parser};

use super::{
    AccessLevel, RequestedAccess,
    mounts::plain,
    text::visible,
    variables::{expand, names_in},
};
use crate::{
    ExtensionRoot, compose,
    yaml::{self, documents},
};
use porthole_base::{
    error::{Code, Error, Result},
    numbers::count,
};

/// Keys that name files which are read while the configuration is resolved.
const READS: &[&str] = &["env_file", "extends", "include", "label_file"];
/// The most files that one compose file may lead to.
const MOST: usize = 64;
/// The most paths that compose files may name.
const MOST_NAMED: usize = 512;
/// The most bytes of all these files.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The longest that reading them may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Tags that change nothing of a text.
const TAGS: &[&str] = &["!reset", "!override", "tag:yaml.org,2002:str"];

/// What was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    /// Variables that are requested by name.
    pub names: BTreeSet<String>,
    /// Access to this machine's files.
    pub asks: Vec<RequestedAccess>,
    /// The text of `.env` beside the compose file; empty without one.
    pub env: String,
    /// Tells these files from any others.
    pub digest: Vec<u8>,
}

/// As [`read`], on a thread that may wait.
///
/// # Errors
/// [`Code::ComposeUnreadable`].
pub(super) async fn read_aside(root: &Path, file: &Path, known: &BTreeMap<String, String>) -> Result<Sources> {
    let (at, from, known) = (root.to_owned(), file.to_owned(), known.clone());
    let reading = tokio::task::spawn_blocking(move || read(&at, &from, &known));
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => Err(yaml::unreadable("can't be read").detail(error)),
        Err(_) => Err(yaml::unreadable("takes too long to read")),
    }
}

/// Reads the compose file and what it leads to. `known` are the variables that are set.
///
/// # Errors
/// [`Code::ComposeUnreadable`].
pub(super) fn read(root: &Path, file: &Path, known: &BTreeMap<String, String>) -> Result<Sources> {
    let project = file.parent().unwrap_or(root).to_owned();
    let root = dunce::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut found = Sources::default();
    let mut digest = Context::new(&SHA256);
    let beside = project.join(".env");
    if beside.symlink_metadata().is_ok() {
        if !is_inside(&root, &beside) {
            return Err(refused(&beside, "leads out of the extension's folder"));
        }
        found.env = text(&beside)?;
        add(&mut digest, found.env.as_bytes());
    }
    let mut walk = Walk {
        root,
        project,
        known,
        found,
        digest,
        seen: BTreeSet::new(),
        named: BTreeSet::new(),
        bytes: 0,
        included_env: String::new(),
        variable_paths: Vec::new(),
        left: vec![file.to_owned()],
    };
    if let Some(over) = compose::laid_over_at(file) {
        walk.one("file", "compose", &over)?;
    }
    while let Some(next) = walk.left.pop() {
        walk.file(&next)?;
    }
    // Compose puts the variables of an included file's own env files into its paths.
    let set_there = |path: &&String| names_in(path).iter().any(|name| walk.included_env.contains(name.as_str()));
    if let Some(path) = walk.variable_paths.iter().find(set_there) {
        return Err(depends(path));
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
    /// The paths that were looked at, with the key and what is there.
    named: BTreeSet<(String, String, PathBuf)>,
    /// How much was read.
    bytes: usize,
    /// The text of all files with variables that paths of included files may use.
    included_env: String,
    /// Paths with variables that aren't known.
    variable_paths: Vec<String>,
    left: Vec<PathBuf>,
}

impl Walk<'_> {
    fn file(&mut self, file: &Path) -> Result<()> {
        let real = dunce::canonicalize(file).unwrap_or_else(|_| plain(file));
        if !self.seen.insert(real) {
            return Ok(());
        }
        if self.seen.len() > MOST {
            return Err(refused(file, "exceeds the limit on the number of files"));
        }
        let text = text(file)?;
        self.counted(file, &text)?;
        add(&mut self.digest, file.as_os_str().as_encoded_bytes());
        add(&mut self.digest, text.as_bytes());
        let folder = file.parent().unwrap_or(&self.root).to_owned();
        let text = yaml::readable(&text);
        for document in &documents(&text)? {
            self.node(document, &folder)?;
        }
        // In the tree, a quoted text has lost its tag.
        for event in Parser::new_from_str(&text) {
            let tag = match &event {
                Ok((Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag), _)) => {
                    tag
                }
                _ => &None,
            };
            if let Some(tag) = tag.as_ref().map(|tag| format!("{}{}", tag.handle, tag.suffix))
                && !TAGS.contains(&tag.as_str())
            {
                return Err(yaml::unreadable(&format!("has the YAML tag {}", visible(&tag)))
                    .hint("Porthole only reads the tags !reset, !override and !!str."));
            }
        }
        Ok(())
    }

    fn counted(&mut self, path: &Path, text: &str) -> Result<()> {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > MOST_BYTES {
            return Err(refused(
                path,
                &format!("exceeds the total limit of {} bytes for all files", count(MOST_BYTES as u64)),
            ));
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
                    if matches!(bare(key), Yaml::BadValue) {
                        return Err(yaml::unreadable("has a key that can't be read"));
                    }
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
            Yaml::BadValue => return Err(yaml::unreadable("has a value that can't be read")),
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
            let path =
                expand(&text, self.known).filter(|_| !self.depends_on_env(&text)).ok_or_else(|| depends(&text))?;
            if names_in(&text).iter().any(|name| !self.known.contains_key(name)) {
                self.variable_paths.push(text.clone());
            }
            if path.contains("://") || path.starts_with("git@") {
                return Err(refused(Path::new(&path), "compose would download")
                    .hint("Put a copy of the file into the extension."));
            }
            // Some are relative to the file, some to the project: it is one of the user's files in either reading.
            for base in BTreeSet::from([folder.to_owned(), self.project.clone()]) {
                let path = home(&path, &base);
                self.one(key, &what, &path)?;
                // Compose takes `x/..` away before it follows the link `x`.
                self.one(key, &what, &plain(&path))?;
                let beside = match what.as_str() {
                    "compose" => path.parent().map(|folder| folder.join(".env")),
                    "folder" => Some(path.join(".env")),
                    _ => None,
                };
                // Of an included file, compose reads this one unasked.
                if let Some(beside) = beside.filter(|beside| beside.symlink_metadata().is_ok()) {
                    self.one("env_file", "variables", &beside)?;
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, key: &str, what: &str, path: &Path) -> Result<()> {
        if !self.named.insert((key.to_owned(), what.to_owned(), path.to_owned())) {
            return Ok(());
        }
        if self.named.len() > MOST_NAMED {
            return Err(refused(path, "exceeds the limit on the number of files"));
        }
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
            return Err(refused(path, "isn't a regular file"));
        }
        if there.len() > yaml::LONGEST {
            return Err(refused(path, &format!("has more than {} bytes", count(yaml::LONGEST))));
        }
        if what == "compose" {
            self.left.push(path.to_owned());
        } else {
            let text = text(path)?;
            self.counted(path, &text)?;
            self.found.names.extend(names_in(&text));
            add(&mut self.digest, path.as_os_str().as_encoded_bytes());
            add(&mut self.digest, text.as_bytes());
            if what == "variables" {
                self.included_env.push_str(&text);
            }
        }
        Ok(())
    }

    fn outside(&mut self, key: &str, path: &Path) {
        let ask = RequestedAccess::new(AccessLevel::Access, "Reads a file of your machine")
            .value(format!("{key}: {}", visible(&plain(path).display().to_string())))
            .impact("Its content can reach the extension's containers.");
        if !self.found.asks.contains(&ask) {
            self.found.asks.push(ask);
        }
    }

    /// Whether a path has a variable that `.env` may set: Porthole doesn't read that as compose does.
    fn depends_on_env(&self, path: &str) -> bool {
        names_in(path).iter().any(|name| !self.known.contains_key(name) && self.found.env.contains(name.as_str()))
    }
}

/// The paths below one of these keys, each with what is there: `compose`, `values`, `folder`, or `variables` of an
/// included file.
fn named(key: &str, value: &Yaml<'_>, paths: &mut Vec<(String, String)>) {
    let what = match key {
        "include" | "extends" => "compose",
        "variables" => "variables",
        _ => "values",
    };
    match bare(value) {
        Yaml::Value(Scalar::String(text)) if key != "extends" => paths.push((what.to_owned(), text.to_string())),
        Yaml::Sequence(list) => list.iter().for_each(|entry| named(key, entry, paths)),
        Yaml::Mapping(map) => {
            for (name, value) in map {
                match bare(name).as_str().unwrap_or_default() {
                    "path" | "file" => named(if key == "extends" { "include" } else { key }, value, paths),
                    "env_file" => named(if key == "include" { "variables" } else { "env_file" }, value, paths),
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

/// A path as compose takes it, from where it is.
fn home(path: &str, base: &Path) -> PathBuf {
    // Compose takes each leading `~` for the home folder, with or without a slash, and cleans the path as text.
    match path.strip_prefix('~').zip(std::env::home_dir()) {
        Some((rest, home)) => plain(&home.join(rest.trim_start_matches(['/', '\\']))),
        None => base.join(path),
    }
}

fn is_inside(root: &Path, path: &Path) -> bool {
    dunce::canonicalize(path).unwrap_or_else(|_| plain(path)).starts_with(root)
}

/// The text of a regular file that is not too long, wherever its links lead: where that is, is looked at before.
fn text(path: &Path) -> Result<String> {
    let failed = |why: &dyn std::fmt::Display| refused(path, "can't be read").detail(why);
    let real = dunce::canonicalize(path).map_err(|error| failed(&error))?;
    let (folder, name) = real.parent().zip(real.file_name()).ok_or_else(|| refused(path, "isn't a regular file"))?;
    let read = ExtensionRoot::open(folder).and_then(|folder| folder.read(name, yaml::LONGEST));
    read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|problem| failed(&problem))
}

/// With its length: else the same bytes could be cut into other files.
fn add(digest: &mut Context, bytes: &[u8]) {
    digest.update(&(bytes.len() as u64).to_le_bytes());
    digest.update(bytes);
}

fn depends(path: &str) -> Error {
    refused(Path::new(path), "isn't known before compose runs")
        .hint("Write the path without variables that .env or an env_file sets.")
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(
        Code::ComposeUnreadable,
        format!("The compose file names {}, which {why}", visible(&path.display().to_string())),
    )
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;

//! Looks for a path of the image: from the last instruction back, through the stages that it was copied from.

use std::{
    cell::Cell,
    path::{Path, PathBuf},
};

use super::{Base, Dockerfile, From, Provision, Step, stages::Copy};
use crate::root::{ExtensionRoot, FileProblem};

/// How many paths of the build context one pattern is compared with.
const MOST_NAMES: usize = 10_000;

/// How many instructions and sources the paths of one manifest are followed through, and names that patterns are compared
/// with. Stages that copy from each other many times make more of them than anybody would wait for.
const MOST_STEPS: u32 = 300_000;
/// Looking for a file of the context takes as long as this many steps.
const STEPS_OF_FILE: u32 = 10;

/// What is shown of a base image's name, in characters.
const LONGEST: usize = 100;

const NOTHING: Provision = Provision::Nothing { base: Base::Scratch };

/// A Dockerfile beside the folder that is its build context. All paths that are looked for share the steps.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    dockerfile: &'a Dockerfile,
    context: &'a ExtensionRoot,
    steps: Cell<u32>,
    /// A path of the context that is taken to be there.
    assumed: Option<String>,
}

impl<'a> Search<'a> {
    pub fn new(dockerfile: &'a Dockerfile, context: &'a ExtensionRoot) -> Self {
        Self { dockerfile, context, steps: Cell::default(), assumed: None }
    }

    /// Takes a path of the context to be there, with the folders above it: whether a build's output would be copied.
    pub fn assume(&mut self, path: Option<&str>) {
        self.assumed = path.map(normal);
    }

    /// Whether the context has a path. What can't be read is there.
    fn has(&self, path: &str) -> bool {
        self.steps.update(|steps| steps.saturating_add(STEPS_OF_FILE));
        let is_assumed = self.assumed.as_deref().is_some_and(|assumed| rest_below(path, assumed).is_some());
        is_assumed || !matches!(self.context.entry(path), Err(FileProblem::Missing))
    }

    /// Where a path of the image, from its root, comes from.
    pub fn find(&self, path: &str) -> Provision {
        match self.look(path) {
            Provision::Nothing { .. } => Provision::Nothing { base: self.base() },
            found => found,
        }
    }

    /// What the last stage begins with, through the stages that it is built on.
    fn base(&self) -> Base {
        let mut number = self.dockerfile.stages.len().checked_sub(1);
        while let Some(stage) = number.and_then(|number| self.dockerfile.stages.get(number)) {
            number = match stage.base {
                From::Stage(base) if Some(base) < number => Some(base),
                From::Nothing => return Base::Scratch,
                _ => return Base::Image(stage.image.chars().take(LONGEST).collect()),
            };
        }
        Base::Scratch
    }

    fn look(&self, path: &str) -> Provision {
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        match self.dockerfile.stages.len().checked_sub(1) {
            Some(last) if !parts.contains(&"..") => self.in_stage(last, &parts.join("/")),
            _ => NOTHING,
        }
    }

    /// A stage names only those before it, so this ends.
    fn in_stage(&self, number: usize, path: &str) -> Provision {
        let Some(stage) = self.dockerfile.stages.get(number) else { return NOTHING };
        let (mut missing, mut unknown) = (None, None::<(Likelihood, Provision)>);
        for step in stage.steps.iter().rev() {
            let found = match step {
                Step::Run { by, .. } => Provision::Unknown { by: by.clone() },
                Step::Copy(copy) if self.is_spent() => Provision::Unknown { by: copy.by.clone() },
                Step::Copy(copy) => self.in_copy(copy, number, path),
            };
            self.steps.update(|steps| steps.saturating_add(1));
            match found {
                Provision::Context { .. } => return found,
                Provision::NotBuilt { .. } => missing = missing.or(Some(found)),
                // Of several, the last of the likeliest is shown.
                Provision::Unknown { .. } => {
                    let likelihood = likelihood(step, path);
                    if unknown.as_ref().is_none_or(|(known, _)| *known < likelihood) {
                        unknown = Some((likelihood, found));
                    }
                }
                Provision::Nothing { .. } => {}
            }
        }
        let base = match stage.base {
            From::Stage(base) if base < number => self.in_stage(base, path),
            _ => NOTHING,
        };
        match base {
            Provision::Context { .. } => base,
            base => missing.or(unknown.map(|(_, found)| found)).unwrap_or(base),
        }
    }

    #[cfg(test)]
    pub fn steps(&self) -> u32 {
        self.steps.get()
    }

    fn is_spent(&self) -> bool {
        self.steps.get() > MOST_STEPS
    }

    fn in_copy(&self, copy: &Copy, number: usize, path: &str) -> Provision {
        let Some(to) = &copy.to else { return Provision::Unknown { by: copy.by.clone() } };
        let to = to.trim_start_matches('/');
        let mut last = NOTHING;
        for source in &copy.sources {
            if self.is_spent() {
                return Provision::Unknown { by: copy.by.clone() };
            }
            self.steps.update(|steps| steps.saturating_add(1));
            let found = match source {
                Some(source) => self.in_source(copy, source, number, (to, path)),
                // It may hold the path only where it is copied to.
                None if rest_below(to, path).is_some() => Provision::Unknown { by: copy.by.clone() },
                None => NOTHING,
            };
            match found {
                Provision::Context { .. } => return found,
                Provision::Nothing { .. } => {}
                found => last = found,
            }
        }
        last
    }

    fn in_source(&self, copy: &Copy, source: &str, number: usize, (to, path): (&str, &str)) -> Provision {
        let Some(rest) = rest_below(to, path) else { return NOTHING };
        let unknown = || Provision::Unknown { by: copy.by.clone() };
        match copy.from {
            From::Nothing => NOTHING,
            From::Elsewhere => unknown(),
            From::Stage(stage) if stage >= number => unknown(),
            From::Stage(_) if is_pattern(source) => unknown(),
            From::Stage(stage) => {
                let source = normal(source);
                let candidates = candidates(&source, rest, copy.into_directory);
                let all = candidates.iter().map(|candidate| self.in_stage(stage, candidate));
                // What its image has isn't known here.
                let from_scratch = self.dockerfile.stages.get(stage).is_some_and(|stage| stage.from_scratch);
                let base = if from_scratch { NOTHING } else { unknown() };
                // What a stage before has is its own affair: here the instruction that copies it counts.
                let found = all.fold(NOTHING, |best, found| match (best, found) {
                    (best @ Provision::Context { .. }, _) => best,
                    (_, Provision::Context { path, .. }) => Provision::Context { path, by: copy.by.clone() },
                    (NOTHING, Provision::Unknown { by }) => Provision::Unknown { by },
                    (NOTHING, Provision::NotBuilt { path, by }) => Provision::NotBuilt { path, by },
                    (best, _) => best,
                });
                if found == NOTHING { base } else { found }
            }
            From::Context => self.in_context(copy, source, rest),
        }
    }

    fn in_context(&self, copy: &Copy, source: &str, rest: &str) -> Provision {
        let source = normal(source);
        let matching = if is_pattern(&source) { self.matching(&source) } else { vec![source.clone()] };
        for matched in &matching {
            for candidate in candidates(matched, rest, copy.into_directory) {
                if self.has(&candidate) {
                    return Provision::Context { path: PathBuf::from(candidate), by: copy.by.clone() };
                }
            }
        }
        // A directory that is there and does not hold the path provides nothing; one that is not there would.
        let is_there = !is_pattern(&source) && self.has(&source);
        let would = if is_pattern(&source) {
            matching.is_empty() && pattern_could_give(&source, rest)
        } else {
            !is_there && could_give(&source, rest, copy.into_directory)
        };
        if !would {
            return NOTHING;
        }
        Provision::NotBuilt { path: PathBuf::from(source), by: copy.by.clone() }
    }

    /// The names in a folder of the context; none where there are too many.
    fn names(&self, folder: &str) -> Vec<String> {
        let listed = self.context.list(Path::new(folder), MOST_NAMES).unwrap_or_default();
        self.steps.update(|steps| steps.saturating_add(u32::try_from(listed.len()).unwrap_or(u32::MAX)));
        listed.into_iter().filter_map(|(name, _)| name.into_string().ok()).collect()
    }

    /// The paths of the context that a pattern names. As in Go's `filepath.Match`, no star crosses a slash.
    fn matching(&self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for part in pattern.split('/') {
            let mut next = Vec::new();
            for folder in found {
                let join = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
                if is_pattern(part) {
                    let Ok(pattern) = glob::Pattern::new(part) else { return Vec::new() };
                    let names = self.names(&folder);
                    next.extend(names.iter().filter(|name| pattern.matches(name)).map(|name| join(name)));
                } else {
                    next.push(join(part));
                }
            }
            next.truncate(MOST_NAMES);
            found = next;
        }
        found.retain(|path| self.has(path));
        found
    }
}

/// How likely it is that a step provides a path, for one of which only the build knows: by how closely it names the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likelihood {
    /// It may provide anything.
    Anything,
    /// It copies to the root.
    Root,
    /// It copies to a folder that the path is in, this many levels deep.
    Folder(usize),
    /// It names the file, and this many of its folders.
    Named(usize),
}

fn likelihood(step: &Step, path: &str) -> Likelihood {
    let name = path.rsplit('/').next().unwrap_or_default();
    match step {
        Step::Run { words, .. } if words.contains(name) => {
            Likelihood::Named(path.split('/').filter(|part| words.contains(*part)).count())
        }
        Step::Run { .. } => Likelihood::Anything,
        Step::Copy(Copy { to: None, .. }) => Likelihood::Anything,
        Step::Copy(Copy { to: Some(to), sources, .. }) => {
            let to = to.trim_start_matches('/');
            let named = |source: &String| source.rsplit('/').next() == Some(name);
            if to == path || sources.iter().flatten().any(named) {
                Likelihood::Named(path.split('/').count())
            } else if to.is_empty() {
                Likelihood::Root
            } else {
                Likelihood::Folder(to.split('/').count())
            }
        }
    }
}

/// Where a path in the copied source would be, for `rest` below the destination: the source is a directory whose contents
/// are copied, or a file that is copied into a directory or to the destination itself.
fn candidates(source: &str, rest: &str, into_directory: bool) -> Vec<String> {
    let name = source.rsplit('/').next().unwrap_or_default();
    let below = |rest: &str| match (source, rest) {
        ("", rest) => rest.to_owned(),
        (source, "") => source.to_owned(),
        (source, rest) => format!("{source}/{rest}"),
    };
    let mut candidates = vec![];
    if !(rest.is_empty() && into_directory) {
        candidates.push(below(rest));
    }
    // The destination is a directory already, or becomes one.
    if rest == name && !name.is_empty() {
        candidates.push(source.to_owned());
    }
    candidates
}

/// Whether a source that isn't there could be, or hold, what is looked for. One with an extension is taken for a file.
fn could_give(source: &str, rest: &str, into_directory: bool) -> bool {
    let name = source.rsplit('/').next().unwrap_or_default();
    let is_file = name.trim_start_matches('.').contains('.');
    if is_file { rest == name || (rest.is_empty() && !into_directory) } else { !(rest.is_empty() && into_directory) }
}

/// The part of `path` below `to`; empty when they are the same.
fn rest_below<'p>(to: &str, path: &'p str) -> Option<&'p str> {
    if to.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(to)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// From the root, without dots: an absolute source is one from the context's root.
fn normal(source: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folders of a pattern that have no sign of one, or the whole path.
pub(super) fn plain_part(source: &str) -> String {
    let path = normal(source);
    path.split('/').take_while(|part| !is_pattern(part)).collect::<Vec<_>>().join("/")
}

fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether a file that the last part of a pattern names could be this one.
fn pattern_could_give(pattern: &str, rest: &str) -> bool {
    let last = pattern.rsplit('/').next().unwrap_or_default();
    let first = rest.split('/').next().unwrap_or_default();
    glob::Pattern::new(last).is_ok_and(|pattern| pattern.matches(first))
}

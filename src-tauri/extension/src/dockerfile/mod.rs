//! What a Dockerfile puts into the image of its last stage: the paths of a manifest are paths in that image.

mod search;
mod stages;
#[cfg(test)]
mod tests;
mod variables;

use std::{collections::HashMap, path::PathBuf};

pub(super) use search::Search;
use stages::{From, Stage, Step};

/// The file's name, at the root of an extension's folder.
pub(super) const FILE: &str = "Dockerfile";
/// The most bytes of one that are read.
pub(super) const LARGEST: u64 = 1024 * 1024;

/// A Dockerfile, as far as it says what is in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dockerfile {
    stages: Vec<Stage>,
}

/// An instruction that matters for a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Its line in the file, from 1.
    pub line: u32,
    /// Its text on one line, without flags: `COPY ui/build ui`.
    pub text: String,
}

/// Where a path of the image comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Provision {
    /// From a path of the build context that is there.
    Context {
        /// The path, from the folder.
        path: PathBuf,
        /// What puts it into the image.
        by: Instruction,
    },
    /// From a path of the build context that is not there yet.
    NotBuilt {
        /// The path that is missing, from the folder.
        path: PathBuf,
        /// What would put it into the image.
        by: Instruction,
    },
    /// Something decides that only a build tells: a command, another image, an address, an archive.
    Unknown {
        /// What.
        by: Instruction,
    },
    /// Nothing in the Dockerfile provides it.
    Nothing {
        /// What the image begins with.
        base: Base,
    },
}

/// What an image begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Base {
    /// Nothing: what no instruction provides isn't there.
    Scratch,
    /// Another image, which may have anything.
    Image(String),
}

impl Dockerfile {
    /// Reads the text of one.
    ///
    /// # Errors
    /// Why it is no Dockerfile, with the line: what the parser says.
    pub fn read(text: &str) -> Result<Self, String> {
        let parsed = parse_dockerfile::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { stages: stages::read(text, &parsed) })
    }

    /// The labels of its image whose values don't depend on the build, as far as its own stages set them.
    pub fn labels(&self) -> HashMap<String, String> {
        let mut chain = Vec::new();
        let mut number = self.stages.len().checked_sub(1);
        while let Some(stage) = number.and_then(|number| self.stages.get(number)) {
            chain.push(stage);
            number = match stage.base {
                From::Stage(base) if Some(base) < number => Some(base),
                _ => None,
            };
        }
        let set: HashMap<_, _> = chain.into_iter().rev().flat_map(|stage| stage.labels.iter().cloned()).collect();
        set.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The paths of the build context that it copies: each a file or folder, and up to its first sign of a pattern.
    pub fn copied_paths(&self) -> Vec<String> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps);
        let copies = steps.filter_map(|step| match step {
            Step::Copy(copy) if copy.from == From::Context => Some(copy),
            _ => None,
        });
        copies.flat_map(|copy| &copy.sources).flatten().map(|source| search::plain_part(source)).collect()
    }
}

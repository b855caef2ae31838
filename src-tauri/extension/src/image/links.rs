//! Links of an image, followed inside its own tree. None is made on this machine: what a link leads to is written in its
//! place.

use std::{
    collections::HashSet,
    io,
    path::{Component, Path, PathBuf},
};

use super::tree::{Node, Tree, create, descendants, unwritten};
use porthole_base::error::Result;

const LOOP: &str = "it's a link in a loop, or behind too many links";

impl Tree {
    /// Where a path leads in the image, as far as links are known: a path without a link in it. `..` stops at the image's
    /// root, as it does in a container.
    pub(super) fn resolve(&self, path: &Path) -> std::result::Result<PathBuf, &'static str> {
        let mut real = PathBuf::new();
        let mut followed = 0;
        // What is still to be walked, its first part last.
        let mut left: Vec<PathBuf> = Vec::new();
        push(&mut left, path);
        while let Some(part) = left.pop() {
            if part.as_os_str() == ".." {
                real.pop();
                continue;
            }
            real.push(&part);
            let Some(Node::Link(target)) = self.nodes.get(&real) else { continue };
            followed += 1;
            if followed > self.limits.links {
                return Err(LOOP);
            }
            if target.has_root() {
                real.clear();
            } else {
                real.pop();
            }
            push(&mut left, target);
            // A link's target can be as long as a path; a chain of them must not add up.
            if left.len() > self.limits.path {
                return Err("its path is too long");
            }
        }
        Ok(real)
    }

    /// Writes what links lead to into their places, for the paths that are wanted.
    ///
    /// # Errors
    /// [`Code::ImageTooLarge`](porthole_base::error::Code::ImageTooLarge),
    /// [`Code::UnpackFailed`](porthole_base::error::Code::UnpackFailed).
    pub fn write_links<'p>(&mut self, wanted: impl IntoIterator<Item = &'p Path>) -> Result<()> {
        let mut written = HashSet::new();
        for path in wanted {
            // Why it leads nowhere was noted when it was to be fetched.
            let Ok(real) = self.resolve(path) else { continue };
            if real.as_os_str().is_empty() {
                continue;
            }
            if self.nodes.contains_key(&real) {
                self.copy(&real, path, &mut Vec::new(), &mut written)?;
            } else if real != path {
                self.leave(path.to_owned(), "it's a link to nothing");
            }
        }
        Ok(())
    }

    /// Writes a file, or a directory with all that is in it, to another path. `above` are the directories that this one is
    /// in the middle of.
    fn copy(&mut self, real: &Path, to: &Path, above: &mut Vec<PathBuf>, written: &mut HashSet<PathBuf>) -> Result<()> {
        let is_copy = real != to;
        if let Some(why) = self.unfit(to).filter(|_| is_copy) {
            self.leave(to.to_owned(), why);
            return Ok(());
        }
        if above.iter().any(|above| above == real) {
            self.leave(to.to_owned(), "it's a link to a folder that it is in");
            return Ok(());
        }
        if is_copy && !written.insert(to.to_owned()) {
            return Ok(());
        }
        match self.nodes.get(real) {
            Some(Node::File { executable }) if is_copy => self.copy_file(real, to, *executable),
            Some(Node::Directory) => {
                above.push(real.to_owned());
                let done = self.copy_all(real, to, above, written);
                above.pop();
                done
            }
            _ => Ok(()),
        }
    }

    fn copy_all(
        &mut self,
        real: &Path,
        to: &Path,
        above: &mut Vec<PathBuf>,
        written: &mut HashSet<PathBuf>,
    ) -> Result<()> {
        let is_copy = real != to;
        if is_copy {
            self.copied_directory(to)?;
        }
        let inner: Vec<(PathBuf, Node)> = descendants(&self.nodes, real)
            .filter(|(path, node)| *path != real && (is_copy || matches!(node, Node::Link(_))))
            .map(|(path, node)| (path.clone(), node.clone()))
            .collect();
        for (path, node) in inner {
            let to = to.join(path.strip_prefix(real).unwrap_or(&path));
            let unfit = self.unfit(&to).is_some() && !matches!(node, Node::Link(_));
            if is_copy && (unfit || matches!(node, Node::Link(_))) {
                // Each costs something, also a link to nothing and what is left out.
                self.count(0)?;
            }
            match node {
                Node::Link(_) => match self.resolve(&path) {
                    Ok(target) if self.nodes.contains_key(&target) => self.copy(&target, &to, above, written)?,
                    // What can't be resolved, or wasn't fetched, was noted then.
                    Ok(target) if !target.as_os_str().is_empty() => self.leave(path, "it's a link to nothing"),
                    _ => {}
                },
                _ if unfit => self.leave(to, "its path is too long, or it's nested too deeply"),
                Node::Directory => self.copied_directory(&to)?,
                Node::File { executable } => {
                    if written.insert(to.clone()) {
                        self.copy_file(&path, &to, executable)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes a directory and those above it, each counted.
    fn copied_directory(&mut self, to: &Path) -> Result<()> {
        let mut missing: Vec<&Path> =
            to.ancestors().take_while(|above| !above.as_os_str().is_empty() && !self.is_made(above)).collect();
        missing.reverse();
        for directory in missing {
            self.count(directory.as_os_str().len())?;
            self.dir.create_dir(directory).map_err(|error| unwritten(&error))?;
            self.made.insert(directory.to_owned());
        }
        Ok(())
    }

    fn is_made(&self, directory: &Path) -> bool {
        self.made.contains(directory) || matches!(self.nodes.get(directory), Some(Node::Directory))
    }

    fn copy_file(&mut self, real: &Path, to: &Path, executable: bool) -> Result<()> {
        self.count(to.as_os_str().len())?;
        let mut from = self.dir.open(real).map_err(|error| unwritten(&error))?;
        let length = from.metadata().map_err(|error| unwritten(&error))?.len();
        self.count_bytes(length)?;
        if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.copied_directory(parent)?;
        }
        match create(&self.dir, to, executable) {
            Ok(mut file) => io::copy(&mut from, &mut file).map(drop).map_err(|error| unwritten(&error)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.leave(to.to_owned(), "it has the name of another file here");
                Ok(())
            }
            Err(error) => Err(unwritten(&error)),
        }
    }
}

/// Puts the parts of a path before what is to be walked.
fn push(left: &mut Vec<PathBuf>, path: &Path) {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.into()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let parts: Vec<PathBuf> = parts.collect();
    left.extend(parts.into_iter().rev());
}

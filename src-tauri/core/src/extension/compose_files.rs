//! The files that a compose file names, which compose reads itself: it follows links out of the folder and waits for a
//! named pipe, so they are looked at before it runs.

use std::path::{Path, PathBuf};

use saphyr::Yaml;

use super::{
    compose::{LONGEST, key},
    root::{ExtensionRoot, FileProblem},
    yaml::documents,
};
use crate::error::Result;

/// The most bytes of a file of variables.
const LARGEST: u64 = 1024 * 1024;
/// How many files are looked at.
const MOST: usize = 200;

/// What is wrong with the files that a compose file names, and those that these name in turn. One that isn't there is
/// compose's to report: not all are needed.
pub(super) fn problems(root: &ExtensionRoot, file: &Path, text: &str) -> Vec<String> {
    // Compose takes the folder that the file is really in.
    let real = root.file_path(file).unwrap_or_else(|_| root.path().join(file));
    let file = real.strip_prefix(root.path()).unwrap_or(file);
    let mut look = Look { root, seen: vec![file.to_owned()], problems: Vec::new() };
    let folder = file.parent().unwrap_or(Path::new(""));
    // Compose reads it unasked.
    look.file(folder, ".env", LARGEST);
    // One that can't be read is reported by whoever reads it for its services.
    let _ = look.compose(folder, text);
    look.problems
}

struct Look<'r> {
    root: &'r ExtensionRoot,
    /// Files that were looked at, below the root.
    seen: Vec<PathBuf>,
    problems: Vec<String>,
}

impl Look<'_> {
    /// Looks at the files that a compose file in this folder names.
    fn compose(&mut self, folder: &Path, text: &str) -> Result<()> {
        let documents = documents(text)?;
        let Some(document) = documents.first() else { return Ok(()) };
        for included in document.as_mapping_get("include").into_iter().flat_map(texts_or_mappings) {
            match included {
                Named::Text(path) => self.include(folder, path),
                Named::Mapping(mapping) => {
                    key(mapping, "path").into_iter().flat_map(texts).for_each(|path| self.include(folder, path));
                    let env_files = key(mapping, "env_file").into_iter().flat_map(texts);
                    env_files.for_each(|path| self.file(folder, path, LARGEST));
                }
            }
        }
        let services = document.as_mapping_get("services").and_then(Yaml::as_mapping);
        for (_, service) in services.into_iter().flatten() {
            for file in ["env_file", "label_file"].into_iter().filter_map(|name| key(service, name)) {
                for named in texts_or_mappings(file) {
                    match named {
                        Named::Text(path) => self.file(folder, path, LARGEST),
                        Named::Mapping(mapping) => {
                            let path = key(mapping, "path").and_then(Yaml::as_str);
                            path.into_iter().for_each(|path| self.file(folder, path, LARGEST));
                        }
                    }
                }
            }
            let extended = key(service, "extends").and_then(|extends| key(extends, "file")).and_then(Yaml::as_str);
            extended.into_iter().for_each(|path| self.include(folder, path));
        }
        Ok(())
    }

    /// Looks at another compose file, and at what that names.
    fn include(&mut self, folder: &Path, path: &str) {
        let Some(file) = self.new_file(folder, path) else { return };
        match self.root.read_text(&file, LONGEST) {
            // What compose can read and Porthole can't would not be looked at.
            Ok(text) => {
                if let Err(error) = self.compose(file.parent().unwrap_or(Path::new("")), &text) {
                    self.problem(path, &FileProblem::Failed(error.message));
                }
            }
            Err(problem) => self.problem(path, &problem),
        }
    }

    fn file(&mut self, folder: &Path, path: &str, limit: u64) {
        let Some(file) = self.new_file(folder, path) else { return };
        if let Err(problem) = self.root.read(&file, limit) {
            self.problem(path, &problem);
        }
    }

    /// The path from the root, of one that wasn't looked at yet.
    fn new_file(&mut self, folder: &Path, path: &str) -> Option<PathBuf> {
        // For compose these are of the whole machine.
        if Path::new(path).has_root() || path.starts_with('~') {
            self.problem(path, &FileProblem::Outside);
            return None;
        }
        let file = folder.join(path);
        if self.seen.contains(&file) {
            return None;
        }
        if self.seen.len() == MOST {
            self.problems.push(format!("it names more than {MOST} files"));
        }
        if self.seen.len() <= MOST {
            self.seen.push(file.clone());
        }
        (self.seen.len() <= MOST).then_some(file)
    }

    fn problem(&mut self, path: &str, problem: &FileProblem) {
        if *problem != FileProblem::Missing && self.problems.len() < MOST {
            self.problems.push(format!("it names `{}`: {problem}", path.escape_debug()));
        }
    }
}

/// An entry of a list in which paths are written in two ways.
enum Named<'y, 'i> {
    Text(&'y str),
    Mapping(&'y Yaml<'i>),
}

fn texts_or_mappings<'y, 'i>(value: &'y Yaml<'i>) -> Vec<Named<'y, 'i>> {
    let one = |value: &'y Yaml<'i>| value.as_str().map_or(Named::Mapping(value), Named::Text);
    match value.as_sequence() {
        Some(list) => list.iter().map(one).collect(),
        None => vec![one(value)],
    }
}

fn texts<'y>(value: &'y Yaml<'_>) -> Vec<&'y str> {
    match value.as_sequence() {
        Some(list) => list.iter().filter_map(Yaml::as_str).collect(),
        None => value.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{error::Code, extension::compose::Compose};

    fn said(files: &[(&str, &str)], prepare: impl FnOnce(&Path)) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("ext");
        fs::create_dir_all(inner.join("deploy")).unwrap();
        fs::write(folder.path().join("secret.env"), "A=1").unwrap();
        for (path, text) in files {
            fs::write(inner.join(path), text).unwrap();
        }
        prepare(&inner);
        problems(&ExtensionRoot::open(&inner).unwrap(), Path::new("deploy/compose.yaml"), files[0].1)
    }

    const COMPOSE: &str = "deploy/compose.yaml";

    #[test]
    fn files_beside_a_compose_file_are_fine_and_so_are_missing_ones() {
        let compose = "
include: [other.yaml, {path: [other.yaml], env_file: gone.env}]
services:
  web: {env_file: [../root.env, {path: a.env, required: false}], extends: {file: other.yaml, service: x}}
";
        let files = [
            (COMPOSE, compose),
            ("root.env", "A=1"),
            ("deploy/a.env", "A=1"),
            ("deploy/other.yaml", "include: compose.yaml\nservices: {x: {env_file: a.env}}"),
        ];
        assert_eq!(said(&files, |_| {}), [""; 0]);
    }

    #[test]
    fn files_of_the_machine_are_named() {
        for named in ["../../secret.env", "/etc/passwd", "~/.aws/credentials", "x/../../../secret.env"] {
            for compose in [
                format!("services: {{web: {{env_file: '{named}'}}}}"),
                format!("services: {{web: {{env_file: [{{path: '{named}'}}]}}}}"),
                format!("services: {{web: {{label_file: ['{named}']}}}}"),
                format!("services: {{web: {{extends: {{file: '{named}', service: x}}}}}}"),
                format!("include: ['{named}']"),
                format!("include: [{{path: '{named}'}}]"),
                format!("include: [{{path: gone.yaml, env_file: ['{named}']}}]"),
                format!("x: &x {{env_file: '{named}'}}\nservices: {{web: {{<<: *x}}}}"),
            ] {
                let said = said(&[(COMPOSE, &compose)], |_| {});
                assert!(said.len() == 1 && said[0].contains("leads out"), "{compose}: {said:?}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_and_links_out_are_named_at_once_also_those_of_an_included_file() {
        use std::os::unix::fs::symlink;
        let pipe = |path: &Path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let compose = "include: [other.yaml, pipe.yaml]\nservices: {web: {env_file: zero.env}}";
        let files = [(COMPOSE, compose), ("deploy/other.yaml", "services: {x: {env_file: [pipe.env, link.env]}}")];
        let said = said(&files, |inner| {
            for name in ["pipe.yaml", "pipe.env", ".env"] {
                pipe(&inner.join("deploy").join(name));
            }
            symlink("/dev/zero", inner.join("deploy/zero.env")).unwrap();
            symlink("../../secret.env", inner.join("deploy/link.env")).unwrap();
        });
        assert_eq!(
            said,
            [
                "it names `.env`: it's a named pipe, not a regular file",
                "it names `pipe.env`: it's a named pipe, not a regular file",
                "it names `link.env`: the path or a link leads out of the extension",
                "it names `pipe.yaml`: it's a named pipe, not a regular file",
                "it names `zero.env`: the path or a link leads out of the extension",
            ]
        );
    }

    #[test]
    fn a_text_that_is_nested_too_deeply_is_refused_and_takes_no_stack() {
        for text in ["[".repeat(500_000), "- ".repeat(500_000), "? ".repeat(500_000), "{a: ".repeat(250_000)] {
            let error = Compose::read(&text).unwrap_err();
            assert_eq!(error.code, Code::ComposeUnreadable);
            let files = [(COMPOSE, "include: other.yaml"), ("deploy/other.yaml", text.as_str())];
            assert!(said(&files, |_| {}).len() <= 1);
        }
        let laughs = (1..40).fold("services: {a: {}}\nx0: &x0 [1,1]\n".to_owned(), |text, n| {
            text + &format!("x{n}: &x{n} [*x{0}, *x{0}]\n", n - 1)
        });
        assert_eq!(Compose::read(&laughs).unwrap_err().code, Code::ComposeUnreadable);
    }

    #[test]
    fn files_that_include_each_other_and_many_of_them_come_to_an_end() {
        let compose = "include: [other.yaml, compose.yaml]";
        assert_eq!(said(&[(COMPOSE, compose), ("deploy/other.yaml", compose)], |_| {}), [""; 0]);
        let many: Vec<String> = (0..1000).map(|n| format!("x{n}.yaml")).collect();
        let said = said(&[(COMPOSE, &format!("include: [{}]", many.join(",")))], |_| {});
        assert_eq!(said, ["it names more than 200 files"]);
    }
}

//! The files that a manifest names: whether the image has them, and what they are.

mod in_image;

use std::{borrow::Cow, path::Path};

use serde::{Deserialize, Serialize};

use super::names::with_slashes;
use super::{
    dockerfile::{self, Base, Dockerfile, Instruction, Provision, Search},
    frontend::build_script,
    location::{self, Lines},
    manifest::{Binary, Manifest, Named, Platform},
    program::{Arch, Program},
    root::{Entry, ExtensionRoot, FileProblem},
};
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode, Location, Severity};
use porthole_sdk::runtime::{
    Certainty::Source,
    Runtime::{PodmanDesktop, RancherDesktop},
};

/// The key of the page's file.
const PAGE: &str = "ui.dashboard-tab.src";
/// The key of programs for the host.
const PROGRAMS: &str = "host.binaries";

/// Where the files of a manifest are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileSource<'a> {
    /// The folder that the image is built from.
    Folder(&'a ExtensionRoot),
    /// The same, and what is in the image that was built from it.
    Built(&'a ExtensionRoot, InsideImage<'a>),
    /// What was unpacked from the image.
    Image(&'a ExtensionRoot),
}

/// The paths of a manifest in the image that its folder builds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InsideImage<'a> {
    /// The image's name.
    pub name: &'a str,
    /// What of the paths is in it.
    pub root: &'a ExtensionRoot,
    /// The folder was changed since it was built.
    pub is_outdated: bool,
}

/// A path of the manifest, and where the image has it from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePath {
    /// The manifest's key.
    pub key: String,
    /// The path in the image.
    pub path: String,
    /// What is known of it, in words.
    pub status: String,
}

/// Adds diagnostics about the files that a manifest names. Its paths are paths in the image: in a folder with a Dockerfile
/// they are judged by what that puts into the image, elsewhere by what is below the root.
pub fn check(
    manifest: &Manifest,
    text: &str,
    place: FileSource<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ImagePath> {
    let (root, dockerfile, inside) = match place {
        FileSource::Image(root) => (root, None, None),
        FileSource::Folder(root) => (root, read_dockerfile(root, text, diagnostics), None),
        FileSource::Built(root, inside) => (root, read_dockerfile(root, text, diagnostics), Some(inside)),
    };
    let search = dockerfile.as_ref().map(|dockerfile| Search::new(dockerfile, root));
    let is_image = matches!(place, FileSource::Image(_));
    let lines = Lines::of(text);
    let mut checks = Checks { lines, root, search, inside, is_image, found: Vec::new(), paths: Vec::new() };
    for (path, named) in paths(manifest) {
        match named {
            Naming::File(named, key) => checks.file(named, &path, key),
            Naming::Program(binary) => checks.program(binary),
        }
    }
    let Checks { found, paths, .. } = checks;
    diagnostics.extend(by_cause(found));
    paths
}

/// What of a manifest names a path.
pub(super) enum Naming<'m> {
    File(&'m Named, &'static str),
    Program(&'m Binary),
}

/// The paths of a manifest, as paths in the image.
pub(super) fn paths<'m>(manifest: &'m Manifest) -> impl Iterator<Item = (Cow<'m, str>, Naming<'m>)> {
    let icon = manifest.icon.as_ref().filter(|icon| !icon.text.is_empty()).map(|icon| (icon, "icon"));
    let compose = manifest.backend.as_ref().and_then(|backend| backend.composefile.as_ref());
    let compose = compose.map(|compose| (compose, "vm.composefile"));
    let file = |(named, key): (&'m Named, _)| (Cow::from(named.text.as_str()), Naming::File(named, key));
    let tab = manifest.tab.as_ref().and_then(|tab| Some((tab.root.as_ref()?, tab.src.as_ref()?)));
    let page = tab.map(|(root, src)| {
        let path = format!("{}/{}", root.text.trim_end_matches('/'), file_of_page(&src.text));
        (Cow::from(path), Naming::File(src, PAGE))
    });
    let (icon, compose) = (icon.map(file), compose.map(file));
    let programs = manifest.binaries.iter();
    let programs = programs.map(|binary| (Cow::from(binary.path.text.as_str()), Naming::Program(binary)));
    [icon, page, compose].into_iter().flatten().chain(programs)
}

/// The file of a page: `index.html?v=1#/volumes` is `index.html`.
pub(super) fn file_of_page(src: &str) -> &str {
    src.split(['?', '#']).next().unwrap_or_default()
}

fn read_dockerfile(root: &ExtensionRoot, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Dockerfile> {
    let read = match root.read_text(dockerfile::FILE, dockerfile::LARGEST) {
        Ok(dockerfile) => Dockerfile::read(&dockerfile),
        Err(FileProblem::Missing) => return None,
        Err(problem) => Err(problem.to_string()),
    };
    read.map_err(|why| {
        let diagnostic = location::at(text, 0, "")
            .warning(DiagnosticCode::DockerfileUnreadable, format!("The Dockerfile can't be read: {why}"));
        diagnostics.push(diagnostic.fix("Porthole can't determine which files the image will contain."));
    })
    .ok()
}

/// A diagnostic about one path. Those with the same cause are one.
struct Found {
    cause: String,
    path: String,
    diagnostic: Diagnostic,
}

/// One diagnostic for each cause and key, with a count where it concerns several paths.
fn by_cause(found: Vec<Found>) -> Vec<Diagnostic> {
    /// How many paths are named.
    const NAMED: usize = 3;
    let mut causes: Vec<(Found, Vec<String>)> = Vec::new();
    for found in found {
        let same = |known: &&mut (Found, Vec<String>)| {
            (&known.0.cause, known.0.diagnostic.key()) == (&found.cause, found.diagnostic.key())
        };
        match causes.iter_mut().find(same) {
            Some((_, others)) if !others.contains(&found.path) => others.push(found.path),
            Some(_) => {}
            None => causes.push((found, Vec::new())),
        }
    }
    let told = |(Found { diagnostic, path, .. }, mut others): (Found, Vec<String>)| {
        others.retain(|other| *other != path);
        if others.is_empty() {
            return diagnostic;
        }
        let count = others.len() + 1;
        let named: Vec<String> = others.iter().take(NAMED - 1).map(|path| format!("`{path}`")).collect();
        let more = if others.len() < NAMED { "" } else { " and more" };
        let summary = format!("{} (the same for {count} files, also {}{more})", diagnostic.summary, named.join(", "));
        Diagnostic { summary, ..diagnostic }
    };
    causes.into_iter().map(told).collect()
}

struct Checks<'t> {
    lines: Lines<'t>,
    root: &'t ExtensionRoot,
    /// What the Dockerfile puts into the image.
    search: Option<Search<'t>>,
    /// What is in the image that was built.
    inside: Option<InsideImage<'t>>,
    is_image: bool,
    found: Vec<Found>,
    paths: Vec<ImagePath>,
}

impl Checks<'_> {
    fn say(&mut self, cause: &str, path: &str, diagnostic: Diagnostic) {
        self.found.push(Found { cause: cause.to_owned(), path: path.to_owned(), diagnostic });
    }

    fn status(&mut self, key: &str, path: &str, status: impl Into<String>) {
        self.paths.push(ImagePath { key: key.to_owned(), path: path.to_owned(), status: status.into() });
    }

    /// The entry that a path names, where it is known. What is wrong is added; for a path that the image certainly hasn't,
    /// with this effect on Rancher Desktop.
    fn entry(&mut self, named: &Named, path: &str, key: &str, effect: &str) -> Option<Entry> {
        let place = location::on(&self.lines, named.at, key);
        let shown = path.trim_start_matches('/').to_owned();
        let provision = self.search.as_ref().map(|search| search.find(path));
        if let Some(inside) = self.inside {
            return self.in_image(place, path, &shown, effect, inside, provision);
        }
        match provision {
            Some(provision) => self.by_dockerfile(place, path, &shown, effect, provision),
            None => self.below_root(place, path, &shown, effect),
        }
    }

    /// The entry of a path that the Dockerfile puts into the image.
    fn by_dockerfile(
        &mut self,
        place: Location,
        path: &str,
        shown: &str,
        effect: &str,
        from: Provision,
    ) -> Option<Entry> {
        let key = &place.key.clone();
        match from {
            Provision::Context { path: source, by } => {
                self.status(
                    key,
                    path,
                    format!("in the image, from `{}` (line {} of the Dockerfile)", by.text, by.line),
                );
                self.root.entry(&source).ok()
            }
            Provision::NotBuilt { path: source, by } => {
                self.not_built(place, path, shown, &source, &by);
                None
            }
            Provision::Unknown { by } => {
                self.status(
                    key,
                    path,
                    format!("known when it is built: `{}` (line {} of the Dockerfile)", by.text, by.line),
                );
                None
            }
            Provision::Nothing { base } => {
                self.not_provided(place, path, shown, effect, &base);
                None
            }
        }
    }

    /// The Dockerfile copies what doesn't exist yet.
    fn not_built(&mut self, place: Location, path: &str, shown: &str, source: &Path, by: &Instruction) {
        let key = &place.key.clone();
        let copies = format!(
            "`{}` (line {} of the Dockerfile) copies `{}`, which doesn't exist",
            by.text,
            by.line,
            with_slashes(source)
        );
        let script = match key.as_str() {
            PAGE => build_script(self.root, source, true),
            PROGRAMS => build_script(self.root, source, false),
            _ => None,
        };
        let diagnostic = match script {
            Some((folder, script)) => {
                let how = match folder.as_os_str().is_empty() {
                    true => format!("`npm run {script}`"),
                    false => format!("`npm run {script}` in {}", with_slashes(&folder)),
                };
                self.status(key, path, format!("not built yet: {how}"));
                place
                    .note(DiagnosticCode::ImageFileNotBuilt, format!("`{shown}` isn't built yet: {copies}"))
                    .fix(format!("Build it: {how}."))
            }
            None if matches!(key.as_str(), PAGE | PROGRAMS) => {
                self.status(key, path, format!("not built yet: `{}` doesn't exist", with_slashes(source)));
                place
                    .note(DiagnosticCode::ImageFileNotBuilt, format!("`{shown}` isn't built yet: {copies}"))
                    .fix("Build it before the image, or correct the path in the Dockerfile.")
            }
            // An icon or a compose file is a source: nothing builds it.
            None => {
                self.status(key, path, copies.clone());
                place
                    .warning(DiagnosticCode::ImageFileUnbuildable, format!("The image can't be built: {copies}"))
                    .fix(format!("Add `{}`, or correct the path in the Dockerfile.", with_slashes(source)))
            }
        };
        self.say(&format!("not built {} {}", by.line, with_slashes(source)), shown, diagnostic);
    }

    /// Nothing in the Dockerfile puts this path into the image.
    fn not_provided(&mut self, place: Location, path: &str, shown: &str, effect: &str, base: &Base) {
        let key = &place.key.clone();
        let summary = format!("Nothing in the Dockerfile provides `{shown}`");
        let search = self.search.as_ref();
        let other = other_ending(path).filter(|other| {
            let provision = search.map(|search| search.find(other));
            !matches!(provision, None | Some(Provision::Nothing { .. } | Provision::Unknown { .. }))
        });
        self.status(key, path, "nothing in the Dockerfile provides this");
        let fix = match other {
            Some(other) => {
                format!("The Dockerfile provides `{}`: use the same name in both.", other.trim_start_matches('/'))
            }
            None => "Copy it into the last stage, or correct the path: it's a path in the image.".to_owned(),
        };
        let diagnostic = match base {
            Base::Scratch => {
                place.error(DiagnosticCode::ImageFileMissing, summary).effect(RancherDesktop, Source, effect)
            }
            Base::Image(image) => place
                .warning(DiagnosticCode::ImageFileMissing, format!("{summary}; only its base image `{image}` might")),
        };
        self.say("nothing provides", shown, diagnostic.fix(fix));
    }

    fn below_root(&mut self, place: Location, path: &str, shown: &str, effect: &str) -> Option<Entry> {
        let key = place.key.clone();
        let (cause, diagnostic) = match self.root.entry(path) {
            Ok(entry) => {
                if self.is_image {
                    self.status(&key, path, "in the image");
                }
                return Some(entry);
            }
            Err(FileProblem::Outside) => (
                format!("outside {shown}"),
                place
                    .error(DiagnosticCode::ImageFileOutside, format!("`{path}` leads out of the image"))
                    .fix("Write a path from the image's root, with no link that leads out of it."),
            ),
            Err(FileProblem::Missing) if self.is_image => (
                "missing".to_owned(),
                place
                    .error(DiagnosticCode::ImageFileMissing, format!("The image has no `{shown}`"))
                    .effect(RancherDesktop, Source, effect)
                    .fix("Copy it into the image, or correct the path."),
            ),
            Err(FileProblem::Missing) => (
                "missing".to_owned(),
                place
                    .warning(
                        DiagnosticCode::ImageFileMissing,
                        format!("`{shown}` isn't in this folder, and the folder has no Dockerfile"),
                    )
                    .fix("Correct the path if the image has no such file either: it's a path in the image."),
            ),
            Err(problem) => (
                format!("unreadable {shown}"),
                place
                    .error(DiagnosticCode::ImageFileUnreadable, format!("`{path}` can't be read: {problem}"))
                    .fix("Name a regular file."),
            ),
        };
        self.status(&key, path, if self.is_image { "not in the image" } else { "unknown: no Dockerfile" });
        self.say(&cause, shown, diagnostic);
        None
    }

    fn file(&mut self, named: &Named, path: &str, key: &str) {
        let effect = "can't copy it and refuses to install the extension";
        if self.entry(named, path, key, effect) == Some(Entry::Directory) {
            let location = location::on(&self.lines, named.at, key);
            let diagnostic = location.error(DiagnosticCode::ImageFileIsDirectory, format!("`{path}` is a directory"));
            self.say("directory", path, diagnostic.fix("Name a file."));
        }
    }

    fn program(&mut self, binary: &Binary) {
        let Binary { platform, path } = binary;
        let key = PROGRAMS;
        let place = location::on(&self.lines, path.at, key);
        let at = || place.clone();
        let of_other = |summary| {
            let fix = "List the file that was built for that host.";
            at().warning(DiagnosticCode::ProgramOfOtherPlatform, summary).fix(fix)
        };
        let misplaced = platform_of(&path.text).filter(|made_for| made_for != platform).map(|made_for| {
            of_other(format!("`{}` is listed for {platform:?}, but is named like a file for {made_for:?}", path.text))
        });
        let wrong_arch = at()
            .warning(
                DiagnosticCode::ProgramOfOtherProcessor,
                format!("`{}` isn't built for this machine's processor ({})", path.text, std::env::consts::ARCH),
            )
            .fix("Build the image for each processor architecture, with a matching program.");
        let effect = "refuses to install the extension on that kind of host";
        let entry = self.entry(path, &path.text, key, effect);
        let (executable, head) = match entry {
            Some(Entry::File { executable, head }) => (executable, head),
            Some(Entry::Directory) => return self.say("directory", &path.text, program_is_directory(at(), &path.text)),
            None => {
                if let Some(misplaced) = misplaced {
                    self.say(&format!("misplaced {platform:?}"), &path.text, misplaced);
                }
                return;
            }
        };
        match Program::of(&head) {
            Program::Binary { platform: made_for, .. } if made_for != *platform => {
                let summary = format!("`{}` is listed for {platform:?}, but is a program for {made_for:?}", path.text);
                let diagnostic = Diagnostic { severity: Severity::Error, ..of_other(summary) };
                self.say(&format!("host {platform:?} {made_for:?}"), &path.text, diagnostic);
            }
            Program::Binary { arch, .. } if *platform == Platform::this() && !runs_here(arch) => {
                self.say("processor", &path.text, wrong_arch);
            }
            // Data files may be listed too: they are only copied.
            Program::Binary { .. } | Program::Script if !executable && *platform != Platform::Windows => {
                self.say("run bit", &path.text, not_executable(at(), &path.text));
            }
            Program::Unknown | Program::Script => {
                if let Some(misplaced) = misplaced {
                    self.say(&format!("misplaced {platform:?}"), &path.text, misplaced);
                }
            }
            Program::Binary { .. } => {}
        }
    }
}

/// The kind of host that a path names: by one of its folders, or by the end of its name.
fn platform_of(path: &str) -> Option<Platform> {
    let path = path.to_lowercase();
    if [".exe", ".cmd", ".bat", ".ps1"].iter().any(|end| path.ends_with(end)) {
        return Some(Platform::Windows);
    }
    path.split('/').rev().skip(1).find_map(|folder| match folder {
        "windows" | "win32" | "win" => Some(Platform::Windows),
        "darwin" | "macos" | "mac" | "osx" => Some(Platform::Darwin),
        "linux" => Some(Platform::Linux),
        _ => None,
    })
}

/// `docker-compose.yml` for `docker-compose.yaml`, and the reverse.
fn other_ending(path: &str) -> Option<String> {
    let to = |from: &str, to: &str| path.strip_suffix(from).map(|stem| format!("{stem}{to}"));
    to(".yml", ".yaml").or_else(|| to(".yaml", ".yml"))
}

fn runs_here(arch: Arch) -> bool {
    match arch {
        Arch::X64 => cfg!(target_arch = "x86_64"),
        Arch::Arm64 => cfg!(target_arch = "aarch64"),
        Arch::Universal => true,
        Arch::Other => false,
    }
}

fn program_is_directory(at: Location, path: &str) -> Diagnostic {
    at.warning(DiagnosticCode::ProgramIsDirectory, format!("`{path}` is a directory"))
        .effect(RancherDesktop, Source, "copies it with its content to its bin folder")
        .effect(PodmanDesktop, Source, "copies it with its content to its host folder")
        .fix("List each program separately: only files directly in the bin folder can be started by name.")
}

fn not_executable(at: Location, path: &str) -> Diagnostic {
    at.warning(DiagnosticCode::ProgramWithoutExecutePermission, format!("`{path}` isn't executable")).fix(format!(
        "Run `chmod +x {}` before copying it into the image, or copy it with `--chmod=755`.",
        path.trim_start_matches('/')
    ))
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;

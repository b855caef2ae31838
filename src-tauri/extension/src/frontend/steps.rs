//! What a package manager's command runs in a project: the scripts that it starts, and the files that change how it runs.
//! The scripts are those that npm 11, pnpm 10, Yarn 1 and 4 and Bun 1 document for their `install` and `run` commands.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{LONGEST, package::Package, source_page};
use crate::{
    names::with_slashes,
    root::{ExtensionRoot, FileProblem},
};
use porthole_base::error::{Code, Error, Result};
use porthole_process::{Command, EnvMode, Place};

/// The scripts of a package that installing it starts, in order.
const ON_INSTALL: [&str; 11] = [
    "pnpm:devPreinstall",
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "predependencies",
    "dependencies",
    "postdependencies",
];
/// Versions of a dependency that is another folder; its scripts run too.
const LOCAL: [&str; 10] = ["file:", "link:", "portal:", "workspace:", "exec:", "patch:", "./", "../", "/", "~/"];
/// Limits of what is shown of one command. One that exceeds them can't be started from the window.
const MOST_FOLDERS: usize = 32;
const MOST_SCRIPTS: usize = 40;
const MOST_ALSO: usize = 40;
const LONGEST_ALSO: usize = 200;

/// A script that a package manager's command starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PackageScript {
    /// `prebuild`
    pub name: String,
    /// Its shell line.
    pub text: String,
    /// The file that defines it, when that isn't the project's own `package.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A command of a package manager. It runs code of the extension's author: only the user starts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PackageCommand {
    /// Exactly what runs.
    pub command: Command,
    /// The scripts that this starts, in order.
    pub scripts: Vec<PackageScript>,
    /// What else decides what runs: `ui/.npmrc`.
    pub also: Vec<String>,
    /// Nothing of the scripts and of `also` is left out or cut.
    pub whole: bool,
}

/// A command of a page's project that the window can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStep {
    /// Installs its packages.
    Install,
    /// Builds the page.
    Build,
}

/// What a command starts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Starts<'a> {
    /// The scripts of an installation.
    Install,
    /// A script with those before and after it.
    Script(&'a str),
}

/// The files that change what a package manager runs, in the project's folder or above it.
fn configuration(manager: &str) -> &'static [&'static str] {
    match manager {
        "pnpm" => &[".npmrc", ".pnpmfile.cjs", ".pnpmfile.mjs", "pnpmfile.js", "pnpm-workspace.yaml"],
        "yarn" => &[".npmrc", ".yarnrc", ".yarnrc.yml", ".yarn", ".pnp.cjs", ".pnp.js", ".pnp.loader.mjs"],
        "bun" => &[".npmrc", "bunfig.toml", ".env", ".env.local", ".env.development", ".env.production"],
        _ => &[".npmrc"],
    }
}

/// The command of a project that runs this, with what it starts.
pub(super) fn command(
    root: &ExtensionRoot,
    package: &Package,
    manager: &str,
    args: &[&str],
    starts: Starts<'_>,
) -> PackageCommand {
    let mut found = Found { root, scripts: Vec::new(), also: Vec::new(), whole: true };
    for (above, folder) in package.folder.ancestors().enumerate() {
        if above == MOST_FOLDERS {
            found.whole = false;
            break;
        }
        for file in configuration(manager).iter().map(|file| folder.join(file)) {
            if found.exists(&file) {
                found.add_also(with_slashes(&file));
            }
        }
        match (starts, above) {
            (Starts::Script(name), 0) => {
                for name in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
                    found.add_script(package, &name, None);
                }
            }
            (Starts::Install, 0) => found.add_install(package, true),
            (Starts::Install, _) => found.add_workspace(folder),
            (Starts::Script(_), _) => {}
        }
        if above == 0 && package.json.get("packageManager").is_some() {
            found.add_also(format!("packageManager in {}", file_of(package)));
        }
    }
    let folder =
        root.folder(&package.folder).map_or_else(|_| root.path().join(&package.folder), |f| f.path().to_owned());
    let command = Command {
        place: Place::Host,
        program: manager.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        cwd: Some(folder.display().to_string()),
        env: Vec::new(),
        env_mode: EnvMode::default(),
        bin: None,
        user: None,
        stream: None,
        stdin: None,
        terminal: None,
        off_env: Vec::new(),
    };
    PackageCommand { command, scripts: found.scripts, also: found.also, whole: found.whole }
}

/// Reads the project of a page again, and gives the command of this step if it still is what the user was shown. `path` is
/// the extension's folder; `folder` and `file` are those of the page.
///
/// # Errors
/// [`Code::ProjectChanged`]; [`Code::ScriptsTooLong`] when not all of it could be shown.
pub fn command_as_shown(
    path: &Path,
    (folder, file): (&str, &str),
    step: ProjectStep,
    shown: &PackageCommand,
) -> Result<Command> {
    let project = ExtensionRoot::open(path).ok().and_then(|root| source_page(&root, folder, file)?.project);
    let now = project.and_then(|project| match step {
        ProjectStep::Install => project.install,
        ProjectStep::Build => project.build,
    });
    let Some(now) = now.filter(|now| now == shown) else {
        return Err(Error::new(Code::ProjectChanged, "Not started: the project changed after its scripts were shown")
            .hint("Check the scripts that are shown now, and start the command again."));
    };
    if !now.whole {
        return Err(Error::new(Code::ScriptsTooLong, "Not started: the scripts are too long to be shown completely")
            .hint("Review the project's files, and run the command in a terminal."));
    }
    Ok(now.command)
}

/// What was found for one command.
struct Found<'a> {
    root: &'a ExtensionRoot,
    scripts: Vec<PackageScript>,
    also: Vec<String>,
    whole: bool,
}

impl Found<'_> {
    /// Whether something is there. A link that leads out of the extension is: package managers follow it.
    fn exists(&self, path: &Path) -> bool {
        !matches!(self.root.entry(path), Err(FileProblem::Missing))
    }

    fn add_also(&mut self, what: String) {
        if self.also.len() >= MOST_ALSO || what.chars().count() > LONGEST_ALSO {
            self.whole = false;
        } else {
            self.also.push(what);
        }
    }

    fn add_script(&mut self, package: &Package, name: &str, file: Option<&str>) {
        if let Some(text) = package.script(name) {
            self.add(name, text, file);
        }
    }

    fn add(&mut self, name: &str, text: &str, file: Option<&str>) {
        if self.scripts.len() >= MOST_SCRIPTS {
            self.whole = false;
            return;
        }
        let is_long = text.chars().nth(LONGEST).is_some();
        self.whole &= !is_long;
        let text = if is_long { text.chars().take(LONGEST).chain(['…']).collect() } else { text.to_owned() };
        self.scripts.push(PackageScript { name: name.to_owned(), text, file: file.map(str::to_owned) });
    }

    /// What installing a package starts in it.
    fn add_install(&mut self, package: &Package, own: bool) {
        let json = file_of(package);
        for name in ON_INSTALL {
            self.add_script(package, name, (!own).then_some(json.as_str()));
        }
        let gyp = package.folder.join("binding.gyp");
        let has_own = ["preinstall", "install"].iter().any(|name| package.script(name).is_some());
        if !has_own && self.exists(&gyp) {
            self.add("install", "node-gyp rebuild", Some(&with_slashes(&gyp)));
        }
        if package.json.get("workspaces").is_some() {
            self.add_also(format!("the workspaces in {json}"));
        }
        for kind in ["dependencies", "devDependencies", "optionalDependencies"] {
            let all = package.json.get(kind).and_then(Value::as_object).into_iter().flatten();
            for (name, version) in all {
                let Some(version) = version.as_str().map(str::trim) else { continue };
                if LOCAL.iter().any(|start| version.starts_with(start)) {
                    self.add_also(format!("the dependency {name} ({version}) in {json}"));
                }
            }
        }
    }

    /// The same of a package above the project, which is installed along with it if it is the root of workspaces.
    fn add_workspace(&mut self, folder: &Path) {
        if !self.exists(&folder.join("package.json")) {
            return;
        }
        match Package::read(self.root, folder.to_owned()) {
            Some(package) => {
                let is_root =
                    package.json.get("workspaces").is_some() || self.exists(&folder.join("pnpm-workspace.yaml"));
                if is_root {
                    self.add_install(&package, false);
                }
            }
            // A package manager may read what can't be read here.
            None => self.whole = false,
        }
    }
}

fn file_of(package: &Package) -> String {
    with_slashes(&package.folder.join("package.json"))
}

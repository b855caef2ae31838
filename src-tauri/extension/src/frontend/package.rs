//! The `package.json` of a page: its commands, and the tool that they start.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{
    LARGEST,
    server::{self, DevServer},
    steps::{self, Starts},
};
// `server` has it from here.
pub(super) use super::steps::PackageCommand;
use crate::{
    names::with_slashes,
    root::{Entry, ExtensionRoot},
};

/// How far above a page its project is looked for.
const MOST_ABOVE: usize = 16;
/// Where most have their page.
const USUAL: [&str; 5] = ["", "ui", "client", "frontend", "web"];
/// The scripts that start a development server, in this order.
pub(super) const STARTS: [&str; 6] = ["dev", "start", "serve", "develop", "start:dev", "dev:ui"];

/// The project that a page is built from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct FrontendProject {
    /// Its folder, below the extension's; empty for that one itself.
    pub folder: String,
    /// The tool: `Vite`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Where its development server listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<DevServer>,
    /// Builds the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<PackageCommand>,
    /// Installs its packages, when they aren't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<PackageCommand>,
}

/// A tool that builds and serves pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tool {
    pub name: &'static str,
    programs: &'static [&'static str],
    serves: Serves,
    /// Where it listens by default.
    pub port: u16,
    /// Where it puts what it built.
    pub output: &'static str,
}

/// With which first argument a program serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Serves {
    With(&'static [&'static str]),
    Unless(&'static [&'static str]),
}

use Serves::{Unless, With};

pub(super) const VITE: &str = "Vite";
pub(super) const REACT: &str = "Create React App";
pub(super) const ANGULAR: &str = "Angular CLI";
pub(super) const VUE: &str = "Vue CLI";
pub(super) const WEBPACK: &str = "webpack";

const TOOLS: [Tool; 8] = [
    tool(VITE, &["vite"], Unless(&["build", "preview", "optimize"]), 5173, "dist"),
    tool(REACT, &["react-scripts", "react-app-rewired", "craco"], With(&["start"]), 3000, "build"),
    tool(ANGULAR, &["ng"], With(&["serve", "s", "start", "dev"]), 4200, "dist"),
    tool(VUE, &["vue-cli-service"], With(&["serve"]), 8080, "dist"),
    tool(WEBPACK, &["webpack"], With(&["serve", "server", "s"]), 8080, "dist"),
    tool(WEBPACK, &["webpack-dev-server"], Unless(&[]), 8080, "dist"),
    tool("Parcel", &["parcel"], Unless(&["build", "watch", "help"]), 1234, "dist"),
    tool("Next.js", &["next"], With(&["dev"]), 3000, "out"),
];

const fn tool(
    name: &'static str,
    programs: &'static [&'static str],
    serves: Serves,
    port: u16,
    output: &'static str,
) -> Tool {
    Tool { name, programs, serves, port, output }
}

/// A `package.json` as far as it matters.
pub(super) struct Package {
    /// Its folder, below the extension's.
    pub folder: PathBuf,
    pub json: Value,
}

impl Package {
    /// The nearest one at or above a folder of the extension. Without one, those where most have it when `elsewhere`.
    pub fn find(root: &ExtensionRoot, folder: &Path, elsewhere: bool) -> Option<Self> {
        let above = folder.ancestors().take(MOST_ABOVE).map(Path::to_owned);
        let usual = USUAL.into_iter().filter(|_| elsewhere).map(PathBuf::from);
        above.chain(usual).find_map(|folder| Self::read(root, folder))
    }

    pub fn read(root: &ExtensionRoot, folder: PathBuf) -> Option<Self> {
        let text = root.read_text(folder.join("package.json"), LARGEST).ok()?;
        let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        json.is_object().then_some(Self { folder, json })
    }

    /// The shell line of a script.
    pub fn script(&self, name: &str) -> Option<&str> {
        self.json.get("scripts")?.get(name)?.as_str()
    }

    fn depends_on(&self, package: &str) -> bool {
        ["dependencies", "devDependencies"]
            .iter()
            .any(|kind| self.json.get(kind).is_some_and(|all| all.get(package).is_some()))
    }

    /// The tool that serves the page, with the script that starts it.
    pub fn served_by(&self) -> Option<(Tool, &'static str)> {
        STARTS.into_iter().find_map(|name| {
            let line = self.script(name)?;
            TOOLS.into_iter().find(|tool| tool.call_in(line).is_some()).map(|tool| (tool, name))
        })
    }

    /// The tool that it is made with.
    pub fn tool(&self) -> Option<Tool> {
        let by_package = || {
            let packages = [
                ("vite", VITE),
                ("react-scripts", REACT),
                ("@angular/cli", ANGULAR),
                ("@vue/cli-service", VUE),
                ("webpack", WEBPACK),
                ("parcel", "Parcel"),
                ("next", "Next.js"),
            ];
            let name = packages.into_iter().find(|(package, _)| self.depends_on(package))?.1;
            TOOLS.into_iter().find(|tool| tool.name == name)
        };
        self.served_by().map(|(tool, _)| tool).or_else(by_package)
    }

    /// The project, with what can be done in it.
    pub fn project(&self, root: &ExtensionRoot) -> FrontendProject {
        let manager = self.manager(root);
        let run = |name: &str| steps::command(root, self, manager, &["run", name], Starts::Script(name));
        let has_packages = matches!(root.entry(self.folder.join("node_modules")), Ok(Entry::Directory))
            || matches!(root.entry("node_modules"), Ok(Entry::Directory));
        let install = if manager == "npm" && self.has(root, "package-lock.json") { "ci" } else { "install" };
        FrontendProject {
            folder: with_slashes(&self.folder),
            tool: self.tool().map(|tool| tool.name.to_owned()),
            server: server::find(root, self).map(|(url, from, script)| DevServer { url, from, start: script.map(run) }),
            build: self.script("build").map(|_| run("build")),
            install: (!has_packages).then(|| steps::command(root, self, manager, &[install], Starts::Install)),
        }
    }

    /// The package manager that it names, or that its lock file belongs to.
    fn manager(&self, root: &ExtensionRoot) -> &'static str {
        const LOCKS: [(&str, &str); 5] = [
            ("pnpm", "pnpm-lock.yaml"),
            ("yarn", "yarn.lock"),
            ("bun", "bun.lockb"),
            ("bun", "bun.lock"),
            ("npm", "package-lock.json"),
        ];
        let named = self.json.get("packageManager").and_then(Value::as_str).unwrap_or_default();
        let by_name = LOCKS.iter().find(|(name, _)| named.split('@').next() == Some(name));
        let by_lock = || LOCKS.iter().find(|(_, lock)| self.has(root, lock));
        by_name.or_else(by_lock).map_or("npm", |(name, _)| name)
    }

    fn has(&self, root: &ExtensionRoot, file: &str) -> bool {
        matches!(root.entry(self.folder.join(file)), Ok(Entry::File { .. }))
    }
}

impl<'l> Call<'l> {
    /// The whole of a shell line: of what isn't known only what it sets and its options are.
    pub fn line(line: &'l str) -> Self {
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        Self { before: words.clone(), args: words }
    }

    /// The files of JavaScript that it names.
    pub fn programs(&self) -> impl Iterator<Item = &'l str> {
        let ends = [".js", ".mjs", ".cjs", ".ts", ".mts"];
        self.args.iter().copied().filter(move |arg| ends.iter().any(|end| arg.ends_with(end)))
    }
}

impl Tool {
    /// The arguments and the environment of the call in a shell line that makes it serve. Not the words of a shell: the
    /// call may be in quotes, as in `concurrently "vite" "node api.js"`.
    pub fn call_in<'l>(&self, line: &'l str) -> Option<Call<'l>> {
        line.split([';', '|', '&', '\n']).find_map(|part| {
            let words: Vec<&str> = part.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
            let at = words.iter().position(|word| self.programs.contains(word))?;
            let (before, args) = (words.get(..at)?.to_vec(), words.get(at + 1..)?.to_vec());
            let first = args.first().copied().filter(|arg| !arg.starts_with('-'));
            let serves = match self.serves {
                With(verbs) => first.is_some_and(|verb| verbs.contains(&verb)),
                Unless(verbs) => !first.is_some_and(|verb| verbs.contains(&verb)),
            };
            serves.then_some(Call { before, args })
        })
    }
}

/// A program's call in a shell line, or the line.
pub(super) struct Call<'l> {
    /// Words before it: variables, or a program that sets them.
    before: Vec<&'l str>,
    args: Vec<&'l str>,
}

impl Call<'_> {
    /// The value of the first of these options that is given.
    pub fn option(&self, names: &[&str]) -> Option<&str> {
        self.args.iter().enumerate().find_map(|(at, arg)| {
            if names.contains(arg) {
                return self.args.get(at + 1).copied();
            }
            arg.split_once('=').filter(|(name, _)| names.contains(name)).map(|(_, value)| value)
        })
    }

    /// Whether one of these options is given.
    pub fn has(&self, names: &[&str]) -> bool {
        self.args.iter().any(|arg| names.contains(&arg.split('=').next().unwrap_or_default()))
    }

    /// The value of a variable that is set for it.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.before.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// The folder of the package whose build makes a path, and the script that does. A page may be built into a folder beside
/// its package; anything else only by a package that it is in.
pub fn build_script(root: &ExtensionRoot, path: &Path, is_page: bool) -> Option<(PathBuf, String)> {
    let above = path.ancestors().skip(1).take(MOST_ABOVE).map(Path::to_owned);
    let beside = USUAL.iter().filter(|_| is_page).map(PathBuf::from);
    let package = above
        .chain(beside)
        .find_map(|folder| Package::read(root, folder).filter(|package| package.script("build").is_some()))?;
    Some((package.folder, "build".to_owned()))
}

//! Where a project's development server listens, as its scripts and its configuration say.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{
    LARGEST, config_program, head,
    package::{ANGULAR, Call, Package, PackageCommand, REACT, STARTS, Tool, VITE, VUE, WEBPACK},
    scan,
};
use crate::root::ExtensionRoot;

/// How many programs that scripts name are looked at, and how many variables that an expression names.
const MOST_PROGRAMS: usize = 4;
const MOST_VARIABLES: usize = 4;
/// The files of variables that tools read, those that win first.
const ENV_FILES: [&str; 4] = [".env.development.local", ".env.local", ".env.development", ".env"];

/// A development server that a project has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct DevServer {
    /// Its address: `http://localhost:3000`.
    pub url: String,
    /// What says so: `vite.config.ts`, or the tool, whose usual port it is.
    pub from: String,
    /// Starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<PackageCommand>,
}

/// Its address, what says so, and the script that starts it.
pub(super) fn find(root: &ExtensionRoot, package: &Package) -> Option<(String, String, Option<&'static str>)> {
    let served = package.served_by();
    let Some(tool) = served.map(|(tool, _)| tool).or_else(|| package.tool()) else {
        return by_any_script(root, package);
    };
    let script = served.map(|(_, name)| name);
    let line = script.and_then(|name| package.script(name)).unwrap_or_default();
    let found = Ports { files: Files { root, folder: &package.folder }, tool, call: tool.call_in(line) };
    let config = found.config();
    let (port, from) = found
        .by_script(script)
        .or_else(|| config.port.clone())
        .or_else(|| found.by_variable())
        .unwrap_or_else(|| (tool.port, format!("the default of {}", tool.name)));
    let scheme = if config.secure || found.is_secure() { "https" } else { "http" };
    Some((format!("{scheme}://localhost:{port}"), from, script))
}

/// That of a script which starts something that isn't known, if it says a port: in its line, in the project's variables, or
/// in the program that it names.
fn by_any_script(root: &ExtensionRoot, package: &Package) -> Option<(String, String, Option<&'static str>)> {
    let files = Files { root, folder: &package.folder };
    let mut seen: Vec<&str> = Vec::new();
    let found = |name: &'static str| {
        let call = Call::line(package.script(name)?);
        let by_line = call.option(&["--port", "-p"]).or_else(|| call.variable("PORT")).and_then(port);
        let by_line = by_line.map(|port| (port, format!("package.json, script {name}")));
        let by_program = || {
            call.programs().find_map(|file| {
                // Another script has the same answer.
                if seen.len() >= MOST_PROGRAMS || seen.contains(&file) {
                    return None;
                }
                seen.push(file);
                let text = scan::without_comments(&files.read(file)?);
                files.port_in(scan::value_anywhere(&text, "port")?, file)
            })
        };
        let (port, from) = by_line.or_else(by_program)?;
        Some((format!("http://localhost:{port}"), from, Some(name)))
    };
    STARTS.into_iter().find_map(found)
}

/// The files of a project.
struct Files<'a> {
    root: &'a ExtensionRoot,
    folder: &'a Path,
}

impl Files<'_> {
    fn read(&self, file: &str) -> Option<String> {
        head(self.root, &self.folder.join(file))
    }

    /// The value of a variable in the project's files, and the name of that file.
    fn variable(&self, name: &str) -> Option<(String, String)> {
        ENV_FILES.into_iter().find_map(|file| {
            let text = self.read(file)?;
            let value = text.lines().find_map(|line| {
                let line = line.trim().trim_start_matches("export ");
                let (key, value) = line.split_once('=')?;
                (key.trim() == name).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
            });
            value.map(|value| (value, file.to_owned()))
        })
    }

    /// The port in an expression of this file: that of a variable which is set, else the number in it.
    fn port_in(&self, expression: &str, file: &str) -> Option<(u16, String)> {
        let (literal, names) = scan::port_in(expression);
        let by_variable = names.into_iter().take(MOST_VARIABLES).find_map(|name| self.variable(name));
        let by_variable = by_variable.and_then(|(value, env)| Some((port(&value)?, format!("{file} and {env}"))));
        by_variable.or_else(|| Some((literal?, file.to_owned())))
    }
}

/// What a configuration file says.
#[derive(Default)]
struct Config {
    port: Option<(u16, String)>,
    secure: bool,
}

struct Ports<'a> {
    files: Files<'a>,
    tool: Tool,
    call: Option<Call<'a>>,
}

impl Ports<'_> {
    fn by_script(&self, script: Option<&str>) -> Option<(u16, String)> {
        let call = self.call.as_ref()?;
        let text = call.option(&["--port", "-p"]).or_else(|| call.variable("PORT").filter(|_| self.reads_port()))?;
        Some((port(text)?, format!("package.json, script {}", script?)))
    }

    /// Whether the tool listens at `PORT`.
    fn reads_port(&self) -> bool {
        [REACT, VUE, "Next.js"].contains(&self.tool.name)
    }

    fn by_variable(&self) -> Option<(u16, String)> {
        // Next.js reads these files too late for it.
        let reads = [REACT, VUE].contains(&self.tool.name);
        if reads { self.files.variable("PORT").and_then(|(value, file)| Some((port(&value)?, file))) } else { None }
    }

    fn is_secure(&self) -> bool {
        let by_call = self.call.as_ref().is_some_and(|call| {
            call.has(&["--https", "--ssl"]) || call.variable("HTTPS").is_some_and(|value| value == "true")
        });
        by_call || (self.tool.name == REACT && self.files.variable("HTTPS").is_some_and(|(value, _)| value == "true"))
    }

    fn config(&self) -> Config {
        match self.tool.name {
            VITE => self.program("vite.config", "server"),
            VUE => self.program("vue.config", "devServer"),
            WEBPACK => self.program("webpack.config", "devServer"),
            ANGULAR => self.angular(),
            _ => Config::default(),
        }
    }

    /// A configuration that is a program, with the object of its server under this key.
    fn program(&self, stem: &str, key: &str) -> Config {
        let Files { root, folder } = self.files;
        let Some((text, file)) = config_program(root, folder, stem) else { return Config::default() };
        let text = scan::without_comments(&text);
        let Some(server) = scan::object(&text, key) else { return Config::default() };
        let secure = scan::value(server, "https").is_some_and(|value| value != "false");
        let port = scan::value(server, "port").and_then(|value| self.files.port_in(value, &file));
        Config { port, secure }
    }

    fn angular(&self) -> Config {
        let path = self.files.folder.join("angular.json");
        let Some(json) = self.files.root.read_text(path, LARGEST).ok().and_then(|text| angular_json(&text)) else {
            return Config::default();
        };
        let serve = angular_target(&json, "serve");
        let mut found = Config::default();
        for target in serve {
            let options = target.get("options");
            let developing = target.get("configurations").and_then(|all| all.get("development"));
            for options in [developing, options].into_iter().flatten() {
                let port = options.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
                found.port = found.port.or_else(|| Some((port.filter(|port| *port > 0)?, "angular.json".to_owned())));
                found.secure |= options.get("ssl") == Some(&Value::Bool(true));
            }
        }
        found
    }
}

/// The text of an `angular.json`, which may have comments.
pub(super) fn angular_json(text: &str) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&scan::without_comments(text))).ok()
}

/// A target of each of its projects: `build`, `serve`.
pub(super) fn angular_target<'j>(json: &'j Value, name: &'j str) -> impl Iterator<Item = &'j Value> {
    let projects = json.get("projects").and_then(Value::as_object).into_iter().flat_map(|all| all.values());
    projects.filter_map(move |project| project.get("architect").or_else(|| project.get("targets"))?.get(name))
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

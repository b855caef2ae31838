//! A page with a source as its first file, and what can be shown in its place.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{
    LARGEST, config_program, head, html,
    package::{ANGULAR, FrontendProject, Package, VITE, VUE},
    scan,
    server::{angular_json, angular_target},
};
use crate::{
    dockerfile::{self, Dockerfile, Provision, Search},
    names::with_slashes,
    root::{ExtensionRoot, FileProblem, below},
};

/// Where builds put pages, as the tools have it when their configuration says nothing else.
const OUTPUTS: [&str; 5] = ["build", "dist", "out", "build/client", "public"];
/// How many folders are tried.
const MOST_OUTPUTS: usize = 16;

/// A page that has to be built before a browser can show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SourcePage {
    /// The file, below the extension's folder: `ui/index.html`.
    pub file: String,
    /// What shows it, as written in the file: `src="/src/main.tsx"`. Absent when the file isn't there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
    /// The project that the page is built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<FrontendProject>,
    /// The built page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<BuiltPage>,
}

/// The folder that a build puts the page into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct BuiltPage {
    /// The folder, below the extension's: `ui/build`.
    pub folder: String,
    /// The page is in it.
    pub exists: bool,
    /// The instruction of the Dockerfile that copies from it: `COPY ui/build ui`. Absent when only the build's
    /// configuration names the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The line of that instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Looks whether the page in this folder, with this first file, is a source; or why it is not there at all, where a project
/// can build it. `None` for a page that a browser can show.
pub fn source_page(root: &ExtensionRoot, folder: &str, file: &str) -> Option<SourcePage> {
    let (folder, file) = (below(folder)?, below(file)?);
    let path = folder.join(&file);
    let is_there = match root.file(&path) {
        Ok(_) => true,
        Err(FileProblem::Missing) => false,
        // A path that leads out or isn't a regular file is no source: the reason is reported elsewhere.
        Err(_) => return None,
    };
    let within = path.parent().unwrap_or(Path::new(""));
    let package = Package::find(root, within, !is_there);
    let has_build = package.as_ref().is_some_and(|package| package.tool().is_some());
    let sign = sign_of(root, &path, has_build);
    if is_there == sign.is_none() || (!is_there && package.is_none()) {
        return None;
    }
    Some(SourcePage {
        file: with_slashes(&path),
        sign,
        project: package.as_ref().map(|package| package.project(root)),
        built: built(root, &folder, &file, package.as_ref()),
    })
}

/// The folder of the built page, where it is there.
pub fn built_folder(root: &ExtensionRoot, folder: &str, file: &str) -> Option<String> {
    let (folder, file) = (below(folder)?, below(file)?);
    let within = folder.join(&file);
    let package = Package::find(root, within.parent()?, true);
    built(root, &folder, &file, package.as_ref()).filter(|built| built.exists).map(|built| built.folder)
}

fn sign_of(root: &ExtensionRoot, path: &Path, has_build: bool) -> Option<String> {
    html::sign(&head(root, path)?, has_build)
}

/// The folder that the Dockerfile copies the page from; else where the build puts it.
fn built(root: &ExtensionRoot, folder: &Path, file: &Path, package: Option<&Package>) -> Option<BuiltPage> {
    let outputs = package.map(|package| outputs(root, package)).unwrap_or_default();
    let is_built = |output: &Path| {
        let page = output.join(file);
        // What is copied as it is is no built page.
        root.file(&page).is_ok() && sign_of(root, &page, false).is_none()
    };
    let of = |output: &Path, by: Option<dockerfile::Instruction>| BuiltPage {
        folder: with_slashes(output),
        exists: is_built(output),
        line: by.as_ref().map(|by| by.line),
        by: by.map(|by| by.text),
    };
    let text = root.read_text(dockerfile::FILE, dockerfile::LARGEST).ok();
    if let Some(dockerfile) = text.and_then(|text| Dockerfile::read(&text).ok()) {
        let page = folder.join(file);
        let in_image = with_slashes(&page);
        let mut search = Search::new(&dockerfile, root);
        let copied = |output: &PathBuf| {
            let from = output.join(file);
            search.assume(Some(&with_slashes(&from)));
            match search.find(&in_image) {
                Provision::Context { path, by } if path == from && output != folder => Some((output.clone(), by)),
                _ => None,
            }
        };
        if let Some((output, by)) = outputs.iter().find_map(copied) {
            return Some(of(&output, Some(by)));
        }
        search.assume(None);
        let copies = match search.find(&in_image) {
            Provision::Context { path, by } if path != page => Some((path.parent()?.to_owned(), by)),
            Provision::NotBuilt { path, by } if path.ends_with(file) => Some((path.parent()?.to_owned(), by)),
            Provision::NotBuilt { path, by } => Some((path, by)),
            _ => None,
        };
        if let Some((output, by)) = copies {
            return Some(of(&output, Some(by)));
        }
    }
    // The first is what the configuration says.
    outputs.iter().find(|output| is_built(output)).or(outputs.first()).map(|output| of(output, None))
}

/// Folders that a project's build may put the page into, the likeliest first.
fn outputs(root: &ExtensionRoot, package: &Package) -> Vec<PathBuf> {
    let tool = package.tool();
    let mut outputs: Vec<PathBuf> = Vec::new();
    let mut add = |output: &str| {
        let Some(output) = below(package.folder.join(output)) else { return };
        if outputs.len() < MOST_OUTPUTS && !outputs.contains(&output) && output != package.folder {
            outputs.push(output);
        }
    };
    match tool.map(|tool| tool.name) {
        Some(name @ (VITE | VUE)) => {
            let (stem, key) = if name == VITE { ("vite.config", "outDir") } else { ("vue.config", "outputDir") };
            let text = config_program(root, &package.folder, stem).map(|(text, _)| scan::without_comments(&text));
            if let Some(output) =
                text.as_deref().and_then(|text| scan::value_anywhere(text, key)).and_then(scan::text_of)
            {
                add(output);
            }
        }
        Some(ANGULAR) => {
            let text = root.read_text(package.folder.join("angular.json"), LARGEST).ok();
            let json = text.and_then(|text| angular_json(&text)).unwrap_or(Value::Null);
            for target in angular_target(&json, "build") {
                let path = target.get("options").and_then(|options| options.get("outputPath"));
                let path = path.and_then(|path| path.as_str().or_else(|| path.get("base")?.as_str()));
                if let Some(path) = path {
                    // Newer builders put the part for browsers into its own folder.
                    add(&format!("{path}/browser"));
                    add(path);
                }
            }
        }
        _ => {}
    }
    for output in tool.map(|tool| tool.output).into_iter().chain(OUTPUTS) {
        add(output);
    }
    outputs
}

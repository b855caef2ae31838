//! The project that an extension's page is built from: how it is built, where its development server listens, and whether
//! a page is a source that no browser can run. All of it is read from files, and nothing is executed.

use std::{io::Read, path::Path};

use super::ExtensionRoot;

mod html;
mod package;
mod scan;
mod server;
mod source_page;
mod steps;
#[cfg(test)]
mod steps_tests;
#[cfg(test)]
mod tests;

pub use package::FrontendProject;
pub(super) use package::build_script;
pub use server::DevServer;
pub use source_page::{BuiltPage, SourcePage};
pub(super) use source_page::{built_folder, source_page};
pub(super) use steps::command_as_shown;
pub use steps::{PackageCommand, PackageScript, ProjectStep};

/// The most bytes of a configuration file that is JSON: it is read whole or not at all.
const LARGEST: u64 = 1024 * 1024;
/// The most bytes of a page or a program that are looked at.
const HEAD: u64 = 64 * 1024;

/// The first part of a page or a program.
fn head(root: &ExtensionRoot, path: &Path) -> Option<String> {
    let mut head = Vec::new();
    root.file(path).ok()?.file.take(HEAD).read_to_end(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head).into_owned())
}

/// A configuration file that is a program, of this name without its end: its first part, and its whole name.
fn config_program(root: &ExtensionRoot, folder: &Path, stem: &str) -> Option<(String, String)> {
    ["ts", "js", "mjs", "mts", "cjs", "cts"].into_iter().find_map(|end| {
        let file = format!("{stem}.{end}");
        Some((head(root, &folder.join(&file))?, file))
    })
}

/// What is handed on of a text that an extension brings, in characters.
const LONGEST: usize = 4_000;

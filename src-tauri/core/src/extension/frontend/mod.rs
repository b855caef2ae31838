//! The project that an extension's page is built from: how it is built, where its development server listens, and whether
//! a page is a source that no browser can run. All of it is read from files, and nothing is executed.

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

/// The most bytes of a configuration file that are read.
const LARGEST: u64 = 1024 * 1024;

/// What is handed on of a text that an extension brings, in characters.
const LONGEST: usize = 4_000;

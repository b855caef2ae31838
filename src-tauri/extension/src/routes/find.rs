//! Where descriptions of an API usually are.

use std::path::Path;

use super::LARGEST;
use crate::root::{ExtensionRoot, FileProblem};
use porthole_base::error::{Code, Error, Result};

/// The paths of a backend that usually have one.
pub const AT_BACKEND: [&str; 4] = ["/openapi.json", "/swagger.json", "/v3/api-docs", "/openapi.yaml"];

const NAMES: [&str; 5] = ["openapi.json", "openapi.yaml", "openapi.yml", "swagger.json", "swagger.yaml"];
/// The folders of an extension that are looked in.
const FOLDERS: [&str; 6] = [".", "docs", "api", "backend", "vm", "service"];

/// The description in an extension's folder, with its path in the folder.
///
/// # Errors
/// [`Code::RoutesUnreadable`] when there is one that can't be read.
pub fn in_extension(folder: &Path) -> Result<Option<(String, Vec<u8>)>> {
    let unreadable = |name: &str, problem: FileProblem| {
        Error::new(Code::RoutesUnreadable, format!("{name} can't be read: {problem}"))
    };
    let root = ExtensionRoot::open(folder).map_err(|problem| unreadable(&folder.display().to_string(), problem))?;
    for below in FOLDERS {
        for name in NAMES {
            let path = if below == "." { name.to_owned() } else { format!("{below}/{name}") };
            match root.read(&path, LARGEST) {
                Ok(content) => return Ok(Some((path, content))),
                Err(FileProblem::Missing) => {}
                Err(problem) => return Err(unreadable(&path, problem)),
            }
        }
    }
    Ok(None)
}

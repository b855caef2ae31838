//! Where the demo extension is: a folder that ships with Porthole, and that a build from source puts into
//! `target`.

use std::{
    env,
    path::{Path, PathBuf},
};

use porthole_extension as extension;

/// The folder's name, among the resources of a package and in `target`.
const NAME: &str = "demo-extension";
/// Names another folder.
const VARIABLE: &str = "PORTHOLE_DEMO_EXTENSION";

/// The folder of the demo extension, where there is one.
pub fn demo_extension(resources: Option<PathBuf>) -> Option<PathBuf> {
    place(env::var_os(VARIABLE).map(PathBuf::from), resources, env::current_exe().ok())
}

/// The folder that the variable names, or none if it isn't an extension: no other folder is used instead. Without the
/// variable, the package's folder, or the one beside the executable's folder (`target/debug/porthole`).
fn place(named: Option<PathBuf>, resources: Option<PathBuf>, executable: Option<PathBuf>) -> Option<PathBuf> {
    let is_one = |folder: &PathBuf| folder.join(extension::FILE).is_file();
    if let Some(named) = named.filter(|named| !named.as_os_str().is_empty()) {
        return Some(named).filter(is_one);
    }
    let beside = executable.as_deref().and_then(|path| path.ancestors().nth(2)).map(Path::to_owned);
    [resources, beside].into_iter().flatten().map(|at| at.join(NAME)).find(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_one_named_or_the_packages_or_that_in_target() {
        let all = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = all.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("metadata.json"), "{}").unwrap();
            folder
        };
        let (resources, target) = (all.path().join("lib"), all.path().join("target"));
        let executable = || Some(target.join("debug/porthole"));
        assert_eq!(place(None, Some(resources.clone()), executable()), None);
        let built = folder("target/demo-extension");
        assert_eq!(place(None, Some(resources.clone()), executable()), Some(built));
        let shipped = folder("lib/demo-extension");
        assert_eq!(place(None, Some(resources.clone()), executable()), Some(shipped.clone()));
        let named = folder("named");
        assert_eq!(place(Some(named.clone()), Some(resources.clone()), executable()), Some(named));
        assert_eq!(place(Some("/nowhere".into()), Some(resources.clone()), executable()), None);
        assert_eq!(place(Some("".into()), Some(resources), None), Some(shipped));
        assert_eq!(place(None, None, None), None);
    }
}

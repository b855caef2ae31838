//! The files that a manifest names: whether they are there, and what they are.

use std::path::{Component, Path, PathBuf};

use super::{
    manifest::{Binary, Manifest, Named, Platform},
    program::{Arch, Program},
    remark::{Remark, Weight},
};
use crate::runtime::{
    Certainty::Source,
    Runtime::{PodmanDesktop, RancherDesktop},
};

/// The first bytes of a program that are looked at.
const HEAD: usize = 1024;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Whether it may be executed.
        executable: bool,
        /// Its first bytes.
        head: Vec<u8>,
    },
}

/// Where the files are: a folder, or an image.
pub trait Files {
    /// What stands at a path from the root.
    fn entry(&self, path: &Path) -> Entry;
}

impl Files for &Path {
    fn entry(&self, path: &Path) -> Entry {
        let path = self.join(path);
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => Entry::Directory,
            Ok(found) => Entry::File { executable: executable(&found), head: head(&path).unwrap_or_default() },
            Err(_) => Entry::Missing,
        }
    }
}

#[cfg(unix)]
fn executable(found: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_: &std::fs::Metadata) -> bool {
    true
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(std::fs::File::open(path)?, HEAD as u64), &mut head)?;
    Ok(head)
}

/// A path of the manifest below the root, with or without a slash before it; none when it leads out.
pub(super) fn below(path: &str) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => below.push(part),
            Component::ParentDir => below.pop().then_some(())?,
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    Some(below)
}

/// A file below the root, wherever links lead to; none when it is out of the root, or no plain file.
pub(super) fn inside(root: &Path, path: &Path) -> Option<PathBuf> {
    let found = root.join(path).canonicalize().ok()?;
    (found.starts_with(root.canonicalize().ok()?) && found.is_file()).then_some(found)
}

/// Adds what is to be said about the files below a root.
///
/// A folder of sources need not hold what its image will: a file that is not there is said as
/// such and no more.
pub(super) fn check(manifest: &Manifest, text: &str, files: impl Files, remarks: &mut Vec<Remark>) {
    let checks = Checks { text, files };
    let tab = manifest.tab.as_ref();
    let page = tab.and_then(|tab| Some(format!("{}/{}", tab.root.as_ref()?.text, tab.src.as_ref()?.text)));
    remarks.extend(manifest.icon.as_ref().and_then(|icon| checks.file(icon, &icon.text, "icon")));
    if let (Some(tab), Some(page)) = (tab, page)
        && let Some(src) = &tab.src
    {
        remarks.extend(checks.file(src, &page, "ui.dashboard-tab.src"));
    }
    if let Some(compose) = manifest.backend.as_ref().and_then(|backend| backend.composefile.as_ref()) {
        remarks.extend(checks.file(compose, &compose.text, "vm.composefile"));
    }
    for binary in &manifest.binaries {
        remarks.extend(checks.program(binary));
    }
}

struct Checks<'t, F> {
    text: &'t str,
    files: F,
}

impl<F: Files> Checks<'_, F> {
    fn found(&self, named: &Named, path: &str, key: &str) -> std::result::Result<Entry, Remark> {
        let broken = |wrong: String| Remark::at(self.text, named.at, key, Weight::Broken).wrong(wrong);
        let Some(path) = below(path) else {
            return Err(broken(format!("`{path}` leads out of the image")).mend("Write a path from the image's root."));
        };
        match self.files.entry(&path) {
            Entry::Missing => Err(broken(format!("there is no `{}` here", path.display())).mend(
                "Build it, or mend the path; it counts what the image holds, so this may only be a folder of sources.",
            )),
            entry => Ok(entry),
        }
    }

    fn file(&self, named: &Named, path: &str, key: &str) -> Option<Remark> {
        match self.found(named, path, key) {
            Ok(Entry::Directory) => Some(
                Remark::at(self.text, named.at, key, Weight::Broken)
                    .wrong(format!("`{path}` is a directory"))
                    .mend("Name a file."),
            ),
            Ok(_) => None,
            Err(remark) => Some(remark),
        }
    }

    fn program(&self, binary: &Binary) -> Option<Remark> {
        let Binary { platform, path } = binary;
        let key = "host.binaries";
        let remark = |weight| Remark::at(self.text, path.at, key, weight);
        let (executable, head) = match self.found(path, &path.text, key) {
            Err(missing) => {
                return Some(missing.effect(
                    RancherDesktop,
                    Source,
                    "refuses to install the extension on that kind of host",
                ));
            }
            Ok(Entry::File { executable, head }) => (executable, head),
            Ok(_) => {
                return Some(
                    remark(Weight::Odd)
                        .wrong(format!("`{}` is a directory", path.text))
                        .effect(RancherDesktop, Source, "copies it with all that is in it into its bin folder")
                        .effect(PodmanDesktop, Source, "copies it with all that is in it into its host folder")
                        .mend("Name each program: only what is directly in the bin folder can be started by its name."),
                );
            }
        };
        match Program::of(&head) {
            Program::Binary { platform: made_for, .. } if made_for != *platform => Some(
                remark(Weight::Broken)
                    .wrong(format!("`{}` is listed for {platform:?} and is a program for {made_for:?}", path.text))
                    .mend("List the file that was built for that host."),
            ),
            Program::Binary { arch, .. } if *platform == Platform::this() && !runs_here(arch) => Some(
                remark(Weight::Odd)
                    .wrong(format!(
                        "`{}` is not built for this machine's processor ({})",
                        path.text,
                        std::env::consts::ARCH
                    ))
                    .mend("Build the image for each processor, with the program that fits it."),
            ),
            _ if !executable && *platform != Platform::Windows => {
                Some(remark(Weight::Broken).wrong(format!("`{}` has no run bit", path.text)).mend(format!(
                    "chmod +x {} before it is copied into the image.",
                    path.text.trim_start_matches('/')
                )))
            }
            _ => None,
        }
    }
}

fn runs_here(arch: Arch) -> bool {
    match arch {
        Arch::X64 => cfg!(target_arch = "x86_64"),
        Arch::Arm64 => cfg!(target_arch = "aarch64"),
        Arch::Universal => true,
        Arch::Other => false,
    }
}

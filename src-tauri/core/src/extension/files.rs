//! The files that a manifest names: whether they are there, and what they are.

use super::{
    manifest::{Binary, Manifest, Named, Platform},
    program::{Arch, Program},
    remark::{Remark, Weight},
    root::{Entry, ExtensionRoot, FileProblem},
};
use crate::runtime::{
    Certainty::Source,
    Runtime::{PodmanDesktop, RancherDesktop},
};

/// Adds what is to be said about the files below a root.
///
/// A folder of sources need not hold what its image will: a file that is not there is said as
/// such and no more.
pub(super) fn check(manifest: &Manifest, text: &str, root: &ExtensionRoot, remarks: &mut Vec<Remark>) {
    let checks = Checks { text, root };
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

struct Checks<'t> {
    text: &'t str,
    root: &'t ExtensionRoot,
}

impl Checks<'_> {
    fn found(&self, named: &Named, path: &str, key: &str) -> std::result::Result<Entry, Remark> {
        let broken = |wrong: String| Remark::at(self.text, named.at, key, Weight::Broken).wrong(wrong);
        let shown = path.trim_start_matches('/');
        self.root.entry(path).map_err(|problem| match problem {
            FileProblem::Missing => broken(format!("there is no `{shown}` here")).mend(
                "Build it, or mend the path; it counts what the image holds, so this may only be a folder of sources.",
            ),
            FileProblem::Outside => broken(format!("`{path}` leads out of the image"))
                .mend("Write a path from the image's root, with no link that leads out of it."),
            problem => broken(format!("`{path}` can't be read: {problem}")).mend("Name a regular file."),
        })
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

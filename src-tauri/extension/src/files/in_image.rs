//! The paths of a manifest, judged by what is in the image that the folder builds.

use super::{Checks, InsideImage, Provision};
use crate::root::{Entry, FileProblem};
use porthole_sdk::diagnostic::{DiagnosticCode, Location};
use porthole_sdk::runtime::{Certainty::Source, Runtime::RancherDesktop};

impl Checks<'_> {
    /// The entry that the image has at a path. What the Dockerfile does with the path counts where the image can't tell: in
    /// an image that is older than its sources, and for a path that isn't built yet.
    pub(super) fn in_image(
        &mut self,
        place: Location,
        path: &str,
        shown: &str,
        effect: &str,
        inside: InsideImage<'_>,
        provision: Option<Provision>,
    ) -> Option<Entry> {
        let (key, name) = (place.key.clone(), inside.name);
        match (inside.root.entry(path), provision) {
            (Ok(entry), provision) => {
                let next = provision.filter(|provision| matches!(provision, Provision::Nothing { .. }));
                if let Some(next) = next.filter(|_| inside.is_outdated) {
                    // The image that is built next won't have it.
                    self.by_dockerfile(place, path, shown, effect, next);
                    self.paths.pop();
                }
                self.status(&key, path, format!("in the image `{name}`"));
                Some(entry)
            }
            (Err(FileProblem::Missing), Some(provision @ Provision::NotBuilt { .. })) => {
                self.by_dockerfile(place, path, shown, effect, provision);
                if let Some(last) = self.paths.last_mut() {
                    last.status = format!("not in the image `{name}`; {}", last.status);
                }
                None
            }
            (Err(FileProblem::Missing), provision) => {
                let summary = format!("The image `{name}` has no `{shown}`");
                let is_provided = matches!(provision, Some(Provision::Context { .. }));
                let diagnostic = if is_provided || inside.is_outdated {
                    place
                        .warning(DiagnosticCode::ImageFileMissing, summary)
                        .fix("Build the image again, or correct the path: it's a path in the image.")
                } else {
                    let diagnostic =
                        place.error(DiagnosticCode::ImageFileMissing, summary).effect(RancherDesktop, Source, effect);
                    diagnostic.fix("Copy it into the last stage, or correct the path: it's a path in the image.")
                };
                self.status(&key, path, format!("not in the image `{name}`"));
                self.say("missing", shown, diagnostic);
                None
            }
            (Err(problem), _) => {
                let summary = format!("`{path}` can't be read in the image `{name}`: {problem}");
                self.status(&key, path, format!("not readable in the image `{name}`"));
                self.say(
                    &format!("unreadable {shown}"),
                    shown,
                    place.error(DiagnosticCode::ImageFileUnreadable, summary).fix("Name a regular file."),
                );
                None
            }
        }
    }
}

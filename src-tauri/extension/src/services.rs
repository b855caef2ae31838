//! What is to be said against the compose file that a manifest names, and against where a Mac would have the socket.

use std::path::Path;

use super::{
    Names,
    compose::{self, ComposeSource, Input},
    dockerfile::{self, Dockerfile, Search},
    files::FileSource,
    location,
    manifest::{Manifest, Platform},
    root::below,
    start::environment,
};
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode};
use porthole_sdk::runtime::{Certainty::Reported, Runtime::DockerDesktop};

/// Bytes that a socket's path may have on macOS.
const MAC_LIMIT: usize = 103;
/// A home there, of a name that is not long.
const MAC_HOME: &str = "/Users/someone";

/// Adds what is to be said about the compose file and what it leads to, where it is there. A folder is judged by the
/// image that its Dockerfile makes of it.
pub fn check(manifest: &Manifest, place: FileSource<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(backend) = &manifest.backend else { return };
    let Some(file) = backend.composefile.as_ref().and_then(|named| below(&named.text)) else { return };
    let folder = match place {
        FileSource::Folder(root) | FileSource::Built(root, _) => Some(root),
        FileSource::Image(_) => None,
    };
    let dockerfile = folder.and_then(|root| root.read_text(dockerfile::FILE, dockerfile::LARGEST).ok());
    let dockerfile = dockerfile.and_then(|text| Dockerfile::read(&text).ok());
    let search = folder.zip(dockerfile.as_ref()).map(|(root, dockerfile)| Search::new(dockerfile, root));
    let source = match (place, &search) {
        (FileSource::Image(root), _) => ComposeSource::Image(root),
        (FileSource::Folder(context) | FileSource::Built(context, _), Some(search)) => {
            ComposeSource::Built { context, search }
        }
        (FileSource::Folder(root) | FileSource::Built(root, _), None) => ComposeSource::Folder(root),
    };
    let mut environment = environment::small();
    // It represents itself: an image's name is only known where it is installed.
    environment.insert(compose::OWN_IMAGE.to_owned(), format!("${{{}}}", compose::OWN_IMAGE));
    let input = Input { source, file: &file, environment, has_socket: backend.socket.is_some() };
    diagnostics.extend(compose::read(input).diagnostics);
}

/// What is to be said about the socket's path on a Mac, of an extension with an image name.
pub(super) fn on_a_mac(manifest: &Manifest, text: &str, names: &Names) -> Option<Diagnostic> {
    let socket = manifest.backend.as_ref()?.socket.as_ref()?;
    let file = Path::new(&socket.text).file_name()?.to_str()?;
    let path = names.socket_on_host(Platform::Darwin, MAC_HOME, file);
    let bytes = path.len();
    (bytes > MAC_LIMIT).then(|| {
        location::at(text, socket.at, "vm.exposes.socket")
            .warning(DiagnosticCode::SocketPathLongOnMacos, format!(
                "On macOS the socket's path has {bytes} bytes with a home such as {MAC_HOME}; the limit is {MAC_LIMIT}"
            ))
            .effect(DockerDesktop, Reported, format!("creates it at {path}"))
            .fix("Shorten the file name or the image's name: both are part of the path.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check_folder, read};

    fn said(compose: &str, vm: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("metadata.json"), format!(r#"{{"icon": "i", "vm": {vm}}}"#)).unwrap();
        std::fs::write(folder.path().join("i"), "").unwrap();
        std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let checked = check_folder(folder.path()).unwrap();
        checked
            .diagnostics
            .into_iter()
            .filter(|diagnostic| diagnostic.location.as_ref().is_some_and(|at| at.file.is_some()))
            .map(|diagnostic| diagnostic.summary)
            .collect()
    }

    const VM: &str = r#"{"composefile": "compose.yaml", "exposes": {"socket": "b.sock"}}"#;

    #[test]
    fn services_without_the_own_image_and_ports_are_said_and_others_are_not() {
        let healthy = "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}'}}";
        assert_eq!(said(healthy, VM), [] as [String; 0]);
        assert_eq!(said("services: {web: {image: nginx}}", VM), ["No service runs the extension's own image"]);
        let ports = "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}', ports: ['80:80']}}";
        assert_eq!(said(ports, VM), ["The service `web` publishes a port"]);
        assert_eq!(said(&ports.replace("['80:80']", "[]"), VM), [] as [String; 0]);
    }

    #[test]
    fn a_compose_file_that_cannot_be_read_is_said_in_the_manifests_report() {
        let said = said("a: [", VM);
        assert!(said[0].contains("can't be read at line"), "{said:?}");
    }

    #[test]
    fn a_path_that_is_too_long_on_a_mac_is_said_when_the_image_has_a_name() {
        let manifest = |socket: &str| {
            let text = format!(r#"{{"vm": {{"image": "x", "exposes": {{"socket": "{socket}"}}}}}}"#);
            (read(&text).unwrap().0, text)
        };
        let names = Names::of_image("acme/volumes:1");
        let (short, text) = manifest("b.sock");
        assert_eq!(on_a_mac(&short, &text, &names), None);
        let (long, text) = manifest("the-backend-of-volumes.sock");
        assert!(on_a_mac(&long, &text, &names).unwrap().summary.contains("the limit is 103"));
    }
}

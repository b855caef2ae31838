//! What is odd about a manifest that can be read: each rule a small function, listed once.

use super::{
    location,
    manifest::{Backend, Manifest, Named, Tab},
};
use porthole_base::{error::Result, reference::ImageRef};
use porthole_http::endpoint::PATH_LIMIT;
use porthole_sdk::{
    diagnostic::{Diagnostic, DiagnosticCode, Location},
    runtime::{
        Certainty::{Documented, Inferred, Source},
        Runtime::{DockerDesktop, PodmanDesktop, RancherDesktop},
    },
};

/// File names that Rancher Desktop tries in the folder of the compose file, whatever it is called.
const COMPOSE_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

struct LintContext<'a> {
    manifest: &'a Manifest,
    text: &'a str,
}

type Rule = fn(&LintContext<'_>) -> Option<Diagnostic>;

const RULES: [Rule; 14] = [
    no_icon,
    both_image_and_composefile,
    neither_image_nor_composefile,
    compose_name,
    image_of_another,
    image_name,
    socket_is_a_path,
    no_socket,
    page_without_backend,
    sockets_differ,
    tab_without_root,
    tab_without_src,
    tab_without_title,
    nothing_at_all,
];

/// Adds what the rules say.
pub fn check(manifest: &Manifest, text: &str, diagnostics: &mut Vec<Diagnostic>) {
    let context = LintContext { manifest, text };
    let found: Vec<_> = RULES.iter().filter_map(|rule| rule(&context)).collect();
    // A value that couldn't be read is reported once, not also as missing.
    let read = |diagnostic: &Diagnostic| {
        diagnostic.key().is_empty() || diagnostics.iter().all(|known| known.key() != diagnostic.key())
    };
    let found: Vec<_> = found.into_iter().filter(read).collect();
    diagnostics.extend(found);
}

impl LintContext<'_> {
    fn at(&self, place: &Named, key: &str) -> Location {
        location::at(self.text, place.at, key)
    }

    fn whole(&self) -> Location {
        location::at(self.text, 0, "")
    }

    fn backend(&self) -> Option<&Backend> {
        self.manifest.backend.as_ref()
    }

    fn tab(&self) -> Option<&Tab> {
        self.manifest.tab.as_ref()
    }
}

fn no_icon(context: &LintContext<'_>) -> Option<Diagnostic> {
    let none = context.manifest.icon.as_ref().is_none_or(|icon| icon.text.is_empty());
    none.then(|| {
        Location { key: "icon".into(), ..context.whole() }
            .error(DiagnosticCode::IconMissing, "The manifest has no `icon`")
            .effect(DockerDesktop, Inferred, "shows a default icon")
            .effect(RancherDesktop, Source, "refuses to install the extension")
            .fix("Add an icon to the image and set it here, for example \"icon\": \"icon.svg\".")
    })
}

fn both_image_and_composefile(context: &LintContext<'_>) -> Option<Diagnostic> {
    let Backend { image: Some(image), composefile: Some(_), .. } = context.backend()? else { return None };
    Some(
        context
            .at(image, "vm.image")
            .warning(
                DiagnosticCode::ImageAndComposefile,
                "Both `image` and `composefile` are set, but only one of them is used",
            )
            .effect(DockerDesktop, Documented, "requires one of the two; which one it uses isn't documented")
            .effect(RancherDesktop, Source, "uses the image and ignores the compose file")
            .fix("Keep one: the image for a single service, the compose file for more."),
    )
}

fn neither_image_nor_composefile(context: &LintContext<'_>) -> Option<Diagnostic> {
    let backend = context.backend()?;
    if backend.image.is_some() || backend.composefile.is_some() {
        return None;
    }
    // An empty `vm` is what some generators write for an extension without a backend.
    let socket = backend.socket.as_ref()?;
    Some(
        context
            .at(socket, "vm.exposes.socket")
            .error(
                DiagnosticCode::ImageOrComposefileMissing,
                "`exposes` names a socket, but neither `image` nor `composefile` is set",
            )
            .effect(RancherDesktop, Source, "starts no container")
            .fix("Add \"image\": \"${DESKTOP_PLUGIN_IMAGE}\" or a composefile to vm."),
    )
}

fn compose_name(context: &LintContext<'_>) -> Option<Diagnostic> {
    let file = context.backend()?.composefile.as_ref()?;
    let name = file.text.rsplit('/').next().unwrap_or_default();
    (!COMPOSE_NAMES.contains(&name)).then(|| {
        context
            .at(file, "vm.composefile")
            .note(DiagnosticCode::ComposeFileName, format!("Rancher Desktop before 1.10 doesn't find the compose file `{name}`"))
            .effect(
                RancherDesktop,
                Source,
                "before 1.10: looks only for compose.yaml, compose.yml, docker-compose.yaml and docker-compose.yml in that folder",
            )
            .fix("Rename it to compose.yaml to support versions before 1.10.")
    })
}

fn image_of_another(context: &LintContext<'_>) -> Option<Diagnostic> {
    let image = context.backend()?.image.as_ref()?;
    (!super::names::names_own_image(&image.text) && named_image(image).is_ok()).then(|| {
        context
            .at(image, "vm.image")
            .warning(DiagnosticCode::ImageNotOwn, format!("The backend runs in `{}` instead of ${{DESKTOP_PLUGIN_IMAGE}}", image.text))
            .effect(DockerDesktop, Documented, "runs it: any image is allowed")
            .fix("Use ${DESKTOP_PLUGIN_IMAGE} if this is the extension's own image, so that the installed version is used.")
    })
}

/// The image that a manifest names, with any name for the extension's own.
fn named_image(image: &Named) -> Result<ImageRef> {
    super::names::image_in_place(&image.text, "own").parse()
}

fn image_name(context: &LintContext<'_>) -> Option<Diagnostic> {
    let image = context.backend()?.image.as_ref()?;
    let error = named_image(image).err()?;
    Some(context.at(image, "vm.image").error(DiagnosticCode::ImageNameInvalid, error.message).fix(
        "Write ${DESKTOP_PLUGIN_IMAGE} for the extension's own image, or an image name that `docker pull` accepts.",
    ))
}

fn socket_is_a_path(context: &LintContext<'_>) -> Option<Diagnostic> {
    let sockets = [
        ("vm.exposes.socket", context.backend().and_then(|backend| backend.socket.as_ref())),
        ("ui.dashboard-tab.backend.socket", context.tab().and_then(|tab| tab.socket.as_ref())),
    ];
    sockets.into_iter().find_map(|(key, socket)| {
        let socket = socket?;
        let inside = super::Names::socket_inside(&socket.text);
        let summary = if socket.text.is_empty() {
            "The socket's name is empty".to_owned()
        } else if socket.text.contains(['/', '\\']) {
            format!("`{}` is a path, but a socket is set by its file name", socket.text)
        } else if inside.len() > PATH_LIMIT {
            format!("`{inside}` has {} bytes; a socket path can have at most {PATH_LIMIT}", inside.len())
        } else {
            return None;
        };
        let diagnostic = context.at(socket, key).error(DiagnosticCode::SocketNameInvalid, summary);
        Some(
            diagnostic.fix("Use a short file name such as backend.sock; the socket is created in /run/guest-services."),
        )
    })
}

fn no_socket(context: &LintContext<'_>) -> Option<Diagnostic> {
    let backend = context.backend()?;
    let place = backend.image.as_ref().or(backend.composefile.as_ref())?;
    (backend.socket.is_none() && context.tab().is_some()).then(|| {
        context
            .at(place, "vm")
            .warning(DiagnosticCode::SocketMissing, "The backend exposes no socket")
            .effect(DockerDesktop, Inferred, "leaves ddClient.extension.vm.service undefined")
            .effect(RancherDesktop, Source, "forwards no requests: it does so only for vm.exposes.socket")
            .fix("Add \"exposes\": {\"socket\": \"backend.sock\"} to vm to send requests. Commands work without it.")
    })
}

fn page_without_backend(context: &LintContext<'_>) -> Option<Diagnostic> {
    let socket = context.tab()?.socket.as_ref()?;
    context.backend().is_none().then(|| {
        context
            .at(socket, "ui.dashboard-tab.backend.socket")
            .warning(
                DiagnosticCode::BackendMissing,
                "The tab sets a backend socket, but the manifest has no `vm` section",
            )
            .fix("Add `vm` with an image or a composefile, or remove `backend`.")
    })
}

fn sockets_differ(context: &LintContext<'_>) -> Option<Diagnostic> {
    let (page, exposed) = (context.tab()?.socket.as_ref()?, context.backend()?.socket.as_ref()?);
    (page.text != exposed.text).then(|| {
        context
            .at(page, "ui.dashboard-tab.backend.socket")
            .warning(
                DiagnosticCode::SocketsDiffer,
                format!("The tab uses the socket `{}`, but the backend exposes `{}`", page.text, exposed.text),
            )
            .effect(RancherDesktop, Source, "uses vm.exposes.socket")
            .fix("Use the same name in both, or set only vm.exposes.socket.")
    })
}

fn tab_without_root(context: &LintContext<'_>) -> Option<Diagnostic> {
    let tab = context.tab()?;
    if tab.root.is_some() {
        return None;
    }
    let place = tab.src.as_ref().or(tab.title.as_ref())?;
    Some(
        context
            .at(place, "ui.dashboard-tab.root")
            .error(DiagnosticCode::TabRootMissing, "The tab has no `root`, the folder of its files")
            .effect(RancherDesktop, Source, "can't copy the page and refuses to install the extension")
            .effect(PodmanDesktop, Source, "can't copy the page and refuses to install the extension")
            .fix("Set the page's folder in the image, for example \"root\": \"/ui\"."),
    )
}

fn tab_without_src(context: &LintContext<'_>) -> Option<Diagnostic> {
    let tab = context.tab()?;
    if tab.src.is_some() {
        return None;
    }
    let place = tab.root.as_ref()?;
    Some(
        context
            .at(place, "ui.dashboard-tab.src")
            .warning(DiagnosticCode::TabSrcMissing, "The tab has no `src`, the file of its page")
            .fix("Set it, for example \"src\": \"index.html\"."),
    )
}

fn tab_without_title(context: &LintContext<'_>) -> Option<Diagnostic> {
    let tab = context.tab()?;
    if tab.title.as_ref().is_some_and(|title| !title.text.trim().is_empty()) {
        return None;
    }
    let place = tab.title.as_ref().or(tab.root.as_ref()).or(tab.src.as_ref())?;
    Some(
        context
            .at(place, "ui.dashboard-tab.title")
            .warning(DiagnosticCode::TabTitleMissing, "The tab has no `title`")
            .effect(DockerDesktop, Inferred, "shows a tab without a name")
            .fix("Set it, for example \"title\": \"Volumes\"."),
    )
}

fn nothing_at_all(context: &LintContext<'_>) -> Option<Diagnostic> {
    let Manifest { tab, backend, binaries, .. } = context.manifest;
    (tab.is_none() && backend.is_none() && binaries.is_empty()).then(|| {
        context
            .whole()
            .note(DiagnosticCode::ManifestEmpty, "The extension has no page, backend or host programs")
            .fix("Add a `ui`, `vm` or `host` section.")
    })
}

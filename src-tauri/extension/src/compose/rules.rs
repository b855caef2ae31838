//! What is wrong in a compose file that runs on a user's machine from an installed image: one small function a rule.

use indexmap::IndexSet;

use super::{
    node::{Node, Value},
    report::{At, Report},
};
use crate::names::{SOCKETS, names_own_image};
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode, Location, Severity};
use porthole_sdk::runtime::{
    Certainty::{Inferred, Reported, Source},
    Runtime::{DockerDesktop, PodmanDesktop, RancherDesktop},
};

/// Paths that exist only in the virtual machine of Docker Desktop, and what to use in their place.
const IN_DOCKER_DESKTOP: [(&str, &str); 3] = [
    ("/var/run/docker.sock.raw", "Mount /var/run/docker.sock: the engine's socket is there on every runtime."),
    ("/run/docker.sock.raw", "Mount /var/run/docker.sock: the engine's socket is there on every runtime."),
    ("/run/host-services", "Use a socket or a file that every engine has: only Docker Desktop has this folder."),
];

/// The path of Docker Desktop's own that this one is or is below, and what to use in its place.
pub(crate) fn only_in_docker_desktop(source: &str) -> Option<(&'static str, &'static str)> {
    let below = |path: &str| source == path || source.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    IN_DOCKER_DESKTOP.into_iter().find(|(path, _)| below(path))
}

/// A service as far as the rules look at it.
struct Service<'n> {
    name: &'n str,
    node: &'n Node,
    /// It runs the extension's own image.
    is_own: bool,
    report: &'n Report,
}

impl Service<'_> {
    /// A remark about one of its keys.
    fn location(&self, at: At, key: &str) -> Location {
        self.report.location(at, format!("services.{}.{key}", self.name))
    }
}

/// What the rules say of the services that are started. `has_socket` says that the manifest names a socket.
pub fn look(model: &Node, started: &IndexSet<String>, has_socket: bool, report: &Report) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let Some(listed) = model.get("services") else { return diagnostics };
    let services: Vec<Service<'_>> = listed
        .entries()
        .filter(|(name, _)| started.contains(*name))
        .map(|(name, node)| {
            let image = node.get("image").and_then(Node::as_text);
            Service { name, node, is_own: image.is_some_and(names_own_image), report }
        })
        .collect();
    if !services.is_empty() && !services.iter().any(|service| service.is_own) {
        diagnostics.push(
            report.location(listed.at, "services")
                .warning(DiagnosticCode::OwnImageUnused, "No service runs the extension's own image")
                .effect(DockerDesktop, Inferred, "runs the named images, regardless of the extension's installed version")
                .fix("Use ${DESKTOP_PLUGIN_IMAGE} for the service that runs the extension's image: its tag then matches the installed version."),
        );
    }
    for service in &services {
        diagnostics.extend(ports(service, has_socket));
        diagnostics.extend(build(service));
        diagnostics.extend(pull_policy(service));
        diagnostics.extend(mounts(service));
    }
    diagnostics.extend(externals(model, report));
    diagnostics
}

fn ports(service: &Service<'_>, has_socket: bool) -> Option<Diagnostic> {
    let public = service.node.get("ports")?.items().find(|port| is_public(port))?;
    let severity = if has_socket || !service.is_own { Severity::Note } else { Severity::Warning };
    // A service of somebody else listens where it listens.
    let fix = match service.is_own {
        true => format!(
            "Listen on a socket in {SOCKETS} and set it in vm.exposes.socket, so that the backend needs no port."
        ),
        false => "Write 127.0.0.1 before the port if only this machine needs it.".to_owned(),
    };
    Some(
        service
            .location(public.at, "ports")
            .found(DiagnosticCode::PortPublished, severity, format!("The service `{}` publishes a port", service.name))
            .effect(
                DockerDesktop,
                Inferred,
                "publishes it on every network interface; ddClient.extension.vm.service doesn't use it",
            )
            .fix(fix),
    )
}

/// Whether a port is published on every address.
fn is_public(port: &Node) -> bool {
    let text = |key| port.get(key).and_then(Node::scalar);
    let is_short = text("mode").is_some();
    let address = match (text("published"), text("host_ip")) {
        // In the long form only other containers reach it; in the short one it gets a free port.
        (None, None) if !is_short => return false,
        (_, address) => address.unwrap_or_default(),
    };
    let address = address.trim_matches(['[', ']']);
    match address.parse::<std::net::IpAddr>() {
        Ok(address) => !address.is_loopback(),
        Err(_) => address.is_empty(),
    }
}

fn build(service: &Service<'_>) -> Option<Diagnostic> {
    let build = service.node.get("build")?;
    Some(
        service
            .location(build.at, "build")
            .warning(
                DiagnosticCode::ServiceBuilt,
                format!("The service `{}` has `build`: its folder isn't in the installed extension", service.name),
            )
            .effect(DockerDesktop, Inferred, "starts it from the installed image, without the sources")
            .fix("Keep `build` in a compose file for development, and name an image in this one."),
    )
}

fn pull_policy(service: &Service<'_>) -> Option<Diagnostic> {
    let node = service.node.get("pull_policy")?;
    let policy = node.as_text()?;
    let pulls = !matches!(policy, "never" | "missing" | "if_not_present" | "build");
    (service.is_own && pulls).then(|| {
        service
            .location(node.at, "pull_policy")
            .warning(DiagnosticCode::ServicePulled, format!("The service `{}` pulls the extension's own image each time (`{policy}`)", service.name))
            .effect(RancherDesktop, Reported, "can't start it for an image that exists only on this machine")
            .fix("Remove pull_policy, or write `pull_policy: never`: the image is there when the extension is installed.")
    })
}

fn mounts(service: &Service<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for volume in service.node.get("volumes").into_iter().flat_map(Node::items) {
        let text = |name| volume.get(name).and_then(Node::as_text);
        let (source, target) = (text("source").or(text("src")), text("target").or(text("dst")).unwrap_or_default());
        // Without a source it is a volume of nobody's.
        if target.trim_end_matches('/') == SOCKETS && source.is_some() {
            found.push(
                service
                    .location(volume.at, "volumes")
                    .warning(
                        DiagnosticCode::SocketsMountOwn,
                        format!("The service `{}` has its own mount at {SOCKETS}", service.name),
                    )
                    .effect(DockerDesktop, Inferred, "mounts its socket folder there: one of the two is hidden")
                    .fix("Remove the mount: the runtime creates and mounts that folder."),
            );
        }
        let Some(source) = source else { continue };
        if let Some((path, instead)) = only_in_docker_desktop(source) {
            found.push(
                service
                    .location(volume.at, "volumes")
                    .warning(
                        DiagnosticCode::MountInDockerDesktopOnly,
                        format!("The service `{}` mounts {path}, which exists only in Docker Desktop", service.name),
                    )
                    .effect(RancherDesktop, Inferred, "creates an empty directory of that name, owned by root")
                    .effect(PodmanDesktop, Inferred, "can't start the service: nothing exists there")
                    .fix(instead),
            );
        }
    }
    found
}

/// Volumes, networks and the like that must exist before the extension starts.
fn externals(model: &Node, report: &Report) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for kind in ["volumes", "networks"] {
        for (name, entry) in model.get(kind).into_iter().flat_map(Node::entries) {
            let external = entry.get("external").filter(|external| external.value == Value::Bool(true));
            if let Some(external) = external {
                let one = kind.trim_end_matches('s');
                found.push(
                    report
                        .location(external.at, format!("{kind}.{name}.external"))
                        .warning(
                            DiagnosticCode::ExternalNotCreated,
                            format!("The {one} `{name}` is `external`, and nothing creates it"),
                        )
                        .effect(RancherDesktop, Source, "starts no service: compose fails if it doesn't exist")
                        .fix(format!("Remove `external`: compose then creates the {one}.")),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::check_folder;
    use porthole_sdk::diagnostic::Severity;

    /// What is said about a compose file, in its order.
    fn said(compose: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let manifest = r#"{"icon": "i", "vm": {"composefile": "compose.yaml", "exposes": {"socket": "b.sock"}}}"#;
        for (name, text) in [("metadata.json", manifest), ("i", ""), ("compose.yaml", compose)] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let diagnostics = check_folder(folder.path()).unwrap().diagnostics;
        assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error), "{diagnostics:#?}");
        diagnostics.into_iter().map(|diagnostic| diagnostic.summary).collect()
    }

    /// The same for one service that runs the own image, with these entries.
    fn of_service(entries: &str) -> Vec<String> {
        said(&format!(
            "services: {{web: {{image: '${{DESKTOP_PLUGIN_IMAGE}}', {entries}}}}}\nvolumes: {{sockets: , data: , x: }}"
        ))
    }

    #[test]
    fn the_own_image_is_found_in_values_and_not_in_comments() {
        for image in ["${DESKTOP_PLUGIN_IMAGE}", "$DESKTOP_PLUGIN_IMAGE", "${DESKTOP_PLUGIN_IMAGE:-acme/x:1}"] {
            assert_eq!(said(&format!("services: {{web: {{image: '{image}'}}}}")), [""; 0], "{image}");
        }
        let comment = "# ${DESKTOP_PLUGIN_IMAGE}\nservices: {web: {image: nginx}}";
        assert_eq!(said(comment), ["No service runs the extension's own image"]);
    }

    #[test]
    fn a_port_of_this_machine_alone_is_not_public() {
        for ports in
            ["['80:80']", "[80]", "['0.0.0.0:80:80']", "['8080-8081:80-81/tcp']", "[{target: 80, published: 80}]"]
        {
            assert_eq!(of_service(&format!("ports: {ports}")), ["The service `web` publishes a port"], "{ports}");
        }
        for ports in [
            "['127.0.0.1:8080:80']",
            "['[::1]:8080:80']",
            "[{target: 80}]",
            "[{target: 80, published: 80, host_ip: 127.0.0.1}]",
            "['${WHERE:-127.0.0.1}:8080:80']",
            "[]",
        ] {
            assert_eq!(of_service(&format!("ports: {ports}")), [""; 0], "{ports}");
        }
    }

    #[test]
    fn what_an_installed_extension_can_not_have_is_named() {
        for (entries, words) in [
            ("build: {context: ., dockerfile_inline: FROM x}", "has `build`"),
            ("pull_policy: always", "pulls the extension's own image"),
            ("volumes: ['sockets:/run/guest-services']", "at /run/guest-services"),
            ("volumes: [{type: volume, source: x, target: /run/guest-services/}]", "at /run/guest-services"),
            ("volumes: ['/var/run/docker.sock.raw:/var/run/docker.sock']", "only in Docker Desktop"),
            ("volumes: [{type: bind, source: /run/host-services/ssh-auth.sock, target: /x}]", "only in Docker Desktop"),
        ] {
            let said = of_service(entries);
            assert!(said.len() == 1 && said[0].contains(words), "{entries}: {said:?}");
        }
        for entries in [
            "pull_policy: never",
            "volumes: ['/var/run/docker.sock:/var/run/docker.sock', 'data:/data', '/data']",
            "volumes: ['x:/run/guest-services-2']",
        ] {
            assert_eq!(of_service(entries), [""; 0], "{entries}");
        }
    }

    #[test]
    fn a_volume_that_nothing_creates_is_named() {
        let own = "services: {web: {image: $DESKTOP_PLUGIN_IMAGE}}\n";
        let external = |entry: &str| said(&format!("{own}volumes: {{data: {entry}}}"));
        assert_eq!(external("{external: true}"), ["The volume `data` is `external`, and nothing creates it"]);
        assert_eq!(external("{external: {name: x}}"), ["The volume `data` is `external`, and nothing creates it"]);
        assert_eq!(external("{external: false}"), [""; 0]);
        assert_eq!(external("{}"), [""; 0]);
    }

    #[test]
    fn a_service_of_somebody_else_gets_no_advice_about_sockets() {
        let folder = tempfile::tempdir().unwrap();
        let compose = "services: {web: {image: $DESKTOP_PLUGIN_IMAGE}, db: {image: postgres, ports: ['5432:5432']}}";
        let manifest = r#"{"icon": "i", "vm": {"composefile": "compose.yaml"}}"#;
        for (name, text) in [("metadata.json", manifest), ("i", ""), ("compose.yaml", compose)] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let diagnostics = check_folder(folder.path()).unwrap().diagnostics;
        let port = diagnostics.iter().find(|diagnostic| diagnostic.summary.contains("`db` publishes")).unwrap();
        assert!(port.severity == Severity::Note && !port.fix.contains("socket"), "{port:?}");
    }
}

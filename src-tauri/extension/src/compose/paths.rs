//! The files and folders that a model names for the engine: whether they exist.

use indexmap::IndexSet;

use super::{
    files::{Absence, PathTarget, is_remote},
    load::Loader,
    node::Node,
};
use crate::root::Entry;
use porthole_sdk::diagnostic::DiagnosticCode;

/// Reports those that aren't there. The engine reads them, so what is outside of the extension isn't looked at.
pub fn check(loader: &mut Loader<'_>, model: &Node, started: &IndexSet<String>) {
    for (name, service) in model.get("services").into_iter().flat_map(Node::entries) {
        if loader.report.is_spent() {
            return;
        }
        if !started.contains(name) {
            continue;
        }
        if let Some(build) = service.get("build") {
            of_build(loader, name, build);
        }
        for volume in service.get("volumes").into_iter().flat_map(Node::items) {
            let is_bind = volume.get("type").and_then(Node::as_text) == Some("bind");
            if let Some(source) = volume.get("source").filter(|_| is_bind) {
                let creates =
                    volume.get("bind").and_then(|bind| bind.get("create_host_path")).is_none_or(Node::is_true);
                let need = if creates { Need::Created } else { Need::Engine };
                file(loader, source, &format!("services.{name}.volumes"), need);
            }
        }
    }
    for kind in ["secrets", "configs"] {
        for (name, entry) in model.get(kind).into_iter().flat_map(Node::entries) {
            if let Some(node) = entry.get("file") {
                file(loader, node, &format!("{kind}.{name}.file"), Need::Engine);
            }
        }
    }
}

/// What happens without it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// The service isn't started.
    Engine,
    /// The engine creates an empty directory in its place.
    Created,
}

fn of_build(loader: &mut Loader<'_>, name: &str, build: &Node) {
    let key = format!("services.{name}.build.context");
    let Some(context) = build.get("context") else { return };
    let Some(text) = context.as_text().filter(|text| !is_remote(text)) else { return };
    let PathTarget::Inside(path) = loader.files.place(std::path::Path::new(""), text) else { return };
    match loader.files.look_in_sources(&path) {
        Ok(Entry::Directory) => {
            let named = build.get("dockerfile").filter(|_| build.get("dockerfile_inline").is_none());
            let Some((node, text)) = named.and_then(|node| Some((node, node.as_text()?))) else { return };
            if let PathTarget::Inside(dockerfile) = loader.files.place(&path, text)
                && let Err(absence @ Absence::Missing { .. }) = loader.files.look_in_sources(&dockerfile)
            {
                loader.absent(
                    node.at,
                    &format!("services.{name}.build.dockerfile"),
                    &dockerfile,
                    uncertain(absence),
                    false,
                );
            }
        }
        Ok(Entry::File { .. }) => {
            let summary = format!("The build context `{}` isn't a directory", path.display());
            loader.report.warn(
                DiagnosticCode::ComposeContextNotDirectory,
                context.at,
                key,
                summary,
                "Name the folder that the image is built from.",
            );
        }
        Err(Absence::Unknown) => {}
        Err(absence) => loader.absent(context.at, &key, &path, uncertain(absence), false),
    }
}

fn file(loader: &mut Loader<'_>, node: &Node, key: &str, need: Need) {
    let Some(text) = node.as_text().filter(|text| !text.is_empty()) else { return };
    let PathTarget::Inside(path) = loader.files.place(std::path::Path::new(""), text) else { return };
    match loader.files.look(&path) {
        Ok(_) | Err(Absence::Unknown) => {}
        Err(Absence::Missing { summary, .. }) if need == Need::Created => {
            let summary = format!("{summary}: the engine creates an empty directory of that name");
            loader.report.warn(
                DiagnosticCode::ComposeMountSourceMissing,
                node.at,
                key,
                summary,
                "Correct the path, or use a named volume for data that the service creates.",
            );
        }
        // A socket or a device may be mounted.
        Err(Absence::Unusable(_)) => {}
        Err(absence) => loader.absent(node.at, key, &path, absence, need == Need::Engine),
    }
}

/// It works where the engine has the image already.
fn uncertain(absence: Absence) -> Absence {
    match absence {
        Absence::Missing { summary, .. } => Absence::Missing { summary, certain: false },
        other => other,
    }
}

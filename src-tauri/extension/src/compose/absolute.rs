//! Paths of a model as compose makes them absolute: from the folder of the file that they are written in.

use std::path::{Component, Path, PathBuf};

use super::{
    files::PathTarget,
    load::Loader,
    node::{Map, Node, Value},
    normal::list_mut,
};

impl Loader<'_> {
    /// Makes paths of a model absolute that are written in this folder.
    pub fn resolve(&mut self, model: &mut Node, folder: &Path) {
        let Some(map) = model.as_map_mut() else { return };
        for service in map.get_mut("services").and_then(Node::as_map_mut).into_iter().flat_map(Map::values_mut) {
            let Some(service) = service.as_map_mut() else { continue };
            if let Some(build) = service.get_mut("build").and_then(Node::as_map_mut) {
                build.get_mut("context").into_iter().for_each(|context| self.absolute(context, folder, true));
                match build.get_mut("additional_contexts").map(|contexts| &mut contexts.value) {
                    Some(Value::Map(contexts)) => {
                        contexts.values_mut().for_each(|node| self.absolute(node, folder, true))
                    }
                    Some(Value::List(contexts)) => {
                        contexts.iter_mut().for_each(|node| self.absolute_pair(node, folder))
                    }
                    _ => {}
                }
            }
            if let Some(file) =
                service.get_mut("extends").and_then(Node::as_map_mut).and_then(|map| map.get_mut("file"))
            {
                self.absolute(file, folder, true);
            }
            for file in list_mut(service.get_mut("env_file")) {
                file.as_map_mut()
                    .and_then(|file| file.get_mut("path"))
                    .into_iter()
                    .for_each(|path| self.absolute(path, folder, false));
            }
            for file in list_mut(service.get_mut("label_file")) {
                self.absolute(file, folder, false);
            }
            for volume in list_mut(service.get_mut("volumes")) {
                let is_bind = volume.get("type").and_then(Node::as_text) == Some("bind");
                let source = volume.as_map_mut().and_then(|volume| volume.get_mut("source")).filter(|_| is_bind);
                source.into_iter().for_each(|source| self.absolute(source, folder, false));
            }
        }
        for kind in ["secrets", "configs"] {
            for entry in map.get_mut(kind).and_then(Node::as_map_mut).into_iter().flat_map(Map::values_mut) {
                entry
                    .as_map_mut()
                    .and_then(|entry| entry.get_mut("file"))
                    .into_iter()
                    .for_each(|file| self.absolute(file, folder, false));
            }
        }
        for volume in map.get_mut("volumes").and_then(Node::as_map_mut).into_iter().flat_map(Map::values_mut) {
            let is_local = volume.get("driver").and_then(Node::as_text) == Some("local");
            let options = volume.as_map_mut().and_then(|volume| volume.get_mut("driver_opts")).filter(|_| is_local);
            if let Some(options) = options.filter(|options| options.get("o").and_then(Node::as_text) == Some("bind")) {
                options
                    .as_map_mut()
                    .and_then(|map| map.get_mut("device"))
                    .into_iter()
                    .for_each(|path| self.absolute(path, folder, false));
            }
        }
    }

    /// What leads out of the root stays as it is written: `..` of an absolute folder would hide that.
    fn absolute(&self, node: &mut Node, folder: &Path, may_be_remote: bool) {
        let Value::Text(text) = &mut node.value else { return };
        if text.is_empty() || (may_be_remote && text.starts_with("service:")) {
            return;
        }
        match self.files.place(folder, text) {
            PathTarget::Inside(path) => *text = self.files.absolute(&path),
            PathTarget::Outside if text.starts_with('~') => {
                if let Some(home) = &self.home {
                    let below = text.trim_start_matches('~').trim_start_matches(['/', '\\']);
                    *text = outside(home, below);
                }
            }
            PathTarget::Outside if !Path::new(text).has_root() && !text.contains(':') => {
                *text = outside(&self.files.absolute(folder), text);
            }
            PathTarget::Outside | PathTarget::Remote => {}
        }
    }

    fn absolute_pair(&self, node: &mut Node, folder: &Path) {
        let Value::Text(text) = &mut node.value else { return };
        if let Some((name, path)) = text.split_once('=') {
            let mut path = Node::text(node.at, path);
            self.absolute(&mut path, folder, true);
            *text = format!("{name}={}", path.as_text().unwrap_or_default());
        }
    }
}

/// An absolute path of one that leads out of the root, without `..`.
fn outside(folder: &str, text: &str) -> String {
    let mut made = PathBuf::from(folder);
    for part in Path::new(text).components() {
        match part {
            Component::ParentDir => drop(made.pop()),
            Component::Normal(part) => made.push(part),
            _ => {}
        }
    }
    made.display().to_string()
}

//! The extensions that run on an engine, known by what Docker Desktop and Rancher Desktop call their parts.

use std::collections::{BTreeMap, HashMap};

use super::facts::{Container, RunningExtension};

/// Compose's label of the project that a container belongs to.
pub const PROJECT: &str = "com.docker.compose.project";
/// Compose's label of the service that a container is of.
pub const SERVICE: &str = "com.docker.compose.service";
/// How Docker Desktop ends an extension's project.
const DOCKER_DESKTOP: &str = "-desktop-extension";
/// How Rancher Desktop begins one (read in its source).
pub const RANCHER_DESKTOP: &str = "rd-extension-";

/// Groups an engine's containers by extension; those with no running part are left out.
pub(super) fn among(containers: Vec<(Container, HashMap<String, String>)>) -> Vec<RunningExtension> {
    let mut projects: BTreeMap<String, Vec<(Container, Option<String>)>> = BTreeMap::new();
    for (container, mut labels) in containers {
        if let Some(project) = project_of(&container, &labels) {
            projects.entry(project).or_default().push((container, labels.remove(SERVICE)));
        }
    }
    let extensions = projects.into_iter().map(|(project, parts)| extension(project, parts));
    extensions.filter(|found| found.containers.iter().any(|part| is_up(&part.state))).collect()
}

fn is_up(state: &str) -> bool {
    matches!(state, "running" | "paused" | "restarting")
}

/// The project of an extension that a container belongs to. Its label is surer than its name.
fn project_of(container: &Container, labels: &HashMap<String, String>) -> Option<String> {
    match labels.get(PROJECT) {
        Some(project) => name_of(project).map(|_| project.clone()),
        None => {
            let project = container.name.strip_suffix("-service")?;
            let name = project.strip_suffix(DOCKER_DESKTOP)?;
            (!name.is_empty()).then(|| project.to_owned())
        }
    }
}

fn name_of(project: &str) -> Option<&str> {
    let name = project.strip_suffix(DOCKER_DESKTOP).or_else(|| project.strip_prefix(RANCHER_DESKTOP))?;
    (!name.is_empty()).then_some(name)
}

fn extension(project: String, parts: Vec<(Container, Option<String>)>) -> RunningExtension {
    let name = name_of(&project).unwrap_or(&project).to_owned();
    let by_name = parts.iter().find(|(part, _)| part.name == format!("{project}-service"));
    // The order of a compose file is in no label: with several services the first is not known.
    let first = by_name.or(if parts.len() == 1 { parts.first() } else { None });
    RunningExtension {
        first: first.map(|(part, _)| part.name.clone()),
        image: first.map(|(part, _)| part.image.clone()),
        services: parts.iter().filter_map(|(_, service)| service.clone()).collect(),
        containers: parts.into_iter().map(|(part, _)| part).collect(),
        name,
        project,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(name: &str, state: &str, project: Option<&str>) -> (Container, HashMap<String, String>) {
        let found = Container {
            id: name.into(),
            name: name.into(),
            image: format!("image-of-{name}"),
            state: state.into(),
            status: String::new(),
            problem: None,
        };
        let labels = project.map(|project| {
            HashMap::from([(PROJECT.to_owned(), project.to_owned()), (SERVICE.to_owned(), format!("{name}-service"))])
        });
        (found, labels.unwrap_or_default())
    }

    #[test]
    fn extensions_are_known_by_container_and_by_project() {
        let found = among(vec![
            container("acme_one-desktop-extension-service", "running", None),
            container("web", "running", Some("acme_two-desktop-extension")),
            container("db", "exited", Some("acme_two-desktop-extension")),
            container("rd-extension-acme_three-web-1", "paused", Some("rd-extension-acme_three")),
        ]);
        let told: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.first.as_deref())).collect();
        let three = Some("rd-extension-acme_three-web-1");
        let one = Some("acme_one-desktop-extension-service");
        assert_eq!(told, [("acme_one", one), ("acme_two", None), ("acme_three", three)]);
        assert_eq!(found[0].image.as_deref(), Some("image-of-acme_one-desktop-extension-service"));
        assert_eq!((found[1].containers.len(), found[1].services.len()), (2, 2));
        assert_eq!(found[1].project, "acme_two-desktop-extension");
    }

    #[test]
    fn a_container_without_labels_tells_its_project_by_its_name() {
        let project = |name: &str| {
            let (container, labels) = container(name, "running", None);
            project_of(&container, &labels)
        };
        let known = project("acme_volumes-desktop-extension-service");
        assert_eq!(known.as_deref(), Some("acme_volumes-desktop-extension"));
        assert_eq!(project("acme_volumes"), None);
        assert_eq!(project("-desktop-extension-service"), None);
    }

    #[test]
    fn what_is_stopped_or_no_extension_is_left_out() {
        let found = among(vec![
            container("acme_one-desktop-extension-service", "exited", None),
            container("desktop-extension", "running", Some("other")),
            container("x", "running", Some("-desktop-extension")),
            container("y", "running", Some("rd-extension-")),
            container("acme_one-desktop-extension-service", "running", Some("mine")),
        ]);
        assert_eq!(found, []);
    }
}

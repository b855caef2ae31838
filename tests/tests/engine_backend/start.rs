//! Opening starts nothing; starting does what was shown.

use std::fs;

use bollard::{
    Docker,
    query_parameters::{ListContainersOptionsBuilder, ListImagesOptions, ListNetworksOptions, ListVolumesOptions},
};
use porthole_base::error::Code;
use porthole_extension::{
    AccessLevel, AllowedVariables, ImageSource, LiveBackend, RequestedAccess, Start, StartPlan, VariableState,
};

use super::{COMPOSE, TestExtension, WORDS, composed};

/// All that an engine has, by its ids and names.
async fn everything(docker: &Docker) -> Vec<String> {
    let options = ListContainersOptionsBuilder::default().all(true).build();
    let containers = docker.list_containers(Some(options)).await.unwrap().into_iter().filter_map(|found| found.id);
    let images = docker.list_images(None::<ListImagesOptions>).await.unwrap().into_iter().map(|found| found.id);
    let networks =
        docker.list_networks(None::<ListNetworksOptions>).await.unwrap().into_iter().filter_map(|found| found.id);
    let volumes = docker.list_volumes(None::<ListVolumesOptions>).await.unwrap().volumes.unwrap_or_default();
    containers.chain(images).chain(networks).chain(volumes.into_iter().map(|found| found.name)).collect()
}

/// What belongs to this extension: other tests use the engine at the same time.
async fn of(extension: &TestExtension) -> Vec<String> {
    let stem = extension.image.replace('/', "_").replace(":1", "");
    let mut found = extension.containers().await;
    found.extend(everything(&extension.docker).await.into_iter().filter(|name| name.contains(&stem)));
    if extension.docker.inspect_image(&extension.image).await.is_ok() {
        found.push(extension.image.clone());
    }
    found
}

fn all(plan: &StartPlan) -> Vec<RequestedAccess> {
    plan.services.iter().flat_map(|service| service.asks.clone()).chain(plan.asks.clone()).collect()
}

fn lines(plan: &StartPlan) -> String {
    let line =
        |ask: &RequestedAccess| format!("{:?} {} {}\n", ask.level, ask.summary, ask.value.clone().unwrap_or_default());
    all(plan).iter().map(line).collect()
}

const HOSTILE: &str = include_str!("../../hostile/compose/compose.yaml");

#[tokio::test]
async fn engine_compose_opening_and_looking_at_what_a_hostile_one_asks_starts_nothing() {
    let extension = composed(HOSTILE).await;
    let opened = extension.opened().await;
    assert!(LiveBackend::attach(&extension.deps, &opened).await.unwrap().is_none());
    let plan = extension.plan().await.unwrap().plan;
    assert_eq!(of(&extension).await, [] as [String; 0]);
    assert_eq!(extension.ran().len(), 1, "only compose's own reading: {:?}", extension.ran());

    let web = &plan.services[0];
    assert!(matches!(&web.source, ImageSource::Built { dockerfile } if dockerfile.ends_with("/Dockerfile")), "{web:?}");
    assert_eq!((web.name.as_str(), plan.services[1].source.clone()), ("web", ImageSource::Pulled));
    assert_eq!(web.asks[0].level, AccessLevel::Control);
    let lines = lines(&plan);
    for line in [
        "Control Full control over the machine: runs privileged",
        "Control Changes any file in a folder of your machine / at /host",
        "Control Full control over the engine, and through it over its machine /var/run/docker.sock",
        "Control Changes any file in a folder of your machine /root at volume",
        "Access Uses the machine's own network",
        "Access Can see and stop every process of the machine",
        "Access Reads a file of your machine env_file: /etc/hostname",
        "Access Reads a file of your machine secrets s: /etc/passwd",
        "Access Publishes a port on every network interface 8080 → 80",
        "Notice Publishes a port on this machine only 8081 → 81",
        "Notice Is restarted by the engine",
        "Access Uses a device of the machine /dev/null",
    ] {
        assert!(lines.contains(line), "{line} is not in\n{lines}");
    }
}

#[tokio::test]
async fn engine_an_image_is_neither_built_nor_started_by_opening() {
    let extension = TestExtension::of_image(WORDS).await;
    assert!(LiveBackend::attach(&extension.deps, &extension.opened().await).await.unwrap().is_none());
    let plan = extension.plan().await.unwrap().plan;
    assert!(matches!(plan.services[0].source, ImageSource::Built { .. }), "{plan:?}");
    assert_eq!(plan.services[0].asks[0].value.as_deref(), Some("/run/guest-services"));
    assert_eq!((of(&extension).await.len(), extension.ran().len()), (0, 0));
}

#[tokio::test]
async fn engine_compose_what_is_swapped_after_it_was_shown_is_refused() {
    let extension = composed(COMPOSE).await;
    let at = |name: &str| extension.folder.path().join(name);
    let swapped = async |file: &str, text: &str| {
        let before = fs::read_to_string(at(file)).ok();
        let plan = extension.plan().await.unwrap();
        fs::write(at(file), text).unwrap();
        let error = extension.start(&plan).await.unwrap_err();
        match before {
            Some(before) => fs::write(at(file), before).unwrap(),
            None => fs::remove_file(at(file)).unwrap(),
        }
        error.code
    };
    let privileged = COMPOSE.replace("network_mode: none", "privileged: true");
    assert_eq!(swapped("compose.yaml", &privileged).await, Code::StartPlanChanged);
    assert_eq!(swapped("Dockerfile", "FROM scratch\nCOPY /etc /\n").await, Code::StartPlanChanged);
    assert_eq!(swapped(".env", "A=1").await, Code::StartPlanChanged);
    assert_eq!(of(&extension).await, [] as [String; 0]);
    // Another image under the name that was shown.
    let plan = extension.plan().await.unwrap();
    extension.up().await.unwrap().stop().await.unwrap();
    assert_eq!(extension.start(&plan).await.unwrap_err().code, Code::StartPlanChanged);
}

#[tokio::test]
async fn engine_compose_a_link_that_leads_elsewhere_after_it_was_shown_is_refused() {
    let extension =
        composed(&COMPOSE.replacen("network_mode: none", "network_mode: none\n    volumes: [./data:/data]", 1)).await;
    let data = extension.folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let plan = extension.plan().await.unwrap();
    assert_eq!(plan.plan.services[0].asks[0].level, AccessLevel::Notice, "{:?}", plan.plan);
    fs::remove_dir(&data).unwrap();
    std::os::unix::fs::symlink("/etc", &data).unwrap();
    assert_eq!(extension.start(&plan).await.unwrap_err().code, Code::StartPlanChanged);
    assert_eq!(extension.containers().await, [] as [String; 0]);
}

/// The test's own environment holds what stands for a secret.
#[tokio::test]
async fn engine_compose_sees_no_variable_that_the_user_did_not_allow() {
    let text = "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}', networks: [n]}}\n\
                networks: {n: {external: true, name: 'n-${PORTHOLE_TEST_ENGINE:-none}-${MINE}-${CARGO_PKG_NAME:-none}'}}\n";
    let extension = composed(text).await;
    fs::write(extension.folder.path().join(".env"), "MINE=own\n").unwrap();
    let plan = extension.plan().await.unwrap().plan;
    assert!(lines(&plan).contains("n-none-own-none"), "{}", lines(&plan));
    let state = |plan: &StartPlan, name: &str| plan.variables.iter().find(|found| found.name == name).unwrap().state;
    assert_eq!(state(&plan, "PORTHOLE_TEST_ENGINE"), VariableState::NotPassed);

    let names = vec!["PORTHOLE_TEST_ENGINE".to_owned()];
    let allowed = AllowedVariables::from([(plan.content.clone(), names.clone())]);
    let opened = extension.opened().await;
    let plan = Start::plan(&extension.deps, &opened, false, &allowed).await.unwrap().plan;
    assert!(lines(&plan).contains("n-unix:///") && lines(&plan).contains("-own-none"), "{}", lines(&plan));
    assert_eq!(state(&plan, "PORTHOLE_TEST_ENGINE"), VariableState::Passed);

    // What is allowed is allowed for this content.
    fs::write(extension.folder.path().join("compose.yaml"), format!("{text}# another\n")).unwrap();
    let plan = Start::plan(&extension.deps, &opened, false, &allowed).await.unwrap().plan;
    assert!(lines(&plan).contains("n-none-own-none"), "{}", lines(&plan));
}

#[tokio::test]
async fn engine_compose_is_not_steered_by_an_env_file() {
    let extension =
        composed(&format!("{COMPOSE}  extra:\n    image: x\n    privileged: true\n    profiles: [more]\n")).await;
    let env = "COMPOSE_PROFILES=more\nA='b'COMPOSE_FILE=/nowhere\nDOCKER_HOST=tcp://127.0.0.1:1\nDOCKER_CONTEXT=nowhere\n\
               COMPOSE_PROJECT_NAME=other\nHTTPS_PROXY=http://127.0.0.1:1\nLD_PRELOAD=/nowhere.so\nDOCKER_TLS_VERIFY=1\n";
    fs::write(extension.folder.path().join(".env"), env).unwrap();
    let plan = extension.plan().await.unwrap();
    let privileged = plan.plan.services.iter().filter(|service| !service.asks.is_empty() && service.name != "extra");
    assert_eq!(privileged.count(), 0, "{:?}", plan.plan);
    let backend = extension.start(&plan).await.unwrap();
    assert_eq!(extension.answer(&backend).await, "web");
    assert_eq!(backend.up.containers.len(), 2, "{:?}", backend.up);
    backend.stop().await.unwrap();
}

#[tokio::test]
async fn engine_compose_fetches_nothing_from_the_network_to_be_looked_at() {
    let extension = composed(&format!("include: ['https://127.0.0.1:1/x.git']\n{COMPOSE}")).await;
    assert_eq!(extension.plan().await.unwrap_err().code, Code::ComposeUnreadable);
    assert_eq!(extension.ran(), [] as [String; 0]);
}

//! Nothing of Porthole's own stays on the engine.

use std::{
    collections::HashMap,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bollard::{
    models::{ContainerCreateBody, HostConfig},
    query_parameters::CreateContainerOptionsBuilder,
};
use porthole_engine::{BackendConnections, tunnel::EngineTunnel};
use porthole_tests::{
    eventually, given,
    inside::{Inside, helpers, new_name},
    recorder::send_over,
};

use super::{get, in_volume};

async fn nothing_left(inside: &Inside, process: u32) {
    eventually("an engine without helper containers", async || {
        helpers(&inside.docker, process).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_made_goes_when_porthole_closes() {
    let inside = in_volume().await;
    assert_eq!(inside.helpers().await.len(), 1);
    inside.connections.close().await;
    assert_eq!(inside.helpers().await, [] as [&str; 0], "closing waits for it");
}

#[tokio::test]
async fn what_was_made_goes_by_itself_when_nobody_closes() {
    let inside = in_volume().await;
    inside.connections.close().await;
    let connections =
        BackendConnections::with_tunnel(EngineTunnel::new(Some(inside.engine.address().clone()), Arc::default(), None));
    assert_eq!(send_over(&connections, &inside.endpoint(), &get("/")).await.status(), 200);
    assert_eq!(inside.helpers().await.len(), 1);
    drop(connections);
    nothing_left(&inside, std::process::id()).await;
}

/// `porthole-cli` on a stream that never ends, or whatever it is doing after so many milliseconds.
fn cli(inside: &Inside) -> std::process::Child {
    let mut command = Command::new(given("PORTHOLE_CLI"));
    command.args(["request", "GET", "/events", "--endpoint", &inside.endpoint().to_string()]);
    command.env("DOCKER_HOST", &inside.engine.address().host).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[tokio::test]
async fn a_porthole_killed_at_any_moment_leaves_nothing() {
    let inside = in_volume().await;
    inside.connections.close().await;
    let mut killed = Vec::new();
    for after_ms in [0, 20, 40, 60, 80, 120, 160, 220, 300, 500, 1200] {
        let mut child = cli(&inside);
        let process = child.id();
        // Not a wait for something: the moment is the case.
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        nothing_left(&inside, process).await;
        killed.push(process);
    }
    eventually("a backend without connections", async || (inside.counts().await.0 == 1).then_some(())).await;
    // Nor anything that an engine made late.
    for process in killed {
        assert_eq!(helpers(&inside.docker, process).await, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn a_porthole_that_is_interrupted_leaves_nothing() {
    use std::io::Read;
    let inside = in_volume().await;
    let mut child = cli(&inside);
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nothing_left(&inside, child.id()).await;
}

/// As an engine leaves it that was killed together with Porthole.
#[tokio::test]
async fn what_a_killed_porthole_left_goes_with_the_next_and_that_of_a_living_one_stays() {
    let inside = in_volume().await;
    let helper = inside.helpers().await.remove(0);
    let labels = inside.docker.inspect_container(&helper, None).await.unwrap().config.unwrap().labels.unwrap();
    let living = labels["porthole.carrier"].clone();
    // No process has an id this high.
    let dead = format!("{}/{}", living.rsplit_once('/').unwrap().0, i32::MAX);
    inside.connections.close().await;
    let image = inside.docker.inspect_container(&inside.name, None).await.unwrap().config.unwrap().image;
    let mut made = Vec::new();
    for owner in [dead, living, "elsewhere/1".into()] {
        let name = format!("{}-{}", new_name(), made.len());
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let body = ContainerCreateBody {
            image: image.clone(),
            cmd: Some(vec!["/bin/sleep".into(), "600".into()]),
            labels: Some(HashMap::from([("porthole.carrier".to_owned(), owner)])),
            host_config: Some(HostConfig {
                network_mode: Some("none".into()),
                auto_remove: Some(true),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        inside.docker.create_container(Some(options), body).await.unwrap();
        inside.docker.start_container(&name, None).await.unwrap();
        made.push(name);
    }
    assert_eq!(inside.send(&get("/")).await.status(), 200);
    let mut stands = Vec::new();
    for name in &made {
        stands.push(inside.docker.inspect_container(name, None).await.is_ok());
        let options = bollard::query_parameters::RemoveContainerOptionsBuilder::default().force(true).build();
        let _ = inside.docker.remove_container(name, Some(options)).await;
    }
    assert_eq!(stands, [false, true, true]);
}

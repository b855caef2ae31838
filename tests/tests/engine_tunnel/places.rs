//! Wherever in the container the socket is, it is reached.

use bollard::query_parameters::{ListVolumesOptions, RemoveContainerOptionsBuilder, RemoveVolumeOptions};
use porthole_engine::{
    BackendConnections,
    target::{self, Target},
    tunnel::{choose, direct},
};
use porthole_http::{endpoint::Endpoint, exchange};
use porthole_tests::{
    eventually,
    inside::{At, Inside},
};
use std::{fs, time::Duration};

use super::{BACKEND, get, in_volume};

#[tokio::test]
async fn only_the_volume_is_shared_where_the_socket_is_in_one() {
    let inside = in_volume().await;
    let helper = inside.docker.inspect_container(&inside.helpers().await[0], None).await.unwrap();
    let host = helper.host_config.unwrap();
    let mounts = helper.mounts.unwrap();
    assert_eq!((mounts.len(), mounts[0].rw), (1, Some(false)));
    assert_eq!(mounts[0].name, inside.volume);
    assert_eq!((host.network_mode.as_deref(), host.readonly_rootfs), (Some("none"), Some(true)));
    assert!(matches!(host.pid_mode.as_deref(), None | Some("" | "private")), "{:?}", host.pid_mode);
    // What the kernel grants: Podman lists capabilities as what differs from its own usual ones.
    let process = inside.process_of(&inside.helpers().await[0]).await;
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let granted = |set: &str| {
        let bits = status.lines().find_map(|line| line.strip_prefix(set)).unwrap();
        u64::from_str_radix(bits.trim(), 16).unwrap()
    };
    const DAC_OVERRIDE: u64 = 1 << 1;
    assert_eq!((granted("CapEff:"), granted("CapBnd:")), (DAC_OVERRIDE, DAC_OVERRIDE));
}

#[tokio::test]
async fn a_socket_in_the_containers_own_files_or_memory_is_reached_and_nothing_is_put_there() {
    let own = At::own("/data/sockets");
    let memory = At { tmpfs: Some("/memory".into()), directory: "/memory".into(), read_only: true, ..At::default() };
    for at in [own, memory] {
        let inside = Inside::start(BACKEND, at.clone()).await;
        assert_eq!(inside.send(&get("/")).await.status(), 200, "{at:?}");
        let changed = inside.docker.container_changes(&inside.name).await.unwrap().unwrap_or_default();
        assert!(!changed.iter().any(|change| change.path.contains("relay")), "{changed:?}");
    }
}

#[tokio::test]
async fn a_backend_that_is_not_root_is_reached_as_by_a_desktop() {
    // Its socket is made so that only its own user may connect.
    let at = At {
        tmpfs: Some("/memory".into()),
        directory: "/memory/deep".into(),
        user: Some("1000:1000".into()),
        ..At::default()
    };
    let inside = Inside::start(BACKEND, at).await;
    assert_eq!(inside.send(&get("/")).await.status(), 200);
}

#[tokio::test]
async fn a_volume_without_a_name_outlives_helper_and_container() {
    let directory = "/run/guest-services".to_owned();
    let inside = Inside::start(BACKEND, At { bind: Some(directory.clone()), directory, ..At::default() }).await;
    let mounts = inside.docker.inspect_container(&inside.name, None).await.unwrap().mounts.unwrap();
    let volume = mounts.into_iter().find(|mount| mount.typ.as_deref() == Some("volume")).unwrap().name.unwrap();
    let options = RemoveContainerOptionsBuilder::default().force(true).v(false).build();
    inside.docker.remove_container(&inside.name, Some(options)).await.unwrap();
    inside.connections.close().await;
    let left = inside.docker.list_volumes(None::<ListVolumesOptions>).await.unwrap().volumes.unwrap_or_default();
    assert!(left.iter().any(|found| found.name == volume), "somebody's data went with the helper");
    inside.docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await.unwrap();
}

#[tokio::test]
async fn the_direct_way_is_chosen_where_it_is_there_and_the_engine_where_it_is_not() {
    const LIMIT: Duration = Duration::from_secs(2);
    let folder = tempfile::tempdir().unwrap();
    let directory = "/run/guest-services".to_owned();
    let bind = Some(format!("{}:{directory}", folder.path().display()));
    let near = Inside::start(BACKEND, At { bind, directory, ..At::default() }).await;
    let socket = "/run/guest-services/backend.sock";
    let mounts = near.engine.mounts(&near.name).await.unwrap();
    let endpoint = direct(&mounts, socket).unwrap();
    assert_eq!(endpoint, Endpoint::Unix(folder.path().join("backend.sock")));
    let seen = exchange::probe_connect(&endpoint, &BackendConnections::default(), LIMIT).await;
    let chosen = choose(Some((endpoint.clone(), seen)), &near.name.parse().unwrap(), socket, &mounts);
    assert_eq!((chosen.endpoint, chosen.said), (endpoint, None));

    let far = in_volume().await;
    let mounts = far.engine.mounts(&far.name).await.unwrap();
    assert_eq!(direct(&mounts, socket), None);
    let chosen = choose(None, &far.name.parse().unwrap(), socket, &mounts);
    assert_eq!(chosen.endpoint, far.endpoint());
    assert!(chosen.said.unwrap().contains(far.volume.as_deref().unwrap()));
    eventually("an answer", async || exchange::probe_connect(&chosen.endpoint, &far.connections, LIMIT).await.ok())
        .await;
}

/// The target as it is set by a person who knows the path from the backend's code, and the container.
async fn set(inside: &Inside, path: &str) -> Target {
    let endpoint = Some(Endpoint::Unix(path.into()));
    let target = Target { endpoint, container: Some(inside.name.clone()), via: Some("old".into()), ..Target::demo() };
    target::reached(target, &inside.connections).await
}

#[tokio::test]
async fn the_path_of_a_socket_that_only_the_targets_container_has_is_taken_from_there_with_the_reason() {
    let socket = "/run/guest-services/backend.sock";
    let far = in_volume().await;
    let target = set(&far, socket).await;
    assert_eq!(target.endpoint, Some(far.endpoint()));
    assert!(target.via.unwrap().contains(far.volume.as_deref().unwrap()));
    // A person's own container:// says why as well, and what is said already is left.
    let own = Target { endpoint: Some(far.endpoint()), ..Target::demo() };
    assert!(target::reached(own.clone(), &far.connections).await.via.unwrap().contains("in the volume"));
    let said = Target { via: Some("said".into()), ..own };
    assert_eq!(target::reached(said.clone(), &far.connections).await, said);
    // What is in neither place stays as it was typed, and nothing is said of it.
    let nowhere = set(&far, "/run/guest-services/other.sock").await;
    assert_eq!((nowhere.endpoint, nowhere.via), (Some(Endpoint::Unix("/run/guest-services/other.sock".into())), None));
    // Nor is another container's asked.
    let other = Inside::start(BACKEND, At::own("/data/sockets")).await;
    assert_eq!(set(&other, socket).await.endpoint, Some(Endpoint::Unix(socket.into())));
}

#[tokio::test]
async fn a_socket_that_is_on_this_machine_under_another_name_is_asked_here() {
    let folder = tempfile::tempdir().unwrap();
    let directory = "/run/porthole-test-sockets".to_owned();
    let bind = Some(format!("{}:{directory}", folder.path().display()));
    let near = Inside::start(BACKEND, At { bind, directory: directory.clone(), ..At::default() }).await;
    let here = Endpoint::Unix(folder.path().join("backend.sock"));
    let target = set(&near, &format!("{directory}/backend.sock")).await;
    assert_eq!((target.endpoint, target.via), (Some(here.clone()), None));
    // One that answers here is not looked for elsewhere.
    let target = set(&near, folder.path().join("backend.sock").to_str().unwrap()).await;
    assert_eq!((target.endpoint, target.via), (Some(here), None));
}

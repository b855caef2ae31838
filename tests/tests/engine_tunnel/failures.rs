//! What goes wrong is told as for a direct socket, and what only an engine can do wrong by its own codes.

use std::{
    fs,
    os::unix::net::{UnixDatagram, UnixListener},
    sync::Arc,
    time::{Duration, Instant},
};

use porthole_base::error::Code;
use porthole_engine::{
    BackendConnections,
    target::{PartStatus, Target, TargetStatus, keep_checking},
};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Stage},
};
use porthole_tests::{
    eventually,
    inside::{At, Inside},
    recorder::{Kept, finished, send_over},
};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{BACKEND, get, in_volume};

/// The same directory seen from here and from inside.
async fn in_folder(folder: &std::path::Path) -> Inside {
    let directory = "/run/guest-services".to_owned();
    let bind = Some(format!("{}:{directory}", folder.display()));
    Inside::start(BACKEND, At { bind, directory, ..At::default() }).await
}

#[tokio::test]
async fn each_way_to_fail_is_the_one_of_a_direct_socket() {
    let folder = tempfile::tempdir().unwrap();
    let inside = in_folder(folder.path()).await;
    drop(UnixListener::bind(folder.path().join("stale")).unwrap());
    fs::write(folder.path().join("file"), "").unwrap();
    let _datagrams = UnixDatagram::bind(folder.path().join("datagrams")).unwrap();
    for (name, path, expected) in [
        ("none", "/", Code::EndpointMissing),
        ("file/below", "/", Code::EndpointMissing),
        ("file", "/", Code::EndpointNotSocket),
        ("stale", "/", Code::EndpointRefused),
        ("datagrams", "/", Code::ConnectFailed),
        (&"x".repeat(120), "/", Code::EndpointPathTooLong),
        ("demo.sock", "/close", Code::ClosedBeforeResponse),
        ("demo.sock", "/cut", Code::BodyCut),
    ] {
        let carried = send_over(&inside.connections, &inside.socket(name), &get(path)).await;
        let direct = Endpoint::Unix(folder.path().join(name));
        let direct = send_over(&BackendConnections::default(), &direct, &get(path)).await;
        assert_eq!(carried.failure().0, expected, "{name}{path}: {carried:?}");
        assert_eq!(carried.failure(), direct.failure(), "{name}{path}");
        assert_eq!(carried.body, direct.body, "{name}{path}");
    }
    let missing = send_over(&inside.connections, &inside.socket("none"), &get("/")).await;
    let error = missing.exchange.failure.unwrap().error;
    assert_eq!(error.message, format!("Nothing exists at /run/guest-services/none in the container `{}`", inside.name));
    assert!(error.hint.is_some());
}

#[tokio::test]
async fn a_backend_killed_in_the_middle_of_a_body_cuts_it_and_comes_back_with_its_container() {
    // In the container's own files: there the helper ends with the container, too.
    let inside = Arc::new(Inside::start(BACKEND, At::own("/data/sockets")).await);
    let mut kept = Kept::empty();
    let mut length = kept.length.subscribe();
    let going = tokio::spawn({
        let inside = Arc::clone(&inside);
        async move {
            let cancel = CancellationToken::new();
            exchange::send(&inside.endpoint(), &get("/stall"), &inside.connections, &cancel, &mut kept).await;
            kept
        }
    });
    length.wait_for(|length| *length == 5).await.unwrap();
    inside.docker.kill_container(&inside.name, None).await.unwrap();
    let sent = finished(&inside.endpoint(), &get("/stall"), going.await.unwrap());
    assert_eq!((sent.failure(), sent.text()), ((Code::BodyCut, Stage::Body), "begun"));
    eventually("the container's end", async || inside.engine.ready(&inside.name).await.err()).await;
    assert_eq!(inside.send(&get("/")).await.failure(), (Code::ContainerNotRunning, Stage::Connect));
    inside.started().await;
    assert_eq!(inside.send(&get("/")).await.status(), 200);
}

#[tokio::test]
async fn a_container_that_is_gone_paused_or_stopped_is_each_its_own_error() {
    let inside = in_volume().await;
    let gone = Endpoint::Container { container: "porthole-no-such".parse().unwrap(), path: "/run/x.sock".into() };
    let sent = send_over(&inside.connections, &gone, &get("/")).await;
    assert_eq!(sent.failure(), (Code::ContainerNotFound, Stage::Connect));
    // One that waits open would be used again, as a direct one.
    let fresh = |request: &str| {
        let mut request = get(request);
        request.method = "POST".into();
        request
    };
    inside.docker.pause_container(&inside.name).await.unwrap();
    assert_eq!(inside.send(&fresh("/")).await.failure(), (Code::ContainerPaused, Stage::Connect));
    inside.docker.unpause_container(&inside.name).await.unwrap();
    inside.docker.kill_container(&inside.name, None).await.unwrap();
    eventually("the container's end", async || inside.engine.ready(&inside.name).await.err()).await;
    assert_eq!(inside.send(&fresh("/")).await.failure(), (Code::ContainerNotRunning, Stage::Connect));
    inside.started().await;
    assert_eq!(inside.send(&fresh("/")).await.status(), 200);
}

#[tokio::test]
async fn a_backend_that_does_not_accept_is_waited_for_as_long_as_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let inside = in_folder(folder.path()).await;
    assert_eq!(inside.send(&get("/")).await.status(), 200);
    let listener = UnixListener::bind(folder.path().join("busy")).unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(folder.path().join("busy")).unwrap();
    let mut request = get("/");
    request.connect_timeout_ms = 700;
    let began = Instant::now();
    let sent = send_over(&inside.connections, &inside.socket("busy"), &request).await;
    assert_eq!(sent.failure(), (Code::ConnectTimeout, Stage::Connect));
    assert!((600..3000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_helper_that_somebody_removes_is_made_anew() {
    let inside = in_volume().await;
    let before = inside.helpers().await;
    let options = bollard::query_parameters::RemoveContainerOptionsBuilder::default().force(true).build();
    inside.docker.remove_container(&before[0], Some(options)).await.unwrap();
    assert_eq!(inside.counts().await.0, 1);
    let after = inside.helpers().await;
    assert!(after.len() == 1 && after != before);
}

#[tokio::test]
async fn the_mark_of_the_service_tells_the_stage_that_failed() {
    let inside = in_volume().await;
    let target = Target { name: String::new(), endpoint: Some(inside.endpoint()), ..Target::demo() }.named();
    assert_eq!(target.name, inside.name);
    let (choose, chosen) = watch::channel((target.clone(), Ok(inside.endpoint())));
    let (tell, mut told) = watch::channel(TargetStatus::default());
    let mut looking = JoinSet::new();
    looking.spawn(keep_checking(chosen, Arc::clone(&inside.connections), move |marks| drop(tell.send(marks))));
    let address = inside.endpoint().to_string();
    told.wait_for(|marks| marks.service == PartStatus::Up { address: address.clone() }).await.unwrap();
    let mut down_with = async |code: Code| {
        let is_down = |mark: &PartStatus| matches!(mark, PartStatus::Down { error, .. } if error.code == code);
        told.wait_for(|marks| is_down(&marks.service)).await.unwrap();
    };
    choose.send((target.clone(), Ok(inside.socket("none")))).unwrap();
    down_with(Code::EndpointMissing).await;
    inside.docker.kill_container(&inside.name, None).await.unwrap();
    eventually("the container's end", async || inside.engine.ready(&inside.name).await.err()).await;
    choose.send((target, Ok(inside.endpoint()))).unwrap();
    down_with(Code::ContainerNotRunning).await;
}

#[tokio::test]
async fn whoever_only_knocks_makes_no_exec() {
    let inside = in_volume().await;
    let helper = inside.helpers().await.pop().unwrap();
    // Those that were needed until it listened may still be ending.
    eventually("no exec", async || inside.execs_in(&helper).await.is_empty().then_some(())).await;
    let ever = inside.counts().await.1;
    for _ in 0..5 {
        exchange::probe_connect(&inside.endpoint(), &inside.connections, Duration::from_secs(2)).await.unwrap();
    }
    assert_eq!(inside.counts().await.1, ever + 6);
    eventually("the end of what the counts needed", async || inside.execs_in(&helper).await.is_empty().then_some(()))
        .await;
}

//! Engines over TLS and over ssh: commands and their streams, and what is said when it does not work.

#![cfg(target_os = "linux")]

use std::{
    process::{Command, Stdio},
    sync::Arc,
};

use bollard::query_parameters::RenameContainerOptionsBuilder;
use porthole_base::error::{Code, Error};
use porthole_engine::{Address, Engine, EngineEnvironment, Tls, extensions_everywhere, target::Target};
use porthole_http::exchange::{Body, Request};
use porthole_process::{Ending, Signal};
use porthole_sdk::{
    call::Act,
    runtime::Runtime,
    sdk_call::{EngineList, Sdk, SdkCall, SdkList},
    sdk_result::SdkOutcome,
};
use porthole_tests::{
    certificates::Issuer,
    containers::{Running, running_at},
    eventually, given,
    inside::{At, Inside},
    over_tls::OverTls,
    ports::Port,
    private::Private,
    sshd::Sshd,
    started,
};
use porthole_timeline::{Origin, Timeline};

const BACKEND: &str = env!("CARGO_BIN_EXE_backend");

/// Why no engine answers there: the hint has to lead on.
async fn refused(address: Address, expected: &str) {
    let error = Engine::connect(address.clone()).await.map(drop).unwrap_err();
    assert_eq!(error.code, Code::EngineUnavailable, "{error:?}");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains(expected)), "{address:?}: {error:?}");
    assert!(error.detail.is_some());
}

/// What must hold in a container whatever carries the bytes.
async fn commands_work(container: Running) {
    let container = Arc::new(container);
    let (run, kept) = container.sh("echo out; echo err >&2; exit 3").await;
    assert_eq!(run.ending, Some(Ending::Exited { code: 3 }), "{run:?}");
    assert_eq!((kept.stdout.as_slice(), kept.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));

    let (run, kept) = container.sh("seq 1 300000").await;
    assert_eq!(run.ending, Some(Ending::Exited { code: 0 }));
    assert!(
        kept.stdout.ends_with(b"\n300000\n") && kept.stdout.iter().filter(|byte| **byte == b'\n').count() == 300_000
    );

    let (run, _) = container.run(container.command("/no/such/program", &[])).await;
    assert_eq!(run.failure.map(|error| error.code), Some(Code::ProgramNotFound));

    let several = (0..4).map(|number| {
        let container = Arc::clone(&container);
        async move { container.sh(&format!("echo {number}; exit {number}")).await.1.stdout }
    });
    assert_eq!(futures_util::future::join_all(several).await.concat(), b"0\n1\n2\n3\n");

    let mut live = container.begin("echo ready; sleep 64002");
    live.wrote().await;
    live.stopper.stop(Signal::Term).await.unwrap();
    let (run, _) = live.task.await.unwrap();
    assert!(matches!(run.ending, Some(Ending::Signaled { .. })), "{run:?}");
    assert!(!container.has_process("64002").await);
}

#[tokio::test]
async fn over_tls_commands_run_and_are_stopped() {
    let over = OverTls::start().await;
    let address = over.address(over.issuer.tls(Some("me")));
    let container = running_at(address, &over.engine.host()).await;
    container.engine.ping().await.unwrap();
    assert!(container.engine.containers().await.unwrap().iter().any(|found| found.name == container.name));
    commands_work(container).await;
}

/// What an extension gets of `docker.listContainers()` and `docker.listImages()`.
async fn lists_work(container: &Running) {
    let home = tempfile::tempdir().unwrap();
    let timeline = Timeline::new(home.path().to_owned(), home.path().join("kept"), 1_000_000, None);
    timeline.connections().use_engine(container.engine.address().clone());
    let asked = async |what, options: Option<&str>| {
        let asked = SdkCall::List(SdkList { what, options: options.map(str::to_owned) });
        let engine = Ok(container.engine.address().clone());
        let no_endpoint = Err(Error::new(Code::EndpointMissing, "not asked"));
        let sdk = Sdk::new(asked, Runtime::DockerDesktop);
        let id = timeline.perform(Origin::Console, sdk, &Target::demo(), no_endpoint, engine).unwrap();
        let call = timeline.ended(id).await.unwrap();
        let Act::Exchange(exchange) = &call.act else { panic!("no exchange: {call:?}") };
        assert_eq!(exchange.endpoint.to_string(), format!("engine://{}", container.engine.address().name));
        let SdkOutcome::Resolved { value } = timeline.sdk_result(id).await.unwrap().outcome else {
            panic!("{:?}", exchange.failure)
        };
        serde_json::to_string(&value).unwrap()
    };
    let filters = format!(r#"{{"all":true,"filters":"{{\"name\":[\"{}\"]}}"}}"#, container.name);
    assert!(asked(EngineList::Containers, Some(&filters)).await.contains(&format!("/{}", container.name)));
    let none = r#"{"filters":"{\"name\":[\"porthole-no-such\"]}"}"#;
    assert!(!asked(EngineList::Containers, Some(none)).await.contains("Names"));
    assert!(asked(EngineList::Images, None).await.contains("porthole-test-busybox"));
    timeline.close().await;
}

/// What code gets, and the Call tells, when there is no such engine.
async fn lists_fail(address: Address, expected: &str) {
    let home = tempfile::tempdir().unwrap();
    let timeline = Timeline::new(home.path().to_owned(), home.path().join("kept"), 1_000_000, None);
    timeline.connections().use_engine(address.clone());
    let asked = SdkCall::List(SdkList { what: EngineList::Images, options: None });
    let sdk = Sdk::new(asked, Runtime::DockerDesktop);
    let no_endpoint = Err(Error::new(Code::EndpointMissing, "not asked"));
    let id = timeline.perform(Origin::Console, sdk, &Target::demo(), no_endpoint, Ok(address)).unwrap();
    let call = timeline.ended(id).await.unwrap();
    let Act::Exchange(exchange) = &call.act else { panic!("no exchange: {call:?}") };
    let error = exchange.failure.as_ref().unwrap().error.clone();
    assert_eq!(error.code, Code::EngineUnavailable, "{error:?}");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains(expected)), "{error:?}");
    let outcome = timeline.sdk_result(id).await.unwrap().outcome;
    assert!(matches!(outcome, SdkOutcome::Rejected { .. }), "{outcome:?}");
}

#[tokio::test]
async fn over_tls_the_lists_of_the_engine_are_asked() {
    let mut over = OverTls::start().await;
    let address = over.address(over.issuer.tls(Some("me")));
    let container = running_at(address.clone(), &over.engine.host()).await;
    lists_work(&container).await;
    drop(container);
    lists_fail(over.address(over.issuer.tls(None)), "cert.pem and key.pem").await;
    over.engine.kill();
    lists_fail(address, "dockerd -H").await;
}

#[tokio::test]
async fn over_ssh_the_lists_of_the_engine_are_asked() {
    let sshd = sshd();
    let container = running_at(sshd.address(""), &given("PORTHOLE_TEST_ENGINE")).await;
    lists_work(&container).await;
    lists_fail(sshd.as_seen("", "other", "known"), "ssh-add").await;
    drop(container);
    eventually("the end of every ssh", async || (sshd.clients() == 0).then_some(())).await;
}

/// What must hold of a socket that only a container of that engine sees.
async fn carrying_works(inside: &Inside) {
    let sent = inside.send(&Request::new("GET", "/")).await;
    assert_eq!(sent.exchange.failure, None);
    let mut request = Request::new("POST", "/mirror");
    request.body = Body::Text { text: "0123456789".repeat(500_000) };
    let sent = inside.send(&request).await;
    assert!(sent.body == "0123456789".repeat(500_000).as_bytes(), "{:?}", sent.exchange.failure);
    assert_eq!(inside.helpers().await.len(), 1);
    inside.connections.close().await;
    assert_eq!(inside.helpers().await.len(), 0);
}

#[tokio::test]
async fn over_tls_a_socket_that_only_a_container_sees_is_reached() {
    let over = OverTls::start().await;
    let address = over.address(over.issuer.tls(Some("me")));
    let inside = Inside::start_at(address, &over.engine.host(), BACKEND, At::volume()).await;
    carrying_works(&inside).await;
}

#[tokio::test]
async fn over_ssh_a_socket_that_only_a_container_sees_is_reached() {
    let sshd = sshd();
    let inside = Inside::start_at(sshd.address(""), &given("PORTHOLE_TEST_ENGINE"), BACKEND, At::volume()).await;
    carrying_works(&inside).await;
    drop(inside);
    eventually("the end of every ssh", async || (sshd.clients() == 0).then_some(())).await;
}

#[tokio::test]
async fn over_tls_the_wrong_certificates_are_told_apart() {
    let over = OverTls::start().await;
    let stranger = Issuer::new(&tempfile::tempdir().unwrap().keep());
    stranger.issue("me", "DNS:me", 2);
    let mine = over.issuer.tls(Some("me"));
    // Whoever answers is believed, and believes me.
    Engine::connect(over.address(Tls { ca: None, skip_verify: true, ..mine.clone() })).await.unwrap();
    refused(over.address(Tls { ca: stranger.tls(None).ca, ..mine.clone() }), "isn't trusted").await;
    refused(over.address(Tls { ca: None, ..mine.clone() }), "isn't trusted").await;
    refused(over.address(over.issuer.tls(None)), "cert.pem and key.pem").await;
    refused(over.address(Tls { ca: mine.ca, ..stranger.tls(Some("me")) }), "cert.pem and key.pem").await;
    refused(Address::new("plain", &over.host), "seems to use TLS").await;
    let _ = std::fs::remove_dir_all(stranger.at(""));
}

#[tokio::test]
async fn a_certificate_that_is_old_or_another_ones_is_said_to_be() {
    let home = tempfile::tempdir().unwrap();
    let issuer = Issuer::new(home.path());
    for (name, host, days, expected) in
        [("old", "IP:127.0.0.1", -1, "has expired"), ("elsewhere", "DNS:elsewhere.test", 2, "for another name")]
    {
        issuer.issue(name, host, days);
        let (_server, port) = issuer.server(name);
        let address = Address { tls: Some(issuer.tls(None)), ..Address::new("old", format!("tcp://127.0.0.1:{port}")) };
        refused(address, expected).await;
    }
}

#[tokio::test]
async fn tls_to_a_port_without_it_and_to_none_are_told_apart() {
    let reserved = Port::default();
    let port = reserved.number();
    let engine = Private::start_with(tempfile::tempdir().unwrap(), &[format!("--host=tcp://127.0.0.1:{port}")]).await;
    let plain = Address::new("plain", format!("tcp://127.0.0.1:{port}"));
    Engine::connect(plain.clone()).await.unwrap();
    let tls = Tls { skip_verify: true, ..Tls::default() };
    refused(Address { tls: Some(tls.clone()), ..plain.clone() }, "doesn't use TLS").await;
    drop(engine);
    refused(Address { tls: Some(tls), ..plain }, "dockerd -H").await;
}

/// An ssh server on this machine with the tests' engine behind it.
fn sshd() -> Sshd {
    let (path, engine) = (std::env::var("PATH").unwrap(), given("PORTHOLE_TEST_ENGINE"));
    Sshd::start(&[("PATH", &path), ("DOCKER_HOST", &engine)])
}

#[tokio::test]
async fn over_ssh_commands_run_and_are_stopped() {
    let sshd = sshd();
    let container = running_at(sshd.address(""), &given("PORTHOLE_TEST_ENGINE")).await;
    assert!(sshd.clients() > 0);
    commands_work(container).await;
    eventually("the end of every ssh", async || (sshd.clients() == 0).then_some(())).await;
}

#[tokio::test]
async fn over_ssh_the_engine_at_a_socket_is_found() {
    let engine = given("PORTHOLE_TEST_ENGINE");
    let path = std::env::var("PATH").unwrap();
    let sshd = Sshd::start(&[("PATH", &path), ("DOCKER_HOST", "unix:///nonexistent/d.sock")]);
    let there = Engine::connect(sshd.address(engine.strip_prefix("unix://").unwrap())).await.unwrap();
    there.containers().await.unwrap();
    drop(there);
    refused(sshd.address(""), "the remote engine doesn't respond").await;
    eventually("the end of every ssh", async || (sshd.clients() == 0).then_some(())).await;
}

#[tokio::test]
async fn over_ssh_a_running_extension_is_found_by_its_name() {
    let sshd = sshd();
    let mut container = running_at(sshd.address(""), &given("PORTHOLE_TEST_ENGINE")).await;
    let stem = container.name.clone();
    let named = format!("{stem}-desktop-extension-service");
    let options = RenameContainerOptionsBuilder::default().name(&named).build();
    container.docker.rename_container(&container.name, options).await.unwrap();
    container.name = named.clone();
    let found = container.engine.extensions().await.unwrap();
    let found = found.iter().find(|found| found.name == stem).unwrap();
    assert_eq!(found.first.as_deref(), Some(named.as_str()));
    assert_eq!(found.containers[0].state, "running");
    assert!(found.image.as_ref().unwrap().contains("busybox"));
}

#[tokio::test]
async fn over_ssh_and_near_the_extensions_of_every_context_are_told_and_a_dead_one_says_why() {
    let sshd = sshd();
    let engine = given("PORTHOLE_TEST_ENGINE");
    let mut container = running_at(sshd.address(""), &engine).await;
    let stem = container.name.clone();
    let named = format!("{stem}-desktop-extension-service");
    let options = RenameContainerOptionsBuilder::default().name(&named).build();
    container.docker.rename_container(&container.name, options).await.unwrap();
    container.name = named;
    let config = tempfile::tempdir().unwrap();
    let dead = "unix:///nonexistent/docker.sock".to_owned();
    for (name, host) in [("a-near", engine), ("b-far", sshd.url("")), ("c-dead", dead.clone())] {
        let folder = config.path().join("contexts/meta").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let meta = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        std::fs::write(folder.join("meta.json"), meta).unwrap();
    }
    let surroundings = EngineEnvironment {
        docker_host: Some(dead),
        config: Some(config.path().to_owned()),
        ssh: Some(sshd.ssh("user", "known").join(" ")),
        ..EngineEnvironment::default()
    };
    let told = extensions_everywhere(&surroundings).await;
    let of = |name: &str| told.iter().find(|told| told.context.name == name).unwrap();
    for name in ["a-near", "b-far"] {
        assert_eq!(of(name).error, None);
        assert!(of(name).extensions.iter().any(|found| found.name == stem), "{name}: {told:?}");
    }
    for name in ["DOCKER_HOST", "c-dead"] {
        assert_eq!(of(name).error.as_ref().map(|error| error.code), Some(Code::EngineUnavailable));
        assert!(of(name).extensions.is_empty());
    }
    drop(container);
    eventually("the end of every ssh", async || (sshd.clients() == 0).then_some(())).await;
}

#[tokio::test]
async fn over_ssh_what_fails_is_told_apart() {
    let sshd = sshd();
    refused(sshd.as_seen("", "other", "known"), "ssh-add").await;
    refused(sshd.as_seen("", "user", "unknown"), "The host's key is unknown").await;
    let silent = Port::default();
    let nobody = Address {
        ssh: sshd.ssh("user", "known"),
        ..Address::new("nobody", format!("ssh://127.0.0.1:{}", silent.number()))
    };
    refused(nobody, "No SSH server responds there").await;
    let no_ssh = Address { ssh: vec!["/nonexistent/ssh".into()], ..sshd.address("") };
    refused(no_ssh, "`ssh` isn't on the PATH").await;
    let bare = Sshd::start(&[("PATH", "/nonexistent")]);
    refused(bare.address(""), "`docker` isn't installed").await;
}

#[tokio::test]
async fn over_ssh_a_killed_porthole_leaves_no_command_and_no_ssh() {
    let sshd = sshd();
    let container = running_at(sshd.address(""), &given("PORTHOLE_TEST_ENGINE")).await;
    let mut command = Command::new(given("PORTHOLE_CLI"));
    let ssh = sshd.ssh("user", "known");
    command.args(["exec", &format!("container:{}", container.name), "--", "sh", "-c", "echo ready; sleep 64003"]);
    command.env("DOCKER_HOST", sshd.url("")).env("PORTHOLE_SSH", ssh.join(" ")).stdin(Stdio::null());
    let mut child = started(command);
    assert!(container.has_process("64003").await);
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("an empty container", async || (!container.has_process("64003").await).then_some(())).await;
    drop(container);
    eventually("the end of every ssh", async || (sshd.clients() == 0).then_some(())).await;
}

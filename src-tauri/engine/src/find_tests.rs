//! Contexts as the docker CLI keeps them, in folders made for each test.

use super::*;

const REMOTE: (&str, &str) = (
    "contexts/meta/def/meta.json",
    r#"{"Name":"remote","Metadata":{"Description":"the big one"},"Endpoints":{"docker":{"Host":"tcp://h:2376","SkipTLSVerify":true}}}"#,
);

fn config(files: &[(&str, &str)]) -> (tempfile::TempDir, EngineEnvironment) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let environment = EngineEnvironment { config: Some(directory.path().to_owned()), ..EngineEnvironment::default() };
    (directory, environment)
}

const DESKTOP: (&str, &str) = (
    "contexts/meta/abc/meta.json",
    r#"{"Name":"desktop-linux","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///d.sock","SkipTLSVerify":false}}}"#,
);

#[test]
fn docker_host_wins_over_every_context() {
    let (_directory, mut environment) = config(&[DESKTOP, ("config.json", r#"{"currentContext":"desktop-linux"}"#)]);
    assert_eq!(environment.address().unwrap().host, "unix:///d.sock");
    environment.docker_context = Some("default".into());
    assert_eq!(environment.address().unwrap().host, DEFAULT_HOST);
    environment.docker_host = Some("tcp://h:1".into());
    assert_eq!(environment.address().unwrap(), Address::new("DOCKER_HOST", "tcp://h:1"));
}

#[test]
fn with_no_configuration_it_is_the_default() {
    let (_directory, environment) = config(&[]);
    assert_eq!(environment.address().unwrap().name, "default");
    let (_directory, environment) = config(&[("config.json", r#"{"auths":{}}"#)]);
    assert_eq!(environment.address().unwrap().name, "default");
    assert_eq!(EngineEnvironment::default().address().unwrap().name, "default");
}

#[test]
fn a_context_that_is_not_there_names_those_that_are() {
    let (_directory, mut environment) = config(&[DESKTOP]);
    environment.docker_context = Some("nope".into());
    let error = environment.address().unwrap_err();
    assert_eq!(error.code, Code::EngineAddressInvalid);
    assert!(error.hint.unwrap().contains("default, desktop-linux"));
}

#[test]
fn files_that_are_not_json_are_named() {
    for files in [
        &[("config.json", "{")][..],
        &[("config.json", r#"{"currentContext":"x"}"#), ("contexts/meta/a/meta.json", "[]")],
    ] {
        let (_directory, environment) = config(files);
        let error = environment.address().unwrap_err();
        assert_eq!(error.code, Code::EngineAddressInvalid);
        assert!(error.message.contains(".json"), "{error}");
    }
}

#[test]
fn a_context_brings_its_own_tls_files() {
    let (directory, environment) = config(&[REMOTE, DESKTOP, ("contexts/tls/def/docker/ca.pem", "")]);
    let ca = directory.path().join("contexts/tls/def/docker/ca.pem");
    let tls = Tls { ca: Some(ca), skip_verify: true, ..Tls::default() };
    assert_eq!(environment.named("remote").unwrap().tls, Some(tls));
    assert_eq!(environment.named("desktop-linux").unwrap().tls, None);
}

#[test]
fn the_environment_asks_for_tls_as_docker_has_it() {
    let (directory, mut environment) = config(&[("cert.pem", ""), ("key.pem", "")]);
    let at = |name: &str| Some(directory.path().join(name));
    environment.cert_path = at("");
    environment.docker_host = Some("tcp://h:1".into());
    // The files alone ask for nothing.
    assert_eq!(environment.address().unwrap().tls, None);
    environment.tls = true;
    let files = Tls { ca: None, cert: at("cert.pem"), key: at("key.pem"), skip_verify: true };
    assert_eq!(environment.address().unwrap().tls, Some(files.clone()));
    environment.tls_verify = true;
    assert_eq!(environment.address().unwrap().tls, Some(Tls { ca: at("ca.pem"), skip_verify: false, ..files.clone() }));
    // Without DOCKER_CERT_PATH they lie in the CLI's own directory.
    environment.cert_path = None;
    assert_eq!(environment.address().unwrap().tls.unwrap().cert, files.cert);
    environment.docker_host = None;
    assert_eq!(environment.address().unwrap().host, "tcp://localhost:2376");
}

#[test]
fn every_context_is_listed_also_one_that_cannot_be_read() {
    let (_directory, mut environment) = config(&[
        REMOTE,
        DESKTOP,
        ("contexts/meta/bad/meta.json", "{"),
        ("contexts/meta/none/meta.json", r#"{"Name":"empty"}"#),
        ("contexts/meta/stray/other.txt", ""),
        ("config.json", r#"{"currentContext":"remote"}"#),
    ]);
    let all = environment.contexts();
    let names: Vec<&str> = all.iter().map(|context| context.name.as_str()).collect();
    assert_eq!(names, ["default", "bad", "desktop-linux", "empty", "remote"]);
    assert_eq!(all[0].host.as_deref(), Some(DEFAULT_HOST));
    assert_eq!(all[1].error.as_ref().map(|error| error.code), Some(Code::EngineAddressInvalid));
    assert!(all[2].error.is_none() && !all[2].current);
    assert!(all[3].error.as_ref().unwrap().message.contains("`empty` has no engine address"));
    assert_eq!((all[4].description.as_str(), all[4].current), ("the big one", true));
    // One that is meant and can be read is not in the way of one that cannot.
    assert_eq!(environment.address().unwrap().host, "tcp://h:2376");
    environment.docker_host = Some("ssh://me@h".into());
    let all = environment.contexts();
    assert_eq!(
        (all[0].name.as_str(), all[0].host.as_deref(), all[0].current),
        ("DOCKER_HOST", Some("ssh://me@h"), true)
    );
    assert!(all[1..].iter().all(|context| !context.current));
}

#[test]
fn another_command_may_stand_for_ssh() {
    let (_directory, mut environment) = config(&[]);
    environment.ssh = Some("ssh -F '/a b/config'".into());
    assert_eq!(environment.address().unwrap().ssh, ["ssh", "-F", "/a b/config"]);
    environment.ssh = Some("ssh 'x".into());
    assert_eq!(environment.address().unwrap_err().code, Code::EngineAddressInvalid);
}

#[cfg(unix)]
#[test]
fn an_engine_that_no_context_names_is_found_and_used_when_nothing_is_configured() {
    let (directory, mut environment) = config(&[DESKTOP]);
    environment.places.runtime = Some(directory.path().to_owned());
    let socket = directory.path().join("docker.sock");
    let engine = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in engine.incoming().map_while(std::result::Result::ok) {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        }
    });
    let host = format!("unix://{}", socket.display());
    assert_eq!(environment.address().unwrap(), Address::new(&host, &host));
    let all = environment.contexts();
    let found = all.last().unwrap();
    assert_eq!((found.name.as_str(), found.current), (host.as_str(), true));
    assert_eq!(found.description, "Docker Engine (rootless), used because no engine is configured");
    assert!(found.found && found.unconfigured);
    assert!(!all.iter().any(|context| context.name == "default"), "nothing listens there, and nobody asked for it");
    // What is configured wins, and the engine is still offered.
    environment.docker_context = Some("desktop-linux".into());
    assert_eq!(environment.address().unwrap().host, "unix:///d.sock");
    let offered = environment.contexts().pop().unwrap();
    assert_eq!(
        (offered.name, offered.current, offered.description.as_str()),
        (host.clone(), false, "Docker Engine (rootless)")
    );
    // One that a context names is listed once.
    environment.docker_host = Some(host.clone());
    assert_eq!(environment.contexts().iter().filter(|context| context.host.as_ref() == Some(&host)).count(), 1);
    // It is chosen by its address, and counts as an engine's before anything listens there.
    assert_eq!(environment.named(&host).unwrap().host, host);
    assert!(environment.hosts().any(|known| known == host));
}

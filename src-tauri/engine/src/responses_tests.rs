use serde_json::json;

use super::*;

fn states(entries: &Value) -> Vec<(String, String)> {
    let listed = all_listed(super::entries(entries, "containers").unwrap());
    listed.into_iter().map(|(container, _)| (container.name, container.state)).collect()
}

/// Podman says `stopped` of a container that has just ended, and the whole list could not be read.
#[test]
fn one_container_in_an_unknown_state_does_not_hide_the_others() {
    let answer = json!([
        { "Id": "1", "Names": ["/web"], "Image": "a", "State": "running", "Status": "Up", "Labels": { "a": "b" } },
        { "Id": "2", "Names": ["/ended"], "State": "stopped", "Labels": null },
        { "Id": "3", "Names": null, "State": null, "Labels": { "n": 7, "t": "x" }, "Mounts": "none" },
        { "Id": "4", "Names": [7, "/late"], "State": { "Status": "running" } },
        { "Id": "1", "Names": ["/twice"], "State": "running" },
        { "Id": 5, "Names": ["/numbered"], "State": "dreaming" },
        {},
        null,
        "container",
    ]);
    let expected = [
        ("web", "running"),
        ("ended", "stopped"),
        ("3", "unknown"),
        ("late", "unknown"),
        ("numbered", "dreaming"),
        ("entry 7", "unknown"),
        ("entry 8", "unknown"),
        ("entry 9", "unknown"),
    ];
    assert_eq!(states(&answer), expected.map(|(name, state)| (name.to_owned(), state.to_owned())));
    let listed = all_listed(answer.as_array().unwrap());
    let problems: Vec<bool> = listed.iter().map(|(container, _)| container.problem.is_some()).collect();
    assert_eq!(problems, [false, false, false, false, true, true, true, true]);
    assert_eq!(listed[0].1, HashMap::from([("a".to_owned(), "b".to_owned())]));
    assert_eq!(listed[2].1, HashMap::from([("t".to_owned(), "x".to_owned())]));
}

#[test]
fn a_list_is_an_array_or_null_and_everything_else_is_an_error() {
    assert_eq!(states(&Value::Null), []);
    assert_eq!(states(&json!([])), []);
    for answer in [json!({}), json!("containers"), json!(7), json!(true)] {
        assert!(entries(&answer, "containers").unwrap_err().to_string().contains("isn't a list of containers"));
    }
    let many: Vec<Value> = (0..20_000).map(|at| json!({ "Id": at.to_string(), "State": "odd" })).collect();
    assert_eq!(states(&many.into()).len(), 20_000);
}

#[test]
fn a_container_is_inspected_whatever_is_missing_or_unknown() {
    let full = inspected(&json!({
        "Id": "1",
        "State": { "Status": "running", "Running": true, "Paused": false, "Pid": 7, "StartedAt": "then" },
        "Config": { "Env": ["A=b", "PATH=/bin", "PATH=/other"], "WorkingDir": "/work" },
        "HostConfig": { "PidMode": "host", "Tmpfs": { "/t": "" } },
        "Mounts": [
            { "Type": "volume", "Name": "v", "Destination": "/v" },
            { "Type": "bind", "Source": "/s", "Destination": "/b" },
            { "Type": "dream", "Destination": "/d" },
            { "Type": "volume", "Destination": "/nameless" },
            null,
        ],
    }));
    assert_eq!((full.id.as_str(), full.running, full.paused, full.pid), ("1", true, false, Some(7)));
    assert_eq!((full.path.as_deref(), full.working_dir.as_str()), (Some("/bin"), "/work"));
    assert_eq!((full.pid_mode.as_str(), full.started.as_deref()), ("host", Some("then")));
    let at: Vec<&str> = full.mounts.iter().map(|mount| mount.at.as_str()).collect();
    assert_eq!(at, ["/v", "/b", "/d", "/t"]);

    // Podman up to 5.4 says `stopped` here.
    let stopped = inspected(&json!({ "Id": "1", "State": { "Status": "stopped", "Running": false, "Pid": 0 } }));
    assert_eq!((stopped.running, stopped.pid), (false, None));
    for (state, running, paused) in [
        (json!({ "Status": "running" }), true, false),
        (json!({ "Status": "paused", "Running": true }), true, true),
        (json!({ "Status": "dreaming" }), false, false),
        (json!({ "Running": "yes", "Pid": -1 }), false, false),
        (json!("running"), false, false),
        (json!(null), false, false),
    ] {
        let found = inspected(&json!({ "State": state, "Config": null, "HostConfig": [], "Mounts": null }));
        assert_eq!((found.running, found.paused, found.pid), (running, paused, None), "{state}");
        assert_eq!((found.working_dir.as_str(), found.mounts.len()), ("/", 0));
    }
}

#[test]
fn an_exec_tells_what_it_has() {
    let read = |answer: Value| ExecState::read(&answer);
    let ended = read(json!({ "Running": false, "ExitCode": 127, "Pid": 0 }));
    assert_eq!(ended, ExecState { running: Some(false), exit_code: Some(127), pid: None });
    for odd in [json!({}), json!({ "Running": "no", "ExitCode": null, "Pid": "7" }), json!([]), json!(null)] {
        assert_eq!(read(odd), ExecState::default());
    }
    assert_eq!(read(json!({ "Pid": 5_000_000_000_u64 })).pid, None);
}

#[test]
fn podmans_names_of_images_are_shown_as_docker_shows_them() {
    for (name, shown) in [
        ("docker.io/library/x:latest", "x:latest"),
        ("docker.io/acme/x:1", "acme/x:1"),
        ("localhost/acme/x:1", "localhost/acme/x:1"),
        ("localhost:5000/acme/x:1", "localhost:5000/acme/x:1"),
        ("quay.io/acme/x", "quay.io/acme/x"),
        ("acme/x", "acme/x"),
    ] {
        assert_eq!(familiar(name), shown);
    }
}

use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn at(root: &Path) -> At<'_> {
    At::new(root, "unix:///run/user/7/engine.sock", true)
}

fn asked(service: Value) -> Vec<RequestedAccess> {
    let folder = tempfile::tempdir().unwrap();
    access::of_service(service.as_object().unwrap(), &at(folder.path()))
}

/// The level of the one thing that is asked for.
fn level(service: Value) -> AccessLevel {
    let asks = asked(service.clone());
    assert_eq!(asks.len(), 1, "{service}: {asks:?}");
    asks[0].level
}

use AccessLevel::{Access, Control, Notice};

#[test]
fn what_gives_control_of_the_machine_stands_first() {
    let asks = asked(json!({
        "restart": "always",
        "ports": [{ "target": 80, "published": "80", "protocol": "tcp" }],
        "volumes": [{ "type": "bind", "source": "/srv/data", "target": "/data" }],
        "privileged": true,
    }));
    let levels: Vec<_> = asks.iter().map(|ask| ask.level).collect();
    assert_eq!(levels, [Control, Access, Access, Notice]);
    assert!(asks[0].summary.starts_with("Full control over the machine"), "{asks:?}");
}

#[test]
fn a_path_of_docker_desktops_own_is_asked_for_with_what_to_use_instead() {
    let asks = asked(json!({ "volumes": ["/var/run/docker.sock.raw:/var/run/docker.sock"] }));
    assert_eq!((asks.len(), asks[0].level), (1, Control), "{asks:?}");
    // Where it exists, it is the engine's own socket.
    assert!(asks[0].summary.starts_with("Full control over the engine"), "{asks:?}");
    let impact = asks[0].impact.as_deref().unwrap();
    assert!(impact.contains("owned by root") && impact.contains("Mount /var/run/docker.sock:"), "{impact}");
}

#[test]
fn each_way_to_the_machine_is_named_with_what_it_gives() {
    for (service, expected) in [
        (json!({ "privileged": true }), Control),
        (json!({ "cap_add": ["SYS_ADMIN"] }), Control),
        (json!({ "cap_add": ["CAP_SYS_PTRACE"] }), Control),
        (json!({ "cap_add": ["ALL"] }), Control),
        (json!({ "cap_add": ["NET_ADMIN"] }), Access),
        (json!({ "security_opt": ["seccomp:unconfined"] }), Control),
        (json!({ "security_opt": ["label=disable"] }), Control),
        (json!({ "security_opt": ["apparmor=mine"] }), Access),
        (json!({ "pid": "host" }), Access),
        (json!({ "ipc": "host" }), Access),
        (json!({ "userns_mode": "host" }), Access),
        (json!({ "network_mode": "host" }), Access),
        (json!({ "network_mode": "container:other" }), Access),
        (json!({ "devices": ["/dev/sda:/dev/x:rwm"] }), Control),
        (json!({ "devices": [{ "source": "/dev/mem", "target": "/dev/mem", "permissions": "r" }] }), Control),
        (json!({ "devices": ["/dev/kvm:/dev/kvm"] }), Access),
        (json!({ "device_cgroup_rules": ["b *:* rwm"] }), Control),
        (json!({ "provider": { "type": "anything" } }), Control),
        (json!({ "use_api_socket": true }), Control),
        (json!({ "gpus": "all" }), Access),
        (json!({ "volumes_from": ["container:other"] }), Access),
        (json!({ "runtime": "other" }), Access),
        (json!({ "restart": "unless-stopped" }), Notice),
        (json!({ "made_up": 1 }), Access),
        (json!({ "deploy": { "made_up": 1 } }), Access),
    ] {
        assert_eq!(level(service.clone()), expected, "{service}");
    }
}

#[test]
fn what_stays_in_the_container_is_not_listed() {
    let quiet = json!({
        "image": "x", "command": ["a"], "environment": { "A": "1" }, "networks": { "default": null }, "privileged": false,
        "cap_drop": ["ALL"], "tmpfs": ["/x"], "network_mode": "none", "pid": "service:web", "restart": "no",
        "volumes": ["data:/data:rw", { "type": "volume", "source": "data", "target": "/d", "volume": {} }, "/only"],
        "security_opt": ["no-new-privileges:true"], "deploy": { "replicas": 2, "resources": {}, "placement": {} },
        "cap_add": [], "devices": null, "x-mine": { "privileged": true },
    });
    assert_eq!(asked(quiet), []);
}

#[test]
fn mounts_are_read_in_both_forms() {
    for (volume, expected, words) in [
        (json!("/:/host:rw"), Control, "Changes any file"),
        (json!("/:/host:ro"), Control, "Connects to programs"),
        (json!("/var/run:/r:ro"), Control, "Connects to programs"),
        (json!("/run/user/1000:/r:ro"), Control, "Connects to programs"),
        (json!("/run/dbus/system_bus_socket:/r:ro"), Control, "Connects to"),
        (json!("/etc:/e:ro"), Access, "Reads all files"),
        (json!("/var/lib/docker/volumes:/v"), Control, "Changes any file"),
        (json!("/var/spool/cron:/v"), Control, "Changes any file"),
        (json!("/run/user/1000:/v"), Control, "Changes any file"),
        (json!({ "type": "bind", "source": "/", "target": "/host" }), Control, "Changes any file"),
        (json!({ "type": "bind", "source": "/etc/cron.d", "target": "/c" }), Control, "Changes any file"),
        (json!({ "type": "bind", "source": "/srv/../etc", "target": "/c" }), Control, "Changes any file"),
        (json!({ "type": "bind", "source": "/mnt/x", "target": "/c", "read_only": true }), Access, "Reads files"),
        (json!("/mnt/x:/c"), Access, "Reads and changes files"),
        (json!("C:\\Users\\me:/c:ro"), Access, "Reads files"),
        (json!("/var/run/docker.sock:/var/run/docker.sock:ro"), Control, "Full control over the engine"),
        (
            json!({ "type": "bind", "source": "/var/run/docker.sock.raw", "target": "/x" }),
            Control,
            "Full control over the engine",
        ),
        (json!("/run/user/7/engine.sock:/e"), Control, "Full control over the engine"),
        (
            json!({ "type": "npipe", "source": "\\\\.\\pipe\\docker_engine", "target": "x" }),
            Control,
            "Full control over the engine",
        ),
    ] {
        let asks = asked(json!({ "volumes": [volume] }));
        assert_eq!(asks.len(), 1, "{volume}: {asks:?}");
        assert!(asks[0].level == expected && asks[0].summary.starts_with(words), "{volume}: {asks:?}");
    }
    let shared = asked(
        json!({ "volumes": ["/mnt/x:/c:rshared", { "type": "bind", "source": "/mnt/y", "target": "/d", "bind": { "propagation": "rshared" } }] }),
    );
    assert_eq!(
        shared.iter().filter(|ask| ask.summary.starts_with("Mounts made in the container")).count(),
        2,
        "{shared:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_the_extensions_folder_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("data")).unwrap();
    std::os::unix::fs::symlink("/etc", root.join("innocent")).unwrap();
    let of = |name: &str| {
        let service = json!({ "volumes": [{ "type": "bind", "source": root.join(name), "target": "/x" }] });
        access::of_service(service.as_object().unwrap(), &at(&root)).remove(0)
    };
    assert_eq!(of("data").level, Notice);
    assert_eq!(of("not-there-yet").level, Notice);
    let link = of("innocent");
    assert!(link.level == Control && link.value.as_ref().unwrap().contains("→ /etc"), "{link:?}");
    assert_eq!(of("innocent/passwd").level, Control);
}

#[test]
fn ports_tell_on_which_interface_they_are_open() {
    for (port, expected, words) in [
        (json!({ "target": 80, "published": "80", "protocol": "tcp", "mode": "ingress" }), Access, "80 → 80"),
        (json!({ "host_ip": "127.0.0.1", "target": 81, "published": "81", "protocol": "udp" }), Notice, "81 → 81/udp"),
        (json!("127.0.0.1:81:81/udp"), Notice, "81 → 81/udp"),
        (json!("[::1]:1:2"), Notice, "1 → 2"),
        (json!("8080:80"), Access, "8080 → 80"),
        (json!({ "target": 5 }), Access, "a free port → 5"),
        (json!("192.168.1.2:9:9"), Access, "9 → 9 on 192.168.1.2"),
    ] {
        let asks = asked(json!({ "ports": [port] }));
        assert!(asks[0].level == expected && asks[0].value.as_deref() == Some(words), "{port}: {asks:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_socket_in_the_extensions_folder_gives_control() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let service = json!({ "volumes": [{ "type": "bind", "source": socket, "target": "/x", "read_only": true }] });
    assert_eq!(access::of_service(service.as_object().unwrap(), &at(folder.path()))[0].level, Control);
}

#[test]
fn what_lies_in_the_home_folder_is_changed_with_control() {
    let home = std::env::home_dir().unwrap();
    for name in [".ssh", ".config/x", ".local/bin", "anything"] {
        let mount = |only| json!({ "volumes": [{ "type": "bind", "source": home.join(name), "target": "/x", "read_only": only }] });
        assert_eq!(level(mount(false)), Control, "{name}");
        assert_eq!(level(mount(true)), Access, "{name}");
    }
}

#[test]
fn other_spellings_of_devices_and_capabilities_give_the_same() {
    for device in ["/dev//sda", "/dev/./sda:/dev/x:rwm", "/dev/x/../sda", "/dev/block/8:0", "//dev/mem", "/dev/"] {
        assert_eq!(level(json!({ "devices": [device] })), Control, "{device}");
        assert_eq!(level(json!({ "devices": [{ "source": device, "target": "/dev/x" }] })), Control, "{device}");
    }
    for name in ["cap_sys_admin", "Cap_Sys_Module", "all"] {
        assert_eq!(level(json!({ "cap_add": [name] })), Control, "{name}");
    }
}

#[test]
fn a_hook_that_runs_privileged_gives_control_and_its_unknown_keys_are_listed() {
    for key in ["post_start", "pre_stop"] {
        let hook = |more: Value| {
            let mut hook = json!({ "command": ["x"], "user": "root", "environment": ["A=1"], "working_dir": "/" });
            hook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ key: [hook] })
        };
        assert_eq!(asked(hook(json!({ "privileged": false }))), []);
        assert_eq!(level(hook(json!({ "privileged": true }))), Control);
        assert_eq!(level(hook(json!({ "made_up": 1 }))), Access);
    }
}

#[test]
fn a_volume_that_the_engine_mounts_by_itself_is_shown_in_full() {
    for (kind, device, flags, expected, words) in [
        ("overlay", "overlay", "lowerdir=/etc:/root,upperdir=/x,workdir=/y", Control, "lowerdir=/etc:/root"),
        ("none", "etc", "rbind", Control, "device: etc, o: rbind"),
        ("none", "../../etc", "bind", Control, "device: ../../etc"),
        ("nfs", "etc", "bind", Control, "type: nfs"),
        ("cifs", "//x/y", "credentials=/root/c", Control, "credentials=/root/c"),
        ("ext4", "/dev/sda1", "ro", Control, "/dev/sda1"),
        ("none", "/mnt/x", "bind,upperdir=/etc", Control, "upperdir=/etc"),
        ("none", "/mnt/x", "bind,rw", Access, "/mnt/x at volume"),
        ("nfs4", ":/x", "addr=1.2.3.4,rw", Access, "type: nfs4, device: :/x, o: addr=1.2.3.4,rw"),
        ("tmpfs", "tmpfs", "size=100m", Notice, "tmpfs"),
    ] {
        let options = json!({ "type": kind, "device": device, "o": flags });
        let asks = whole(json!({ "volumes": { "d": { "name": "proj_d", "driver_opts": options } } }));
        assert_eq!(asks.len(), 1, "{options}: {asks:?}");
        assert!(asks[0].level == expected && asks[0].value.as_ref().unwrap().contains(words), "{options}: {asks:?}");
    }
}

#[test]
fn a_name_that_equals_the_key_is_of_another_project() {
    for key in ["volumes", "networks"] {
        let of = |entry: Value| whole(json!({ key: { "other_data": entry } }));
        assert_eq!(of(json!({ "name": "other_data" }))[0].level, Access, "{key}");
        assert_eq!(of(json!({ "name": "proj_other_data" })), [], "{key}");
        assert_eq!(of(json!({ "labels": {} })), [], "{key}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_in_a_folder_that_a_container_can_change_gives_control() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("data/inner")).unwrap();
    std::fs::create_dir_all(root.join("other")).unwrap();
    // This leads out of the folder that can be changed; the link itself lies in it.
    std::os::unix::fs::symlink(root.join("other"), root.join("data/link")).unwrap();
    std::os::unix::fs::symlink(root.join("data/link"), root.join("to-link")).unwrap();
    let of = |read_only: bool, more: Value| {
        let volume = json!({ "type": "bind", "source": root.join("data"), "target": "/d", "read_only": read_only });
        let mut resolved = json!({ "services": { "a": { "volumes": [volume] } } });
        for (key, value) in more.as_object().unwrap() {
            match resolved.get_mut(key).and_then(Value::as_object_mut) {
                Some(before) => before.extend(value.as_object().unwrap().clone()),
                None => resolved[key] = value.clone(),
            }
        }
        let asks = project::asks(&resolved, &[], "proj", &at(&root)).1;
        asks.iter().any(|ask| ask.level == Control && ask.summary.starts_with("Can reach any file"))
    };
    let mount = |path: &str| json!({ "services": { "b": { "volumes": [{ "type": "bind", "source": root.join(path), "target": "/x", "read_only": true }] } } });
    let device = |path: &str| json!({ "volumes": { "v": { "name": "proj_v", "driver_opts": { "type": "none", "o": "bind", "device": root.join(path) } } } });
    for inner in [
        mount("data/inner"),
        mount("data/not-there"),
        mount("data/link"),
        mount("to-link/x"),
        mount("other/../data/inner"),
        device("data/inner"),
        json!({ "secrets": { "s": { "file": root.join("data/s") } } }),
        json!({ "configs": { "c": { "file": root.join("data/c") } } }),
        json!({ "services": { "b": { "build": { "context": root.join("data/inner") } } } }),
        json!({ "services": { "b": { "build": { "context": &root, "dockerfile": "data/Dockerfile" } } } }),
        json!({ "services": { "b": { "build": { "context": &root, "additional_contexts": { "x": root.join("data/x") } } } } }),
    ] {
        assert!(of(false, inner.clone()), "{inner}");
        assert!(!of(true, inner.clone()), "{inner}");
    }
    for beside in [mount("data"), mount("other"), mount("database"), device("other")] {
        assert!(!of(false, beside.clone()), "{beside}");
    }
}

#[test]
fn what_builds_or_pulls_each_time_is_never_covered() {
    for (service, made) in [
        (json!({ "image": "x" }), false),
        (json!({ "image": "x", "build": null, "pull_policy": "missing" }), false),
        (json!({ "pull_policy": "never" }), false),
        (json!({ "build": { "context": "/x" } }), true),
        (json!({ "pull_policy": "always" }), true),
        (json!({ "pull_policy": "build" }), true),
        (json!({ "pull_policy": "every_1h" }), true),
    ] {
        assert_eq!(makes_images(&json!({ "services": { "a": service } })), made, "{service}");
    }
}

fn whole(resolved: Value) -> Vec<RequestedAccess> {
    let folder = tempfile::tempdir().unwrap();
    project::asks(&resolved, &[], "proj", &at(folder.path())).1
}

#[test]
fn what_services_share_is_listed_too() {
    for (resolved, words, expected) in [
        (
            json!({ "volumes": { "d": { "name": "proj_d", "driver_opts": { "type": "none", "o": "bind", "device": "/" } } } }),
            "Changes any file",
            Control,
        ),
        (
            json!({ "volumes": { "d": { "name": "proj_d", "driver_opts": { "type": "nfs", "o": "addr=x", "device": ":/x" } } } }),
            "Mounts a network share",
            Access,
        ),
        (json!({ "volumes": { "d": { "name": "other_data", "external": true } } }), "Uses a volume", Access),
        (json!({ "volumes": { "d": { "name": "other_data" } } }), "Uses a volume", Access),
        (
            json!({ "networks": { "n": { "name": "host", "external": true } } }),
            "Uses the machine's own network",
            Access,
        ),
        (json!({ "networks": { "n": { "name": "proj_n", "driver": "macvlan" } } }), "Creates a network", Access),
        (json!({ "networks": { "n": { "name": "others" } } }), "Joins another network", Access),
        (
            json!({ "secrets": { "s": { "name": "proj_s", "file": "/etc/passwd" } } }),
            "Reads a file of your machine",
            Access,
        ),
        (json!({ "configs": { "c": { "file": "/home/x/.netrc" } } }), "Reads a file of your machine", Access),
        (json!({ "made_up": { "a": 1 } }), "Uses an unknown option", Access),
        (json!({ "models": { "m": { "model": "x/y" } } }), "Downloads and runs a model", Notice),
    ] {
        let asks = whole(resolved.clone());
        assert_eq!(asks.len(), 1, "{resolved}: {asks:?}");
        assert!(asks[0].summary.starts_with(words) && asks[0].level == expected, "{resolved}: {asks:?}");
    }
    let quiet = json!({ "name": "proj", "version": "3.8", "x-a": 1, "networks": { "default": { "name": "proj_default", "ipam": {} } }, "volumes": { "d": { "name": "proj_d" } } });
    assert_eq!(whole(quiet), []);
}

#[test]
fn building_tells_what_it_reads_and_runs() {
    let summaries = |build: Value| {
        let asks = asked(json!({ "build": build }));
        asks.into_iter().map(|ask| ask.summary).collect::<Vec<_>>().join("\n")
    };
    assert!(summaries(json!({ "context": "/", "dockerfile": "Dockerfile" })).contains("Sends files to the engine"));
    for (key, value, words) in [
        ("ssh", json!(["default"]), "SSH keys"),
        ("additional_contexts", json!({ "home": "/home" }), "Sends files"),
        ("additional_contexts", json!(["home=/home"]), "Sends files"),
        ("privileged", json!(true), "builds privileged"),
        ("network", json!("host"), "another network"),
        ("additional_contexts", json!({ "a": "/x://../../home" }), "Sends files"),
        ("additional_contexts", json!({ "a": "/image://../home" }), "Sends files"),
        ("cache_to", json!(["type=local,dest=/tmp/x"]), "Writes a build cache"),
        ("made_up", json!(1), "Uses an unknown option"),
    ] {
        let mut build = json!({ "context": "/x" });
        build[key] = value;
        let found = summaries(build);
        assert!(found.contains(words) && found.contains("Builds an image"), "{key}: {found}");
    }
}

/// Any JSON, with the keys that mean something among those that don't.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "(/|host|[a-z:/.$\\\\-]{0,12}|\\PC{0,6})".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(
                "(type|source|target|bind|device|driver|context|file|name|external|host_ip|published|[a-z_]{1,6})",
                inner,
                0..4
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_is_too_odd_and_no_unknown_key_is_passed_over(
        key in "(volumes|ports|devices|build|deploy|logging|cap_add|network_mode|pid|provider|[a-z_]{3,14})",
        value in any_value(),
    ) {
        let asks = asked(json!({ &key: value.clone() }));
        let resolved = json!({ "services": { "a": value.clone() }, "volumes": value.clone(), "networks": value.clone(), &key: value });
        let _ = whole(resolved);
        let _ = asks;
    }

    #[test]
    fn a_key_that_is_not_known_is_listed(key in "[a-z]{4,8}_[a-z]{4,8}_[a-z]{4,8}", value in "[a-z]{1,8}") {
        let asks = asked(json!({ &key: value.clone() }));
        prop_assert_eq!(asks[0].value.clone(), Some(format!("{key}: {value}")));
        let asks = whole(json!({ &key: value.clone() }));
        prop_assert_eq!(asks[0].value.clone(), Some(format!("{key}: {value}")));
    }
}

//! Extensions whose files are named pipes, sockets, devices, endless or elsewhere: opening one says so at once.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use porthole_base::error::{Code, Error};
use porthole_engine::this_machine::Machine;
use porthole_extension::{
    BackendKind, Extension, ExtensionHost, ExtensionSource, PageFacts, PageFrom, PageServer, check_folder, open,
};
use porthole_sdk::runtime::Runtime;
use porthole_tests::given;
use porthole_timeline::Timeline;

/// What a healthy machine needs a thousandth of.
const AT_ONCE: Duration = Duration::from_secs(20);

const MANIFEST: &str = r#"{
  "icon": "icon.svg",
  "ui": { "dashboard-tab": { "title": "T", "root": "/ui", "src": "index.html" } },
  "vm": { "composefile": "compose.yaml", "exposes": { "socket": "b.sock" } },
  "host": { "binaries": [{ "linux": [{ "path": "/host/tool" }], "darwin": [{ "path": "/host/tool" }] }] }
}"#;

/// Every file that is read when an extension is opened, and the key under which a bad one is reported.
const PLACES: [(&str, &str); 6] = [
    ("metadata.json", ""),
    ("icon.svg", "icon"),
    ("ui/index.html", "ui.dashboard-tab.src"),
    ("compose.yaml", "vm.composefile"),
    ("web.env", "services.web.env_file"),
    ("host/tool", "host.binaries"),
];

/// What stands in the file's place.
#[derive(Debug, Clone, Copy)]
enum Bad {
    Pipe,
    ToPipe,
    Zero,
    Socket,
    ToSecret,
    Endless,
}

const BAD: [Bad; 6] = [Bad::Pipe, Bad::ToPipe, Bad::Zero, Bad::Socket, Bad::ToSecret, Bad::Endless];

fn extension() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("ext");
    for (path, text) in [
        ("metadata.json", MANIFEST),
        ("icon.svg", "<svg/>"),
        ("ui/index.html", "<!doctype html>"),
        ("compose.yaml", "services: {web: {image: '${DESKTOP_PLUGIN_IMAGE}', env_file: web.env}}"),
        ("web.env", "A=1"),
        ("host/tool", "#!/bin/sh\n"),
    ] {
        fs::create_dir_all(inner.join(path).parent().unwrap()).unwrap();
        fs::write(inner.join(path), text).unwrap();
    }
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::set_permissions(inner.join("host/tool"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

fn put(bad: Bad, place: &Path) -> Option<UnixListener> {
    fs::remove_file(place).unwrap();
    let beside = place.with_file_name("beside");
    match bad {
        Bad::Pipe => mkfifo(place, Mode::S_IRWXU).unwrap(),
        Bad::ToPipe => {
            mkfifo(&beside, Mode::S_IRWXU).unwrap();
            symlink("beside", place).unwrap();
        }
        Bad::Zero => symlink("/dev/zero", place).unwrap(),
        Bad::Socket => return Some(UnixListener::bind(place).unwrap()),
        Bad::ToSecret => symlink("../../secret", place).or_else(|_| symlink("../secret", place)).unwrap(),
        Bad::Endless => {
            fs::File::create(place).unwrap().set_len(1 << 42).unwrap();
            fs::set_permissions(place, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
    }
    None
}

fn facts() -> PageFacts {
    PageFacts {
        runtime: Runtime::DockerDesktop,
        machine: Machine::this(),
        image: "acme/x".into(),
        container: false,
        service: false,
    }
}

fn no_engine<T>() -> Result<T, Error> {
    Err(Error::new(Code::EngineUnavailable, "none"))
}

async fn opened(folder: PathBuf) -> Result<Extension, Error> {
    open(ExtensionSource::Folder { path: folder, image: None }, no_engine(), Path::new("/nowhere"), None).await
}

/// Does it on threads of its own: what blocks for ever must not keep the test from failing.
fn at_once<T: Send + 'static>(what: &str, act: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(act()));
    told.recv_timeout(AT_ONCE).unwrap_or_else(|_| panic!("it blocked: {what}"))
}

#[test]
fn a_bad_file_in_any_place_is_reported_at_once() {
    for (path, key) in PLACES {
        for bad in BAD {
            let folder = extension();
            let inner = folder.path().join("ext");
            let _listener = put(bad, &inner.join(path));
            let what = format!("{bad:?} as {path}");
            let checked = at_once(&what, {
                let inner = inner.clone();
                move || check_folder(&inner)
            });
            // A page or a program may be large.
            let may_be = matches!((bad, path), (Bad::Endless, "icon.svg" | "ui/index.html" | "host/tool"));
            match checked {
                Err(error) => assert_eq!((path, error.code), ("metadata.json", Code::ManifestUnreadable), "{what}"),
                Ok(checked) => {
                    let said = checked
                        .diagnostics
                        .iter()
                        .any(|diagnostic| diagnostic.key() == key && !diagnostic.summary.is_empty());
                    assert_eq!(said, !may_be, "{what}: {:?}", checked.diagnostics);
                }
            }
            let opened = at_once(&what, {
                let inner = inner.clone();
                move || tokio::runtime::Runtime::new().unwrap().block_on(opened(inner))
            });
            if let Ok(opened) = opened {
                let is_compose = path.ends_with(".yaml") || path.ends_with(".env");
                let unusable =
                    matches!(&opened.backend, BackendKind::Unusable { error } if error.code == Code::ComposeUnreadable);
                assert_eq!(unusable, is_compose, "{what}: {:?}", opened.backend);
            }
        }
    }
}

#[test]
fn the_page_and_the_programs_of_a_bad_extension_are_opened_at_once_or_not_at_all() {
    for (path, _) in PLACES {
        for bad in BAD.into_iter().filter(|bad| !matches!(bad, Bad::Endless)) {
            let folder = extension();
            let inner = folder.path().join("ext");
            let _listener = put(bad, &inner.join(path));
            let what = format!("{bad:?} as {path}");
            let page = at_once(&what, {
                let inner = inner.clone();
                move || {
                    PageServer::folder(&inner, None, &PageFrom::Folder, facts(), None)
                        .map(drop)
                        .map_err(|error| error.code)
                }
            });
            let wanted = match path {
                "metadata.json" => Err(Code::ManifestUnreadable),
                "ui/index.html" => Err(Code::PageMissing),
                _ => Ok(()),
            };
            assert_eq!(page, wanted, "{what}");
            let bin = at_once(&what, move || {
                let room = tempfile::tempdir().unwrap();
                let timeline = Timeline::new(room.path().join("session"), room.path().join("kept"), 1 << 20, None);
                let extension_host = ExtensionHost::new(Arc::new(timeline), None, room.path().to_owned());
                let source = ExtensionSource::Folder { path: inner, image: None };
                let runtime = tokio::runtime::Runtime::new().unwrap();
                let opened = runtime.block_on(extension_host.open(source, None));
                opened.map(|opened| opened.bin.map(|bin| bin.join("tool").exists()))
            });
            match (path, bin) {
                ("metadata.json", Err(error)) => assert_eq!(error.code, Code::ManifestUnreadable),
                ("host/tool", Ok(bin)) => assert_eq!(bin, None, "{what}"),
                (_, bin) => assert_eq!(bin.unwrap(), Some(true), "{what}"),
            }
        }
    }
}

#[test]
fn a_page_never_gets_a_file_that_is_put_there_later() {
    let folder = extension();
    let inner = folder.path().join("ext");
    let (page, told) = PageServer::folder(&inner, None, &PageFrom::Folder, facts(), None).unwrap();
    let page = Arc::new(page);
    for (n, bad) in BAD.into_iter().filter(|bad| !matches!(bad, Bad::Endless)).enumerate() {
        let name = format!("later{n}.js");
        fs::create_dir_all(inner.join("ui")).unwrap();
        fs::write(inner.join("ui").join(&name), "").unwrap();
        let _ = fs::remove_file(inner.join("ui/beside"));
        let _listener = put(bad, &inner.join("ui").join(&name));
        let (page, host) = (Arc::clone(&page), told.url.clone());
        let status = at_once(&format!("{bad:?}"), move || {
            let host = host.trim_start_matches("ext://").split('/').next().unwrap_or_default();
            page.answer(host, &format!("/{name}"), None).map(|answer| answer.status)
        });
        assert_eq!(status, Some(404), "{bad:?}");
    }
}

#[test]
fn check_on_the_command_line_reports_a_pipe_and_a_manifest_that_is_one() {
    for path in [None, Some("metadata.json"), Some("icon.svg")] {
        let folder = extension();
        let inner = folder.path().join("ext");
        if let Some(path) = path {
            put(Bad::Pipe, &inner.join(path));
        }
        for argument in [inner.clone(), inner.join("metadata.json")] {
            let mut child = Command::new(given("PORTHOLE_CLI"))
                .arg("check")
                .arg(argument)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let id = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
            let ended = std::panic::catch_unwind(|| at_once("check", move || child.wait().unwrap().code()));
            let Ok(code) = ended else {
                let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGKILL);
                panic!("check blocked on {path:?}");
            };
            let wanted = match path {
                None => 0,
                Some("icon.svg") => 1,
                Some(_) => 3,
            };
            assert_eq!(code, Some(wanted), "{path:?}");
        }
    }
}

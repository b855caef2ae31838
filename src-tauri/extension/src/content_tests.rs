use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use super::*;
use crate::{OpenedPage, PageFacts, PageFrom, PageServer};
use porthole_engine::this_machine::Machine;
use porthole_sdk::runtime::Runtime;

const MANIFEST: &str = r#"{"ui":{"dashboard-tab":{"title":"Volumes","root":"/ui","src":"index.html"}},
    "host":{"binaries":[{"linux":[{"path":"/tool"}],"darwin":[{"path":"/tool"}]}]}}"#;

fn extension() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("ui/assets")).unwrap();
    for (path, text) in
        [("metadata.json", MANIFEST), ("tool", "#!/bin/sh\n"), ("ui/index.html", "<p>"), ("ui/assets/app.js", "1")]
    {
        fs::write(folder.path().join(path), text).unwrap();
    }
    folder
}

fn open(folder: &Path, server: Option<&str>) -> (PageServer, OpenedPage) {
    let facts = PageFacts {
        runtime: Runtime::DockerDesktop,
        machine: Machine::this(),
        image: "acme/volumes".into(),
        container: false,
        service: false,
    };
    let server = server.map(|server| server.parse().unwrap());
    PageServer::folder(folder, Some("acme/volumes"), &server.map_or(PageFrom::Folder, PageFrom::Server), facts, None)
        .unwrap()
}

fn content(folder: &Path) -> Content {
    open(folder, None).0.read_content(None)
}

/// What it is known by after another look.
fn seen(content: &Content) -> Option<&str> {
    content.watch.look();
    content.known()
}

fn answered(open: &PageServer, opened: &OpenedPage, path: &str) -> u16 {
    let host = opened.url.strip_prefix("ext://").unwrap().split('/').next().unwrap();
    open.answer(host, path, None).unwrap().status
}

#[test]
fn every_part_of_an_extension_belongs_to_its_content_and_what_changed_is_named() {
    let before = extension();
    let first = content(before.path());
    assert!(first.lasting && first.known().is_some());
    assert_eq!(first.known(), content(before.path()).known());
    assert_eq!(first.known(), content(extension().path()).known(), "the same in another folder of the same name");
    type Change = fn(&Path);
    let changes: [(Change, &str); 7] = [
        (|at| fs::write(at.join("ui/assets/app.js"), "2").unwrap(), "ui/assets/app.js (changed)"),
        (|at| fs::write(at.join("ui/new.js"), "").unwrap(), "ui/new.js (added)"),
        (|at| fs::remove_file(at.join("ui/assets/app.js")).unwrap(), "ui/assets/app.js (removed)"),
        (|at| fs::write(at.join("metadata.json"), format!("{MANIFEST} ")).unwrap(), "metadata.json (changed)"),
        (|at| fs::write(at.join("tool"), "#!/bin/sh\nrm -r ~\n").unwrap(), "tool (changed)"),
        (|at| fs::set_permissions(at.join("tool"), fs::Permissions::from_mode(0o755)).unwrap(), "tool (changed)"),
        (|at| std::os::unix::fs::symlink("app.js", at.join("ui/assets/b.js")).unwrap(), "ui/assets/b.js (added)"),
    ];
    for (change, told) in changes {
        let folder = extension();
        change(folder.path());
        let now = content(folder.path());
        assert_ne!(now.known(), first.known(), "{told}");
        assert!(now.differences(&first.parts).contains(&told.to_owned()), "{:?}", now.differences(&first.parts));
    }
    let image = |id: &str| open(before.path(), None).0.read_content(Some(id.to_owned()));
    assert_ne!(image("sha256:aa").known(), image("sha256:bb").known());
    assert_eq!(image("sha256:bb").differences(&image("sha256:aa").parts), ["image digest (changed)"]);
}

#[test]
fn a_name_is_no_content_and_a_content_of_another_name_is_another_one() {
    let of = |name: &str, part: &str, hash: &str| {
        let parts = [(part.to_owned(), hash.to_owned())].into();
        Content::of(name.to_owned(), parts, true, Watch::default()).id().to_owned()
    };
    assert_eq!(of("a", "b", "c"), of("a", "b", "c"));
    for other in [of("A", "b", "c"), of("a", "bc", ""), of("ab", "", "c"), of("a", "b", "d")] {
        assert_ne!(of("a", "b", "c"), other);
    }
}

#[test]
fn a_file_that_is_swapped_after_the_page_was_opened_loses_the_permission() {
    let folder = extension();
    let at = |path: &str| folder.path().join(path);
    type Swap = fn(&Path);
    let swaps: [(&str, Swap, &str); 4] = [
        ("/assets/app.js", |at| fs::write(at.join("ui/assets/app.js"), "3").unwrap(), "assets/app.js (changed"),
        ("/late.js", |at| fs::write(at.join("ui/late.js"), "").unwrap(), "late.js (added"),
        // Served as it was, and swapped then, for the next time that it is loaded.
        ("/index.html", |at| fs::write(at.join("ui/index.html"), "<b>").unwrap(), "index.html (changed"),
        ("/index.html", |at| fs::write(at.join("tool"), "#!/bin/sh\n#\n").unwrap(), "tool (changed"),
    ];
    for (path, swap, told) in swaps {
        fs::remove_file(at("ui/late.js")).ok();
        let (mut open, opened) = open(folder.path(), None);
        let content = open.read_content(None);
        assert_eq!(answered(&open, &opened, "/index.html"), 200);
        assert!(seen(&content).is_some(), "{path}");
        swap(folder.path());
        assert_eq!(answered(&open, &opened, path), 200);
        assert_eq!(seen(&content), None, "{path}");
        let changed = content.watch.changed();
        assert!(changed.iter().any(|one| one.starts_with(told)), "{changed:?}");
        assert_eq!(seen(&content), None, "it stays so");
    }
}

#[test]
fn what_is_too_much_to_read_is_known_as_this_opening_alone() {
    let folder = extension();
    for n in 0..=MOST_FILES {
        fs::write(folder.path().join(format!("ui/{n}")), "").unwrap();
    }
    let (first, again) = (content(folder.path()), content(folder.path()));
    assert!(!first.lasting && first.known().is_some());
    assert_ne!(first.known(), again.known());
    let deep = extension();
    let path = (0..=DEEPEST).fold(deep.path().join("ui"), |path, _| path.join("d"));
    fs::create_dir_all(path).unwrap();
    assert!(!content(deep.path()).lasting);
}

#[test]
fn what_is_no_file_or_leads_out_is_not_read() {
    let folder = extension();
    let secret = tempfile::NamedTempFile::new().unwrap();
    nix::unistd::mkfifo(&folder.path().join("ui/fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink(secret.path(), folder.path().join("ui/out")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("ui/loop")).unwrap();
    let before = content(folder.path());
    let names: Vec<&String> = before.parts.keys().collect();
    assert_eq!(
        names,
        ["metadata.json", "tool", "ui/assets/app.js", "ui/index.html", "ui/loop (link)", "ui/out (link)"]
    );
    fs::write(secret.path(), "other").unwrap();
    assert_eq!(content(folder.path()).known(), before.known());
}

#[cfg(target_os = "linux")]
#[test]
fn a_development_server_is_known_as_long_as_the_same_process_listens() {
    let folder = extension();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (open, _) = open(folder.path(), Some(&format!("localhost:{port}")));
    let served = || open.served_content(Listeners::on(port));
    let first = served();
    assert!(!first.lasting && seen(&first).is_some());
    assert_eq!(seen(&first), served().known());
    assert_eq!(Listeners::on(port).unwrap().program().programs, [std::env::current_exe().unwrap()]);
    // Without a listener that the system tells of it is nobody's.
    assert_eq!(open.served_content(None).known(), None);
    drop(listener);
    assert_eq!(seen(&first), None);
    // Something else in its place, on the same port.
    let again = TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(seen(&first), None);
    assert_eq!(first.watch.changed(), [format!("A different program is listening on port {port}")]);
    assert!(served().known().is_some());
    drop(again);
    assert_eq!(Listeners::on(port), None);
}

//! The image that a folder builds, on an engine of the test's own: what is asked of it, and what of its responses is believed.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, Mutex},
};

use porthole_core::{
    engine::{Address, Engine},
    error::Code,
    extension::{Bench, NamedBy, OpenExtension, Source, Weight, check_with_image},
    timeline::Timeline,
};
use porthole_tests::{
    eventually,
    servers::{Raw, read_head},
};

const ID: &str = "sha256:6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998";
const MANIFEST: &str = r#"{
  "icon": "icon.svg",
  "ui": { "dashboard-tab": { "title": "X", "root": "/ui", "src": "index.html" } },
  "host": { "binaries": [{ "linux": [{ "path": "/host/tool" }] }] }
}"#;
const DOCKERFILE: &str = "FROM scratch\nLABEL org.opencontainers.image.title=X com.docker.desktop.extension.api.version=1\n\
    COPY icon.svg /\nCOPY --from=elsewhere /ui /ui\nCOPY --from=elsewhere /host /host\n";
const LABELS: &str = r#"{"org.opencontainers.image.title":"X","com.docker.desktop.extension.api.version":"1"}"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [("metadata.json", MANIFEST), ("Dockerfile", DOCKERFILE), ("icon.svg", "<svg/>")] {
        fs::write(folder.path().join(path), text).unwrap();
    }
    folder
}

fn send(stream: &mut UnixStream, status: &str, kind: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// One file or link, as an engine sends it for its path.
fn archive(name: &str, mode: u32, text: &[u8], link: Option<&str>) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(text.len() as u64);
    if let Some(link) = link {
        header.set_entry_type(tar::EntryType::Symlink);
        tar.append_link(&mut header, name, link).unwrap();
    } else {
        tar.append_data(&mut header, name, text).unwrap();
    }
    tar.into_inner().unwrap()
}

struct Fake {
    server: Raw,
    /// The first line of each request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// One with an image of this name that was created at this time, and without `index.html`.
    fn new(name: &'static str, created: u64) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let server = Raw::new(move |stream| {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || serve(stream, &seen, name, created));
        });
        Self { server, asked }
    }

    fn address(&self) -> String {
        self.server.endpoint.to_string()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: UnixStream, seen: &Mutex<Vec<String>>, name: &str, created: u64) {
    while let head = read_head(&mut stream)
        && !head.is_empty()
    {
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        stream.read_exact(&mut vec![0; length.unwrap_or_default()]).unwrap();
        let line = head.lines().next().unwrap_or_default().to_owned();
        seen.lock().unwrap().push(line.clone());
        let json = |stream: &mut UnixStream, body: &str| send(stream, "200 OK", "application/json", body.as_bytes());
        let tar = |stream: &mut UnixStream, body: &[u8]| send(stream, "200 OK", "application/x-tar", body);
        if line.contains("/images/json") {
            let image = format!(r#"{{"Id":"{ID}","RepoTags":["{name}"],"Labels":{LABELS},"Created":{created}}}"#);
            json(&mut stream, &format!(r#"[null,{{"Id":7}},{{"RepoTags":["<none>:<none>"],"Id":"x"}},{image}]"#));
        } else if line.contains("/archive?") {
            match line.split("path=").nth(1).unwrap_or_default() {
                // A link that leads out of the image is one inside of it.
                path if path.starts_with("%2Ficon.svg") => {
                    tar(&mut stream, &archive("icon.svg", 0o777, b"", Some("../../shared/icon.svg")));
                }
                path if path.starts_with("%2Fshared%2Ficon.svg") => {
                    tar(&mut stream, &archive("icon.svg", 0o644, b"<svg/>", None));
                }
                path if path.starts_with("%2Fhost%2Ftool") => {
                    let mut program = b"#!/bin/sh\n".to_vec();
                    program.resize(3_000_000, b'#');
                    tar(&mut stream, &archive("tool", 0o644, &program, None));
                }
                _ => send(&mut stream, "404 Not Found", "application/json", br#"{"message":"no such file"}"#),
            }
        } else if line.contains("/containers/json") {
            json(&mut stream, "[]");
        } else if line.starts_with("DELETE ") {
            send(&mut stream, "204 No Content", "text/plain", b"");
        } else {
            json(&mut stream, r#"{"Id":"made","Warnings":[]}"#);
        }
    }
}

const LONG_AGO: u64 = 1_000_000_000;
const IN_THE_FUTURE: u64 = 4_000_000_000;

#[tokio::test]
async fn a_folders_paths_are_judged_by_its_image_and_nothing_is_started_for_that() {
    let (folder, scratch) = (folder(), tempfile::tempdir().unwrap());
    let fake = Fake::new("acme/x:1", IN_THE_FUTURE);
    let engine = Engine::connect(Address::new("fake", fake.address())).await.unwrap();
    let checked = check_with_image(folder.path(), None, &engine, scratch.path(), None).await.unwrap().unwrap();
    let image = checked.image.unwrap();
    assert_eq!((image.name.as_ref(), image.named_by), ("acme/x:1", NamedBy::Labels));
    assert_eq!((image.created.as_deref(), image.changed), (Some("2096-10-02 07:06"), None));
    let statuses: Vec<_> = checked.paths.iter().map(|path| path.status.as_str()).collect();
    assert_eq!(statuses, ["in the image `acme/x:1`", "not in the image `acme/x:1`", "in the image `acme/x:1`"]);
    let found: Vec<_> = checked.remarks.iter().map(|remark| (remark.weight, remark.wrong.as_str())).collect();
    assert_eq!(
        found,
        [(Weight::Broken, "the image `acme/x:1` has no `ui/index.html`"), (Weight::Odd, "`/host/tool` has no run bit"),]
    );
    // Only what tells what a file is was written.
    assert!(fs::metadata(scratch.path().join("host/tool")).unwrap().len() <= 4096);
    let asked = fake.asked();
    let does = |what: &str| asked.iter().any(|line| line.contains(what));
    assert!(does("POST /containers/create") && does("DELETE /containers/porthole-reading-"), "{asked:#?}");
    assert!(!does("/start") && !does("/exec") && !does("/attach"), "{asked:#?}");
}

#[tokio::test]
async fn an_image_that_is_older_than_its_sources_is_said_to_be() {
    let (folder, scratch) = (folder(), tempfile::tempdir().unwrap());
    let fake = Fake::new("acme/x:1", LONG_AGO);
    let engine = Engine::connect(Address::new("fake", fake.address())).await.unwrap();
    let name = "acme/x:1".parse().unwrap();
    let checked = check_with_image(folder.path(), Some(&name), &engine, scratch.path(), None).await.unwrap().unwrap();
    let image = checked.image.unwrap();
    assert_eq!((image.created.as_deref(), image.changed.as_deref()), (Some("2001-09-09 01:46"), Some("Dockerfile")));
    assert_eq!(image.named_by, NamedBy::User);
    assert!(checked.remarks.iter().all(|remark| remark.weight == Weight::Odd), "{:#?}", checked.remarks);
    let other = "acme/other:1".parse().unwrap();
    let error = check_with_image(folder.path(), Some(&other), &engine, scratch.path(), None).await.unwrap_err();
    assert_eq!(error.code, Code::ImageNotFound);
    // Another title: it isn't this folder's image, and nothing of it is read.
    fs::write(folder.path().join("Dockerfile"), DOCKERFILE.replace("title=X", "title=Y")).unwrap();
    let before = fake.asked().len();
    assert!(check_with_image(folder.path(), None, &engine, scratch.path(), None).await.unwrap().is_none());
    assert!(fake.asked()[before..].iter().all(|line| !line.contains("/containers/create")));
}

fn bench(directory: &Path) -> Bench {
    let (session, kept) = (directory.join("session"), directory.join("kept"));
    fs::create_dir(&session).unwrap();
    Bench::new(Arc::new(Timeline::new(session.clone(), kept, 1 << 20, None)), None, session)
}

#[tokio::test]
async fn a_folder_is_opened_before_its_image_is_looked_into_and_the_report_follows() {
    let (folder, directory) = (folder(), tempfile::tempdir().unwrap());
    let fake = Fake::new("acme/x:1", IN_THE_FUTURE);
    let bench = bench(directory.path());
    let source = || Source::Folder { path: folder.path().to_owned(), image: None };
    // An address that is a path names an engine by its socket.
    let open = bench.open(source(), Some(fake.address())).await.unwrap();
    assert_eq!((open.opened.built_image.as_ref(), open.opened.remarks.as_slice()), (None, [].as_slice()));
    let has_image = |open: &OpenExtension| open.opened.built_image.is_some();
    let open = eventually("the report", async || bench.open_now().filter(has_image)).await;
    assert_eq!(open.opened.remarks.len(), 2, "{:#?}", open.opened.remarks);
    // What was taken out of the image is gone, and so is the container.
    let left: Vec<_> =
        fs::read_dir(directory.path().join("session")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("image-")), "{left:?}");
    assert!(fake.asked().iter().any(|line| line.starts_with("DELETE ")));
    // Without an engine the report is the Dockerfile's.
    let open = bench.open(source(), Some("unix:///no/such/engine.sock".to_owned())).await.unwrap();
    assert_eq!(open.opened.built_image, None);
    bench.close().await.unwrap();
}

//! An engine with one image that was built from a folder, for tests that have no real one.

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex},
};

use crate::servers::{Raw, read_head};

const ID: &str = "sha256:6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998";
const MANIFEST: &str = r#"{
  "icon": "icon.svg",
  "ui": { "dashboard-tab": { "title": "X", "root": "/ui", "src": "index.html" } },
  "host": { "binaries": [{ "linux": [{ "path": "/host/tool" }] }] }
}"#;
/// Its Dockerfile.
pub const DOCKERFILE: &str = "FROM scratch\nLABEL org.opencontainers.image.title=X com.docker.desktop.extension.api.version=1\n\
    COPY icon.svg /\nCOPY --from=elsewhere /ui /ui\nCOPY --from=elsewhere /host /host\n";
const LABELS: &str = r#"{"org.opencontainers.image.title":"X","com.docker.desktop.extension.api.version":"1"}"#;

/// A folder of an extension, two of whose paths only a build provides.
pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [("metadata.json", MANIFEST), ("Dockerfile", DOCKERFILE), ("icon.svg", "<svg/>")] {
        fs::write(folder.path().join(path), text).expect("a file");
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
        tar.append_link(&mut header, name, link).expect("a file");
    } else {
        tar.append_data(&mut header, name, text).expect("a file");
    }
    tar.into_inner().expect("a file")
}

/// Something that says it is an engine, and has an image that was built from such a folder.
pub struct Fake {
    server: Raw,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// One with an image of this name that was created at this time, and without `index.html`.
    pub fn new(name: &'static str, created: u64) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let server = Raw::new(move |stream| {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || serve(stream, &seen, name, created));
        });
        Self { server, asked }
    }

    /// Its address, as `DOCKER_HOST` has it.
    pub fn address(&self) -> String {
        self.server.endpoint.to_string()
    }

    /// The first line of each request so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").clone()
    }
}

fn serve(mut stream: UnixStream, seen: &Mutex<Vec<String>>, name: &str, created: u64) {
    while let head = read_head(&mut stream)
        && !head.is_empty()
    {
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        stream.read_exact(&mut vec![0; length.unwrap_or_default()]).expect("a body");
        let line = head.lines().next().unwrap_or_default().to_owned();
        seen.lock().expect("the list").push(line.clone());
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

/// Times for [`Fake::new`].
pub const LONG_AGO: u64 = 1_000_000_000;
pub const IN_THE_FUTURE: u64 = 4_000_000_000;

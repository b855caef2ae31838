use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::Shutdown,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::{UnixDatagram, UnixListener, UnixStream},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use super::{
    protocol::{BLOCK, DATA, EOF, OPEN, REFUSED, Refusal, head},
    test_program::{self, frame},
};

struct Place {
    directory: TempDir,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        // Another user must be able to come this far, whatever folder is set for temporary files.
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        let program = test_program::put_in(directory.path());
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { directory, program }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn carry(&self, path: &Path) -> Child {
        self.command(&["carry", path.to_str().unwrap()]).spawn().unwrap()
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn send(child: &mut Child, kind: u8, bytes: &[u8]) {
    let mut frame = head(kind, bytes.len()).to_vec();
    frame.extend_from_slice(bytes);
    child.stdin.as_mut().unwrap().write_all(&frame).unwrap();
}

/// A carried connection: the program's side and the backend's.
fn connected(place: &Place) -> (Child, UnixStream) {
    let path = place.at("s.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut child = place.carry(&path);
    let backend = listener.accept().unwrap().0;
    assert_eq!(frame(child.stdout.as_mut().unwrap()), (OPEN, Vec::new()));
    (child, backend)
}

#[test]
fn the_program_needs_nothing_beside_it() {
    let program = super::program(std::env::consts::ARCH).unwrap();
    // The ELF header, and the type of each segment: 3 would name an interpreter that loads libraries.
    let at =
        |from: usize, length: usize| program[from..from + length].iter().rev().fold(0, |n, b| n << 8 | usize::from(*b));
    let (table, size, count) = (at(32, 8), at(54, 2), at(56, 2));
    assert!(program.starts_with(b"\x7fELF") && count > 0);
    assert!((0..count).all(|n| at(table + n * size, 4) != 3));
    let own = env!("CARGO_MANIFEST_DIR").as_bytes();
    assert!(!program.windows(own.len()).any(|window| window == own), "a path of the machine it was built on");
    assert_eq!(super::program("riscv64"), None);
}

#[test]
fn bytes_go_both_ways_and_each_end_is_told_apart() {
    let place = Place::new();
    let (mut child, mut backend) = connected(&place);
    let mut output = child.stdout.take().unwrap();
    send(&mut child, DATA, b"ping");
    let mut four = [0; 4];
    backend.read_exact(&mut four).unwrap();
    assert_eq!(&four, b"ping");
    backend.write_all(b"pong").unwrap();
    assert_eq!(frame(&mut output), (DATA, b"pong".to_vec()));
    // Porthole's side ends first: the backend reads the end and may still answer.
    send(&mut child, EOF, b"");
    assert_eq!(backend.read(&mut four).unwrap(), 0);
    backend.write_all(b"late").unwrap();
    assert_eq!(frame(&mut output), (DATA, b"late".to_vec()));
    drop(backend);
    assert_eq!(frame(&mut output).0, EOF);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_backend_that_has_said_all_may_still_be_told_something() {
    let place = Place::new();
    let (mut child, mut backend) = connected(&place);
    backend.shutdown(Shutdown::Write).unwrap();
    assert_eq!(frame(child.stdout.as_mut().unwrap()).0, EOF);
    send(&mut child, DATA, b"more");
    send(&mut child, EOF, b"");
    let mut text = String::new();
    backend.read_to_string(&mut text).unwrap();
    assert_eq!(text, "more");
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn megabytes_come_out_as_they_went_in() {
    let place = Place::new();
    let (mut child, backend) = connected(&place);
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mirror = thread::spawn(move || {
        let (mut from, mut to) = (backend.try_clone().unwrap(), backend);
        std::io::copy(&mut from, &mut to).unwrap();
    });
    let sent = bytes.clone();
    let mut input = child.stdin.take().unwrap();
    let writing = thread::spawn(move || {
        for block in sent.chunks(BLOCK) {
            input.write_all(&head(DATA, block.len())).unwrap();
            input.write_all(block).unwrap();
        }
        input.write_all(&head(EOF, 0)).unwrap();
        input
    });
    let (mut came, mut output) = (Vec::new(), child.stdout.take().unwrap());
    loop {
        match frame(&mut output) {
            (DATA, block) => came.extend(block),
            (kind, _) => break assert_eq!(kind, EOF),
        }
    }
    assert!(came == bytes);
    mirror.join().unwrap();
    drop(writing.join().unwrap());
    child.wait().unwrap();
}

#[test]
fn whoever_lets_go_closes_the_connection_also_when_nobody_reads_or_accepts() {
    let place = Place::new();
    // In the middle of a body that nobody reads.
    let (mut child, mut backend) = connected(&place);
    let writing = thread::spawn(move || while backend.write_all(&[0; 4096]).is_ok() {});
    assert_eq!(frame(child.stdout.as_mut().unwrap()).0, DATA);
    drop(child.stdin.take());
    child.wait().unwrap();
    writing.join().unwrap();
}

#[test]
fn whoever_lets_go_before_the_backend_accepts_is_not_waited_for() {
    let place = Place::new();
    let path = place.at("busy.sock");
    let listener = UnixListener::bind(&path).unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    // A backlog of none takes one connection.
    let _first = UnixStream::connect(&path).unwrap();
    let mut child = place.carry(&path);
    drop(child.stdin.take());
    let mut said = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut said).unwrap();
    assert_eq!((said, child.wait().unwrap().code()), (Vec::new(), Some(0)));
}

#[test]
fn each_reason_not_to_connect_has_its_name() {
    let place = Place::new();
    drop(UnixListener::bind(place.at("stale")).unwrap());
    fs::write(place.at("file"), "").unwrap();
    let _datagrams = UnixDatagram::bind(place.at("datagrams")).unwrap();
    let _closed = UnixListener::bind(place.at("closed")).unwrap();
    fs::set_permissions(place.at("closed"), fs::Permissions::from_mode(0o600)).unwrap();
    for (name, expected) in [
        ("none", Refusal::Missing),
        ("stale", Refusal::Refused),
        ("file", Refusal::NotSocket),
        ("file/below", Refusal::NoDirectory),
        ("datagrams", Refusal::Other),
        ("closed", Refusal::Denied),
    ] {
        let mut command = place.command(&["carry", place.at(name).to_str().unwrap()]);
        if expected == Refusal::Denied && is_root() {
            command.uid(65534);
        }
        let mut child = command.spawn().unwrap();
        let (kind, text) = frame(child.stdout.as_mut().unwrap());
        let text = String::from_utf8(text).unwrap();
        assert_eq!((kind, Refusal::read(&text).0), (REFUSED, expected), "{name}: {text}");
        assert!(text.contains("os error"), "{text}");
        child.wait().unwrap();
    }
    for (refusal, name) in Refusal::NAMES {
        assert_eq!(Refusal::read(&format!("{}: words: more", refusal.name())), (refusal, "words: more"), "{name}");
    }
}

#[test]
fn the_one_that_holds_tells_who_listens_and_goes_with_its_stdin() {
    let place = Place::new();
    let path = place.at("s.sock");
    let mut child = place.command(&["hold"]).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut ask = |number: u32| {
        writeln!(child.stdin.as_mut().unwrap(), "{number} {}", path.display()).unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    };
    assert!(ask(1).starts_with("1 missing: "));
    let listener = UnixListener::bind(&path).unwrap();
    assert_eq!(ask(2), "2 open\n");
    drop(listener);
    assert!(ask(3).starts_with("3 refused: "));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn paths_may_be_those_below_another_root() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    fs::create_dir(place.at("run")).unwrap();
    std::os::unix::fs::symlink("/run", place.at("link")).unwrap();
    let listener = UnixListener::bind(place.at("run/s.sock")).unwrap();
    let root = place.directory.path().to_str().unwrap();
    let mut child = place.command(&["carry", "/link/s.sock", root]).spawn().unwrap();
    assert_eq!(frame(child.stdout.as_mut().unwrap()).0, OPEN);
    listener.accept().unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    let failed = place.command(&["hold", "/nowhere"]).output().unwrap();
    assert_eq!(failed.status.code(), Some(3));
    assert!(String::from_utf8(failed.stderr).unwrap().contains("/nowhere"));
    assert_eq!(place.command(&["sing"]).output().unwrap().status.code(), Some(2));
}

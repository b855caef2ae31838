//! Many that save at once, and a `porthole-cli` that is ended, is read in a terminal, or runs under an odd umask.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use porthole_app::settings::SettingsFile;
use porthole_base::terminal;
use porthole_http::endpoint::Endpoint;
use porthole_tests::given;

fn cli(args: &[&str]) -> Command {
    let mut command = Command::new(given("PORTHOLE_CLI"));
    command.args(args).stdin(Stdio::null());
    command
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// One of three hundred failed on a temporary name that two shared.
#[test]
fn three_hundred_saves_of_thirty_processes_all_succeed_and_none_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config/settings.json");
    let saving: Vec<Child> = (0..30)
        .map(|number| Command::new(env!("CARGO_BIN_EXE_saves")).arg(&path).arg(number.to_string()).spawn().unwrap())
        .collect();
    for mut process in saving {
        assert!(process.wait().unwrap().success());
    }
    let loaded = SettingsFile::new(path.clone()).load();
    assert!(loaded.trouble.is_none());
    let names: BTreeSet<String> = loaded.settings.saved.into_iter().map(|saved| saved.name).collect();
    assert_eq!(names.len(), 300);
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "the file and its lock: {left:?}");
}

/// It ended with 0, as if all had gone well.
#[test]
fn a_command_line_that_is_ended_says_by_what_and_what_it_read_is_printed() {
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        // The command ends with success, which isn't the program's own.
        let script = "trap 'echo bye; exit 0' INT TERM; echo ready; while :; do sleep 0.05; done";
        let mut child = cli(&["exec", "host", "--", "sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        signal(&child, name);
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("bye\n", Some(code)), "{name}");
    }
}

#[test]
fn a_command_that_is_deaf_to_the_end_of_the_command_line_is_ended_with_it() {
    let script = "trap '' TERM; echo $$; while :; do sleep 0.05; done";
    let mut child = cli(&["exec", "host", "--", "sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut process = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut process).unwrap();
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!Path::new(&format!("/proc/{}/status", process.trim())).exists(), "the command lives");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_demo_is_private_under_any_umask_and_ends_as_it_is_asked() {
    for (umask, name, code) in [("0", "-TERM", 143), ("0777", "-HUP", 129), ("022", "-INT", 130)] {
        let line = format!("umask {umask}; exec \"$0\" demo");
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", &line, &given("PORTHOLE_CLI")]).stdout(Stdio::piped()).spawn().unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut endpoint).unwrap();
        let Endpoint::Unix(path) = endpoint.parse().unwrap() else { panic!("{endpoint}") };
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700), "umask {umask}");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert!(!path.parent().unwrap().exists());
    }
}

/// A title, a C1 sequence, text that runs backwards, and a line of its own.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}exe\nporthole-cli: all is well";

fn assert_harmless(output: &[u8], lines_of: &str) {
    let text = String::from_utf8(output.to_vec()).unwrap();
    assert!(!text.chars().any(|c| terminal::is_control(c) && c != '\n'), "{text:?}");
    assert!(!text.lines().any(|line| line == "porthole-cli: all is well"), "{text}");
    assert!(text.contains(lines_of), "{text}");
}

#[test]
fn a_hostile_manifest_writes_nothing_but_text() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = serde_json::json!({
        "icon": HOSTILE, HOSTILE: 1, "vm": { "image": HOSTILE, "exposes": { "socket": HOSTILE } },
        "ui": { "dashboard-tab": { "title": HOSTILE, "root": HOSTILE, "src": HOSTILE } },
        "host": { "binaries": [{ "linux": [{ "path": HOSTILE }] }] }
    });
    fs::write(directory.path().join("metadata.json"), manifest.to_string()).unwrap();
    let path = directory.path().display().to_string();
    assert_harmless(&cli(&["check", &path]).output().unwrap().stdout, "\\x1b]0;owned");
    let json = cli(&["check", "--json", &path]).output().unwrap().stdout;
    assert_harmless(&json, "\\u001b]0;owned");
    assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    // Also where the folder's own name is one.
    let named = directory.path().join(HOSTILE.replace('/', ""));
    fs::create_dir(&named).unwrap();
    let missing = cli(&["check", &named.display().to_string()]).output().unwrap();
    assert_eq!(missing.status.code(), Some(3));
    assert_harmless(&missing.stderr, "\\x1b]0;owned");
}

#[test]
fn an_endpoint_that_is_not_there_is_named_without_its_escapes() {
    let endpoint = "unix:///tmp/\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}.sock";
    let failed = cli(&["request", "GET", "/", "--endpoint", endpoint]).output().unwrap();
    assert_eq!(failed.status.code(), Some(3));
    assert_harmless(&failed.stderr, "/tmp/\\x1b]0;owned\\x07\\u{9b}2J\\u{202e}.sock");
}

/// Answers each request with a body that acts on a terminal.
fn server() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{HOSTILE}", HOSTILE.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    endpoint
}

/// The same with a terminal as its standard output.
fn in_terminal(args: &[&str]) -> Output {
    let quoted: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let line = format!("{} {}", given("PORTHOLE_CLI"), quoted.join(" "));
    Command::new("script").args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_body_is_raw_in_a_pipe_and_text_in_a_terminal() {
    let endpoint = server();
    let args = ["request", "GET", "/", "--endpoint", &endpoint];
    assert_eq!(cli(&args).output().unwrap().stdout, HOSTILE.as_bytes());
    let shown = in_terminal(&args).stdout;
    let text = String::from_utf8(shown).unwrap().replace("\r\n", "\n");
    assert!(!text.chars().any(|c| terminal::is_control(c) && c != '\n'), "{text:?}");
    assert!(text.contains("\\x1b]0;owned\\x07\\u{9b}2J\\u{202e}exe"), "{text:?}");
    // What a command writes is its own.
    let shown = in_terminal(&["exec", "host", "--", "printf", "\\033[1mbold"]).stdout;
    assert!(String::from_utf8_lossy(&shown).contains("\u{1b}[1mbold"));
}

//! `porthole-cli session`, and what `--session` records.

#![cfg(unix)]

use std::{fs, path::Path, process::Output};

use porthole_app::demo::Demo;
use porthole_tests::cli::cli;
use serde_json::Value;

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A session with a request and a command, recorded by two runs.
async fn recorded(folder: &Path) -> String {
    let demo = Demo::start(folder).await.unwrap();
    let (file, endpoint) = (text(&folder.join("a.porthole")), demo.endpoint().to_string());
    let header = "Authorization: Bearer s3cret-of-mine";
    let sent = cli(&["request", "GET", "/hello", "--endpoint", &endpoint, "-H", header, "--session", &file]).await;
    assert_eq!(sent.status.code(), Some(0), "{sent:?}");
    let ran = cli(&["exec", "host", "--session", &file, "--", "sh", "-c", "echo s3cret-of-mine; exit 7"]).await;
    assert_eq!(ran.status.code(), Some(7), "{ran:?}");
    file
}

#[tokio::test]
async fn calls_are_recorded_shown_redacted_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let file = recorded(folder.path()).await;
    let shown = cli(&["session", "show", &file]).await;
    let lines = stdout(&shown);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("\tGET\t/hello\t200\t"), "{}", lines[0]);
    assert!(lines[1].contains("\thost\tsh -c 'echo s3cret-of-mine; exit 7'\texit code 7\t"), "{}", lines[1]);
    let json = stdout(&cli(&["session", "show", "--json", &file]).await);
    let call: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(call["call"]["act"]["response"]["status"], 200);

    let out = text(&folder.path().join("b.porthole"));
    let redacted = cli(&["session", "redact", &file, "--out", &out]).await;
    assert_eq!(redacted.status.code(), Some(0), "{redacted:?}");
    let list = stdout(&redacted);
    assert!(list.contains("request: header Authorization (2 in 1 call)"), "{list}");
    assert!(list.contains("output: known secrets (1 in 1 call)"), "{list}");
    let bytes = fs::read(&out).unwrap();
    assert!(!bytes.windows(14).any(|part| part == b"s3cret-of-mine"));
    assert!(stdout(&cli(&["session", "show", &out]).await).contains("sh -c 'echo [redacted]; exit 7'"));

    let har = text(&folder.path().join("a.har"));
    let exported = cli(&["session", "export", &file, "--har", &har]).await;
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    assert!(String::from_utf8_lossy(&exported.stderr).contains("no commands: 1 left out"));
    let har: Value = serde_json::from_slice(&fs::read(&har).unwrap()).unwrap();
    assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 1);
    let markdown = text(&folder.path().join("a.md"));
    assert_eq!(cli(&["session", "export", &file, "--markdown", &markdown]).await.status.code(), Some(0));
    let markdown = fs::read_to_string(&markdown).unwrap();
    assert!(markdown.contains("## `GET /hello`") && markdown.contains("**Exit code 7**"), "{markdown}");
}

/// It was `not a zip file` for all but `mock`, and for the second file of `diff`.
#[tokio::test]
async fn an_http_archive_is_read_where_a_session_is_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = recorded(folder.path()).await;
    let har = text(&folder.path().join("a.har"));
    assert_eq!(cli(&["session", "export", &file, "--har", &har]).await.status.code(), Some(0));
    let shown = stdout(&cli(&["session", "show", &har]).await);
    assert!(shown.contains("\tGET\t/hello\t200\t"), "{shown}");
    let json = stdout(&cli(&["session", "show", "--json", &har]).await);
    let call: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert!(call["stdout"]["bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{call}");
    let markdown = text(&folder.path().join("a.md"));
    assert_eq!(cli(&["session", "export", &har, "--markdown", &markdown]).await.status.code(), Some(0));
    for (first, second) in [(&har, &file), (&file, &har)] {
        let compared = cli(&["diff", &format!("{first}#1"), &format!("{second}#1")]).await;
        assert!(matches!(compared.status.code(), Some(0 | 1)), "{compared:?}");
    }
    for refused in [cli(&["replay", &har]).await, cli(&["session", "rules", &har]).await] {
        assert_eq!(refused.status.code(), Some(3));
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(stderr.contains("is an HTTP archive, not a session"), "{stderr}");
    }
}

#[tokio::test]
async fn a_file_that_exists_stays_and_one_that_is_no_session_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = recorded(folder.path()).await;
    let before = fs::read(&file).unwrap();
    let refused = cli(&["session", "redact", &file, "--out", &file]).await;
    assert_eq!(refused.status.code(), Some(3));
    assert_eq!(fs::read(&file).unwrap(), before);
    let (notes, touched) = (folder.path().join("notes"), folder.path().join("touched"));
    fs::write(&notes, "mine").unwrap();
    let refused = cli(&["exec", "host", "--session", &text(&notes), "--", "touch", &text(&touched)]).await;
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("as a session"));
    assert!(!touched.exists());
    assert_eq!(fs::read(&notes).unwrap(), b"mine");
    assert_eq!(cli(&["session", "show", &text(&notes)]).await.status.code(), Some(3));
    assert_eq!(cli(&["session", "redact", &file, "--dry-run"]).await.status.code(), Some(0));
    assert_eq!(cli(&["session", "export", &file]).await.status.code(), Some(2));
}

#[tokio::test]
async fn calls_that_are_recorded_at_the_same_moment_are_all_in_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let sessions = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let (file, endpoint) = (text(&sessions.path().join("a.porthole")), demo.endpoint().to_string());
    let mut recording = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (file, endpoint) = (file.clone(), endpoint.clone());
        recording.spawn(async move {
            let done = match n % 2 {
                0 => {
                    cli(&["request", "GET", &format!("/hello?{n}."), "--endpoint", &endpoint, "--session", &file]).await
                }
                _ => cli(&["exec", "host", "--session", &file, "--", "echo", &format!("{n}.")]).await,
            };
            assert_eq!(done.status.code(), Some(0), "{done:?}");
        });
    }
    recording.join_all().await;
    let shown = stdout(&cli(&["session", "show", &file]).await);
    assert_eq!(shown.lines().count(), 20, "{shown}");
    for n in 0..20 {
        let call = if n % 2 == 0 { format!("/hello?{n}.\t") } else { format!("echo {n}.\t") };
        assert!(shown.contains(&call), "{n}: {shown}");
    }
    assert_eq!(fs::read_dir(sessions.path()).unwrap().count(), 1, "a lock was left");
}

/// What Porthole writes is checked by another program's schema.
#[tokio::test]
async fn a_har_file_is_valid_by_its_public_schema() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let (file, endpoint) = (text(&folder.path().join("a.porthole")), demo.endpoint().to_string());
    for (method, path) in [
        ("GET", "/hello"),
        ("GET", "/numbers"),
        ("GET", "/status/404"),
        ("GET", "/bytes/5000"),
        ("GET", "/close"),
        ("POST", "/echo?a=1&b"),
    ] {
        let data: &[&str] = if method == "POST" { &["--data", "{\"a\":1.0}", "-H", "Cookie: a=b"] } else { &[] };
        let mut args = vec!["request", method, path, "--endpoint", &endpoint, "--session", &file];
        args.extend(data);
        cli(&args).await;
    }
    let har = text(&folder.path().join("a.har"));
    assert_eq!(cli(&["session", "export", &file, "--har", &har]).await.status.code(), Some(0));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let check = root.join("ui/tests/har-check.mjs");
    let checked = tokio::process::Command::new("node").arg(check).arg(&har).output().await.unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

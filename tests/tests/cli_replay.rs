//! `porthole-cli replay`, `diff` and `session rules`: a session as a regression test.

#![cfg(unix)]

use std::{fs, path::Path, process::Output};

use porthole_app::demo::Demo;
use porthole_tests::{cli::cli, given, servers::Raw};
use serde_json::Value;

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A demo backend with a session of requests to it and of one host command, which prints what is in a file.
struct Recorded {
    folder: tempfile::TempDir,
    demo: Demo,
    file: String,
}

impl Recorded {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::start(folder.path()).await.unwrap();
        let (file, endpoint) = (text(&folder.path().join("a.porthole")), demo.endpoint().to_string());
        for path in ["/hello", "/no-such-route"] {
            cli(&["request", "GET", path, "--endpoint", &endpoint, "--session", &file]).await;
        }
        fs::write(folder.path().join("printed"), "one\n").unwrap();
        let printed = text(&folder.path().join("printed"));
        let ran = cli(&["exec", "host", "--session", &file, "--", "cat", &printed]).await;
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        // A second later it is another one.
        let date = r#"{"kind":"header","name":"Date"}"#;
        assert_eq!(cli(&["session", "rules", &file, "--allow", date]).await.status.code(), Some(0));
        Self { folder, demo, file }
    }

    async fn replay(&self, more: &[&str]) -> Output {
        let endpoint = self.demo.endpoint().to_string();
        cli(&[&["replay", self.file.as_str(), "--endpoint", &endpoint], more].concat()).await
    }

    fn print(&self, text: &str) {
        fs::write(self.folder.path().join("printed"), text).unwrap();
    }
}

#[tokio::test]
async fn a_session_is_replayed_and_a_difference_fails_the_run() {
    let recorded = Recorded::new().await;
    let same = recorded.replay(&[]).await;
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    let told = stdout(&same);
    assert!(told.contains("2 same, 0 different, 0 failed, 1 skipped"), "{told}");
    assert!(told.contains("add --allow-host"), "{told}");

    recorded.print("two\n");
    let junit = text(&recorded.folder.path().join("junit.xml"));
    let different = recorded.replay(&["--allow-host", "--junit", &junit]).await;
    assert_eq!(different.status.code(), Some(1), "{different:?}");
    let told = stdout(&different);
    assert!(told.contains("DIFFERENT 3 cat ") && told.contains("- one") && told.contains("+ two"), "{told}");
    let xml = fs::read_to_string(&junit).unwrap();
    assert!(xml.contains("tests=\"3\"") && xml.contains("failures=\"1\"") && xml.contains("+ two"), "{xml}");

    let only = recorded.replay(&["--allow-host", "--only", "GET /hello", "--json"]).await;
    assert_eq!(only.status.code(), Some(0), "{only:?}");
    let lines: Vec<Value> = stdout(&only).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["result"]["kind"].as_str()).collect();
    assert_eq!(kinds, ["same"]);
    assert_eq!(lines.last().unwrap()["same"], 1);
}

/// A spelling mistake kept a pipeline green, and an update with the backend down replaced what is expected.
#[tokio::test]
async fn a_replay_that_compares_nothing_fails_and_updates_nothing() {
    let recorded = Recorded::new().await;
    let before = fs::read(&recorded.file).unwrap();
    let none = recorded.replay(&["--only", "GET /helo", "--update"]).await;
    assert_eq!(none.status.code(), Some(3), "{none:?}");
    assert!(String::from_utf8_lossy(&none.stderr).contains("GET /helo"), "{none:?}");
    let skipped = recorded.replay(&["--only", "cat ", "--update"]).await;
    assert_eq!(skipped.status.code(), Some(1), "{skipped:?}");
    let gone = format!("unix://{}", recorded.folder.path().join("gone.sock").display());
    let failed = cli(&["replay", &recorded.file, "--endpoint", &gone, "--update"]).await;
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(stdout(&failed).contains("0 same, 0 different, 2 failed, 1 skipped"), "{failed:?}");
    assert_eq!(fs::read(&recorded.file).unwrap(), before);
}

#[tokio::test]
async fn rules_allow_differences_and_an_update_expects_the_new_results() {
    let recorded = Recorded::new().await;
    recorded.print("two\n");
    assert_eq!(recorded.replay(&["--allow-host"]).await.status.code(), Some(1));
    let rule = r#"{"kind":"lines","pattern":"^(one|two)$"}"#;
    let ruled = cli(&["session", "rules", &recorded.file, "--allow", rule]).await;
    assert_eq!(ruled.status.code(), Some(0), "{ruled:?}");
    assert!(stdout(&ruled).contains("^(one|two)$"));
    let allowed = recorded.replay(&["--allow-host"]).await;
    assert_eq!(allowed.status.code(), Some(0), "{allowed:?}");

    recorded.print("three\n");
    assert_eq!(recorded.replay(&["--allow-host"]).await.status.code(), Some(1));
    assert_eq!(recorded.replay(&["--allow-host", "--update"]).await.status.code(), Some(0));
    assert_eq!(recorded.replay(&["--allow-host"]).await.status.code(), Some(0));
    // The rules are still there.
    assert!(stdout(&cli(&["session", "rules", &recorded.file]).await).contains("^(one|two)$"));

    for rule in [r#"{"kind":"path","path":"id"}"#, r#"{"kind":"lines","pattern":"("}"#] {
        let before = fs::read(&recorded.file).unwrap();
        let refused = cli(&["session", "rules", &recorded.file, "--allow", rule]).await;
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert_eq!(fs::read(&recorded.file).unwrap(), before);
    }
}

#[tokio::test]
async fn lines_that_look_as_if_they_differ_each_time_are_proposed() {
    let recorded = Recorded::new().await;
    recorded.print("worker 17 up\nready\n");
    assert_eq!(recorded.replay(&["--allow-host", "--update"]).await.status.code(), Some(0));
    recorded.print("worker 4711 up\nready\n");
    let different = recorded.replay(&["--allow-host"]).await;
    assert_eq!(different.status.code(), Some(1), "{different:?}");
    let rule = r#"{"kind":"lines","pattern":"^worker [0-9]+ up$"}"#;
    assert!(String::from_utf8_lossy(&different.stderr).contains(rule), "{different:?}");
    let json = recorded.replay(&["--allow-host", "--json"]).await;
    let summary: Value = serde_json::from_str(stdout(&json).lines().last().unwrap()).unwrap();
    assert_eq!(summary["proposed"], serde_json::json!([serde_json::from_str::<Value>(rule).unwrap()]));

    assert_eq!(cli(&["session", "rules", &recorded.file, "--allow", rule]).await.status.code(), Some(0));
    assert_eq!(recorded.replay(&["--allow-host"]).await.status.code(), Some(0));
    recorded.print("worker 4711 up\nbroken\n");
    assert_eq!(recorded.replay(&["--allow-host"]).await.status.code(), Some(1));
}

#[tokio::test]
async fn two_sessions_are_compared_call_by_call() {
    let recorded = Recorded::new().await;
    let other = text(&recorded.folder.path().join("b.porthole"));
    fs::copy(&recorded.file, &other).unwrap();
    let same = cli(&["diff", &recorded.file, &other]).await;
    assert_eq!((same.status.code(), stdout(&same)), (Some(0), String::new()));
    recorded.print("two\n");
    let updated = recorded.replay(&["--allow-host", "--update"]).await;
    assert_eq!(updated.status.code(), Some(0), "{updated:?}");
    let different = cli(&["diff", &other, &recorded.file]).await;
    assert_eq!(different.status.code(), Some(1), "{different:?}");
    let told = stdout(&different);
    assert!(told.starts_with("3 cat ") && told.contains("- one") && told.contains("+ two"), "{told}");
    let one = cli(&["diff", &format!("{other}#1"), &format!("{}#1", recorded.file)]).await;
    assert_eq!(one.status.code(), Some(0), "{one:?}");
    let missing = cli(&["diff", &format!("{other}#9"), &recorded.file]).await;
    assert_eq!(missing.status.code(), Some(3), "{missing:?}");
}

/// The requests of the demo extension's page, as its source has them: method and path.
fn requests_of_the_demos_page() -> Vec<(String, String)> {
    let source = fs::read_to_string(Path::new(&given("PORTHOLE_DEMO_EXTENSION")).join("ui/service.js")).unwrap();
    let request = |call: &str| {
        let (method, arguments) = call.split_once('(')?;
        let (path, _) = arguments.strip_prefix('"')?.split_once('"')?;
        Some((method.to_ascii_uppercase(), path.to_owned()))
    };
    source.split("vm.service.").skip(1).filter_map(request).collect()
}

/// Adds a request to a session.
async fn record(endpoint: &str, (method, path): &(String, String), file: &str) {
    let mut args = vec!["request", method, path, "--endpoint", endpoint, "--session", file];
    if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
        args.extend(["--data", r#"{"volume":"pg data","size":42}"#]);
    }
    // A response with an error status is recorded too.
    cli(&args).await;
}

#[tokio::test]
async fn the_demo_extensions_own_session_passes_until_a_route_of_its_backend_changes() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path()).await.unwrap();
    let (file, endpoint) = (text(&folder.path().join("demo.porthole")), demo.endpoint().to_string());
    let requests = requests_of_the_demos_page();
    assert!(requests.len() > 8 && requests[0] == ("GET".to_owned(), "/hello".to_owned()), "{requests:?}");
    for request in &requests {
        record(&endpoint, request, &file).await;
    }
    let date = r#"{"kind":"header","name":"Date"}"#;
    assert_eq!(cli(&["session", "rules", &file, "--allow", date]).await.status.code(), Some(0));
    let replay = ["replay", file.as_str(), "--endpoint", endpoint.as_str()];
    let same = cli(&replay).await;
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    let all = format!("{} same, 0 different, 0 failed, 0 skipped", requests.len());
    assert!(stdout(&same).contains(&all), "{}", stdout(&same));

    // The backend answered otherwise when this one was recorded.
    let body = r#"{"message":"Hello from an earlier version"}"#;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
    let earlier = Raw::answering(format!("{head}: {}\r\n\r\n{body}", body.len()));
    record(&earlier.endpoint.to_string(), &requests[0], &file).await;
    let changed = cli(&replay).await;
    assert_eq!(changed.status.code(), Some(1), "{changed:?}");
    let told = stdout(&changed);
    let number = requests.len() + 1;
    let counts = format!("{} same, 1 different, 0 failed, 0 skipped", requests.len());
    assert!(told.contains(&format!("DIFFERENT {number} GET /hello")) && told.contains(&counts), "{told}");
    assert!(told.contains("- $.message: \"Hello from an earlier version\""), "{told}");
}

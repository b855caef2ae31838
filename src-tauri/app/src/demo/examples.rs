//! What can be tried on the demo backend and on this machine, for the first click.

use porthole_http::exchange::{Body, Header, Request};
use porthole_process::{Command, Place};
use porthole_sdk::draft::{Draft, SavedDraft, Snippet};

/// The examples, in the order in which they are listed.
pub fn examples() -> Vec<SavedDraft> {
    let mut echo = Request::new("POST", "/echo");
    echo.body = Body::Json { text: "{\n  \"volume\": \"pg data\",\n  \"size\": 9007199254740993\n}".into() };
    echo.headers = vec![Header { name: "X-Request-From".into(), value: "Porthole".into() }];
    let get = |path| Request::new("GET", path);
    let requests = [
        ("hello", get("/hello")),
        ("events (SSE)", get("/events?every=250")),
        ("JSON lines", get("/ndjson?count=40&every=100")),
        ("echo JSON", echo),
        ("large numbers", get("/numbers")),
        ("slow response", get("/slow?ms=3000")),
        ("an error page", get("/html-error")),
        ("404", get("/status/404")),
        ("closed early", get("/close")),
        ("cut in the body", get("/cut")),
    ];
    let requests = requests.map(|(name, request)| SavedDraft {
        name: name.into(),
        composed: Draft::Request(request),
        folder: None,
    });
    let code = SavedDraft {
        name: "a page's code".into(),
        composed: Draft::Console(Snippet { code: CODE.into() }),
        folder: None,
    };
    requests.into_iter().chain(commands()).chain([code]).collect()
}

const CODE: &str = r#"// The code of an extension's page.
const { service } = ddClient.extension.vm

console.log(await service.get("/hello"))
try {
  await service.get("/status/404")
} catch (error) {
  console.error("not found:", error.message)
}
"#;

#[cfg(unix)]
fn commands() -> Vec<SavedDraft> {
    use porthole_process::Streaming;
    let host = |name: &str, program: &str, args: &[&str], stream: Option<Streaming>| {
        let command = Command { stream, ..Command::new(Place::Host, program, args.iter().copied()) };
        SavedDraft { name: name.into(), composed: Draft::Command(command), folder: None }
    };
    let lines = Some(Streaming { split_lines: true });
    vec![
        host(
            "a live stream",
            "sh",
            &[
                "-c",
                "i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo \"segment $i written\"; [ $((i % 11)) -ne 7 ] || echo \"warn: retrying segment $i\" >&2; sleep 0.1; done",
            ],
            lines,
        ),
        host("out, err, exit 3", "sh", &["-c", "echo 'to stdout'; echo 'to stderr' >&2; exit 3"], None),
        host("a million lines", "seq", &["1000000"], lines),
    ]
}

#[cfg(not(unix))]
fn commands() -> Vec<SavedDraft> {
    vec![SavedDraft {
        name: "a live stream".into(),
        composed: Draft::Command(Command::new(Place::Host, "ping", ["-n", "30", "127.0.0.1"])),
        folder: None,
    }]
}

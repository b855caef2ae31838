//! What can be tried on the demo backend and on this machine, for the first click.

use crate::{
    exchange::{Body, Header, Request},
    run::{Command, Place},
    settings::{Composed, Saved},
};

/// The examples, in the order in which they are listed.
pub fn examples() -> Vec<Saved> {
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
        ("slow answer", get("/slow?ms=3000")),
        ("an error page", get("/html-error")),
        ("404", get("/status/404")),
        ("closed early", get("/close")),
        ("cut in the body", get("/cut")),
    ];
    let requests = requests.map(|(name, request)| Saved { name: name.into(), composed: Composed::Request(request) });
    requests.into_iter().chain(commands()).collect()
}

#[cfg(unix)]
fn commands() -> Vec<Saved> {
    let script = |name: &str, script: &str| Saved {
        name: name.into(),
        composed: Composed::Command(Command::new(Place::Host, "sh", ["-c", script])),
    };
    vec![
        script(
            "a live stream",
            "i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo \"segment $i written\"; [ $((i % 11)) -ne 7 ] || echo \"warn: retrying segment $i\" >&2; sleep 0.1; done",
        ),
        script("out, err, exit 3", "echo 'to stdout'; echo 'to stderr' >&2; exit 3"),
        Saved {
            name: "a million lines".into(),
            composed: Composed::Command(Command::new(Place::Host, "seq", ["1000000"])),
        },
    ]
}

#[cfg(not(unix))]
fn commands() -> Vec<Saved> {
    vec![Saved {
        name: "a live stream".into(),
        composed: Composed::Command(Command::new(Place::Host, "ping", ["-n", "30", "127.0.0.1"])),
    }]
}

//! The conformance table: what code receives on each Runtime, row by row. The window reads it too.

use std::path::Path;

use porthole_app::demo::Demo;
use porthole_base::error::Result;
use porthole_engine::{Address, target::Target};
use porthole_http::endpoint::Endpoint;
use porthole_process::Signal;
use porthole_sdk::{
    runtime::{Certainty, Runtime},
    sdk_call::{Sdk, SdkCall},
    sdk_result::{Callbacks, PlannedAction, SdkOutcome, Text, Value, plan, render, render_callbacks},
};
use porthole_timeline::{Origin, Timeline};
use serde_json::Value as Json;

use crate::calls::Calls;

/// One behaviour on one Runtime.
pub struct Row {
    /// Which behaviour.
    pub name: String,
    place: String,
    asked: SdkCall,
    /// Which Runtime.
    pub runtime: Runtime,
    received: String,
    close_after_first: bool,
    pick: Option<String>,
    endpoint: Option<String>,
}

/// The rows of a place: `host`, `service` or `container`.
pub fn rows(place: &str) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance.json");
    let table: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let rows = table["rows"].as_array().unwrap().iter().map(|row| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let _: Certainty = serde_json::from_value(row["certainty"].clone()).unwrap();
        assert!(row["js"].is_string() != row["stream"].is_object(), "a row is plain or streaming: {row}");
        Row {
            name: text("name").unwrap(),
            place: text("where").unwrap(),
            asked: serde_json::from_value(row["asked"].clone()).unwrap(),
            runtime: serde_json::from_value(row["runtime"].clone()).unwrap(),
            received: text("received").unwrap(),
            close_after_first: row["stream"]["closeAfterFirst"] == true,
            pick: text("pick"),
            endpoint: text("endpoint"),
        }
    });
    let rows: Vec<Row> = rows.filter(|row| row.place == place).collect();
    assert!(rows.len() > 10);
    rows
}

/// What the rows run against.
pub struct ConformanceRun {
    calls: Calls,
    demo: Demo,
    target: Target,
    engine: Result<Address>,
}

impl ConformanceRun {
    /// A demo backend, and a container where one is given.
    pub async fn new(container: Option<String>, engine: Result<Address>) -> Self {
        let calls = Calls::new();
        let demo = Demo::start(calls.directory.path()).await.unwrap();
        Self { calls, demo, target: Target { container, ..Target::demo() }, engine }
    }

    /// Where a row's requests go, and the path of that socket.
    fn endpoint(&self, row: &Row) -> (Endpoint, String) {
        let path = self.calls.directory.path().join(row.endpoint.as_deref().unwrap_or("demo"));
        match row.endpoint.as_deref() {
            Some("refused") => {
                let _ = std::fs::remove_file(&path);
                drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
            }
            Some("missing") => {}
            _ => return (self.demo.endpoint().clone(), String::new()),
        }
        (Endpoint::Unix(path.clone()), path.display().to_string())
    }

    /// What code receives for a row.
    async fn received(&self, row: &Row) -> String {
        let sdk = Sdk::new(row.asked.clone(), row.runtime);
        if let PlannedAction::Refuses { outcome } = plan(&sdk.asked, sdk.runtime, &self.target).does {
            return render(&outcome);
        }
        let streaming = matches!(&sdk.asked, SdkCall::Exec(asked) if asked.stream.is_some());
        let (endpoint, socket) = self.endpoint(row);
        let timeline = &self.calls.timeline;
        let id = timeline.perform(Origin::Console, sdk, &self.target, Ok(endpoint), self.engine.clone()).unwrap();
        let text = if streaming {
            follow(timeline, id, row.close_after_first && !row.runtime.is_podman()).await
        } else {
            let delivered = timeline.sdk_result(id).await.unwrap();
            assert!(delivered.as_run);
            assert!(!delivered.rules.is_empty());
            render(&picked(delivered.outcome, row.pick.as_deref()))
        };
        if socket.is_empty() { text } else { text.replace(&socket, "{socket}") }
    }

    /// Performs the rows of a place and compares what they give.
    pub async fn check(self, place: &str) {
        let mut wrong = Vec::new();
        for row in rows(place) {
            let found = self.received(&row).await;
            // How long a path is decides on the lines that it stands on.
            let same = match row.endpoint {
                Some(_) => one_line(&found) == one_line(&row.received),
                None => found.trim_end() == row.received,
            };
            if !same {
                wrong.push(format!("{} on {}\n  expected {}\n  found    {found}", row.name, row.runtime, row.received));
            }
        }
        self.calls.timeline.close().await;
        assert!(wrong.is_empty(), "{} rows differ\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// The callbacks as they come, with a stop after the first of them where `close()` has an effect.
async fn follow(timeline: &Timeline, id: u32, close: bool) -> String {
    let (mut text, mut from) = (String::new(), 0);
    loop {
        let Callbacks { rows, ended, .. } = timeline.next_callbacks(id, from).await.unwrap();
        if close && from == 0 && !rows.is_empty() {
            timeline.stop(id, Signal::Term).await.unwrap();
        }
        from += rows.len() as u64;
        text += &render_callbacks(&rows);
        if ended {
            return text;
        }
    }
}

/// The one property that a row looks at, of an object that came as JSON.
fn picked(outcome: SdkOutcome, name: Option<&str>) -> SdkOutcome {
    match (outcome, name) {
        (SdkOutcome::Resolved { value: Value::Json(Text { text, .. }) }, Some(name)) => {
            let object: Json = serde_json::from_str(&text).unwrap();
            let text = object[name].as_str().unwrap().to_owned();
            let bytes = text.len() as u64;
            SdkOutcome::Resolved { value: Value::Text(Text { text, bytes, cut: false }) }
        }
        (outcome, _) => outcome,
    }
}

/// The canonical text on one line a callback: a line break in it is only laid out, those of texts are escaped.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for part in text.lines() {
        let (trimmed, indented) = (part.trim_start(), part.starts_with(' '));
        let joins = matches!(line.chars().last(), Some('{' | '[' | ',')) && indented;
        let closes = trimmed.starts_with(['}', ']']);
        match (joins, closes) {
            (true, _) if line.ends_with('[') => line.push_str(trimmed),
            (true, _) => line.push_str(&format!(" {trimmed}")),
            (false, true) if trimmed.starts_with('}') => line.push_str(&format!(" {trimmed}")),
            (false, true) => line.push_str(trimmed),
            (false, false) if line.is_empty() => line.push_str(part),
            (false, false) => line.push_str(&format!("\n{part}")),
        }
    }
    line
}

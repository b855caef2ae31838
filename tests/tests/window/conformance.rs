//! The conformance table through the real `ddClient` in the real window.

use std::{collections::BTreeMap, fs, path::Path};

use porthole_tests::{
    conformance::one_line,
    containers::running,
    given,
    window::{App, Home},
};
use serde_json::{Value, json};

use crate::console::{entries, paste};

const RENDER: &str = include_str!("render.js");

struct Row {
    name: String,
    js: String,
    expected: String,
}

/// The rows of a place on a Runtime whose requests go to this kind of endpoint.
fn rows(place: &str, runtime: &str, endpoint: Option<&str>) -> Vec<Row> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance.json");
    let table: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let rows = table["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["where"] == place && row["runtime"] == runtime && row["endpoint"].as_str() == endpoint);
    rows.map(|row| {
        let expected = row["received"].as_str().unwrap().to_owned();
        let js = match row["stream"].as_object() {
            Some(stream) => format!("stream({}, {})", Value::from(stream.clone()), expected.lines().count()),
            None => format!("settled(() => {})", row["js"].as_str().unwrap()),
        };
        Row { name: row["name"].as_str().unwrap().to_owned(), js, expected: words(&expected) }
    })
    .collect()
}

/// What is expected on one line a callback. Engines of JavaScript have words of their own for a function that is
/// not there.
fn words(expected: &str) -> String {
    let line = one_line(expected);
    if line.starts_with("throws TypeError") { "throws TypeError".to_owned() } else { line }
}

/// Runs all rows in one console run, and compares what the code got.
async fn check(app: &App, rows: Vec<Row>, socket: &str) {
    let each: String = rows.iter().enumerate().map(|(n, row)| format!("await row({n}, () => {})\n", row.js)).collect();
    paste(app, &format!("// @ts-nocheck\n{RENDER}\n{each}")).await;
    app.value("document.querySelector('#console-clear:not(:disabled)')?.click()").await;
    app.click("#console-run").await;
    let end = "document.querySelector('#console-log [data-entry=end]')";
    let printed = "document.querySelectorAll('#console-log [data-entry=print]').length";
    // All together may take longer than anything else that a test waits for.
    while app.value(&format!("{end} === null")).await == json!(true) {
        let before = app.value(printed).await;
        let next = format!("document.querySelector('#prompt') ?? {end} ?? {printed} > {before}");
        app.until("a prompt or another row", &next).await;
        if app.value("document.querySelector('#prompt') !== null").await == json!(true) {
            app.decide("session").await;
        }
    }
    let mut found = BTreeMap::new();
    for printed in entries(app, "print").await {
        let Some((_, told)) = printed.split_once("row ") else { continue };
        let (n, text) = told.split_once(' ').expect("a number and a text");
        let text: String = serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"));
        found.insert(n.parse::<usize>().unwrap(), text.replace(socket, "{socket}"));
    }
    let wrong: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(n, row)| found.get(n) != Some(&row.expected))
        .map(|(n, row)| format!("{}\n  expected {}\n  found    {:?}", row.name, row.expected, found.get(&n)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows differ\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

const RUNTIMES: [&str; 4] = ["docker-desktop", "rancher-desktop", "podman-desktop", "podman-desktop-older"];

#[tokio::test]
async fn on_the_host_code_receives_what_the_table_says() {
    let app = App::open().await;
    for runtime in RUNTIMES {
        app.click(&format!("#runtime-{runtime}")).await;
        check(&app, rows("host", runtime, None), "(none)").await;
    }
    app.close().await;
}

#[tokio::test]
async fn from_the_service_code_receives_what_the_table_says() {
    let app = App::open().await;
    for runtime in RUNTIMES {
        app.click(&format!("#runtime-{runtime}")).await;
        check(&app, rows("service", runtime, None), "(none)").await;
    }
    let directory = tempfile::tempdir().unwrap();
    for endpoint in ["refused", "missing"] {
        let socket = directory.path().join(endpoint);
        if endpoint == "refused" {
            drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
        }
        app.set_target(&format!("unix://{}", socket.display())).await;
        for runtime in RUNTIMES {
            app.click(&format!("#runtime-{runtime}")).await;
            check(&app, rows("service", runtime, Some(endpoint)), &socket.display().to_string()).await;
        }
    }
    app.close().await;
}

#[tokio::test]
async fn engine_in_a_container_code_receives_what_the_table_says() {
    let container = running().await;
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await;
    app.choose_container(&container.name).await;
    for runtime in RUNTIMES {
        app.click(&format!("#runtime-{runtime}")).await;
        check(&app, rows("container", runtime, None), "(none)").await;
    }
    app.close().await;
}

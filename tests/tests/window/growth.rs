//! What calls leave behind in the window's processes when they are cleared. Driven by WebDriver a web process keeps what it
//! would give back else, so the keys and clicks are real ones.

use std::{
    fs,
    time::{Duration, Instant},
};

use porthole_tests::{
    desktop::{Desktop, key},
    outside,
    plain::PlainApp,
};

use crate::backed::NO_ENGINE;

const ROUNDS: u32 = 3;
/// How many are on their way at once.
const BATCH: u32 = 50;
const BATCHES: u32 = 5;
const MOST_KEPT_MB: f64 = 20.0;
/// A web process looks at its size every 15 seconds, and gives back pages at the look after a collection.
const PATIENCE: Duration = Duration::from_secs(60);

const CALLS: &str = "document.querySelector('#timeline').getAttribute('aria-rowcount') - 1";

/// The memory that a process has written to and shares with no other.
fn private_mb(process: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("its memory");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")).expect("its private memory");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().expect("a number") / 1000.0
}

/// Sends the request of the form by its key.
async fn send(app: &PlainApp, desktop: &Desktop, batches: u32, batch: u32) {
    for sent in 1..=batches {
        desktop.key_down(key::CONTROL);
        for _ in 0..batch {
            desktop.key(key::ENTER);
        }
        desktop.key_up(key::CONTROL);
        app.until("the calls", &format!("{CALLS} === {}", sent * batch)).await;
    }
}

async fn clear(app: &PlainApp, desktop: &Desktop) {
    app.click(desktop, "#timeline-clear").await;
    app.until("no calls", &format!("{CALLS} === 0")).await;
    // As long as it can be undone, the calls are there.
    app.click(desktop, "#toasts [aria-label=Dismiss]").await;
    app.until("no offer to undo", "!document.querySelector('#toasts .toast')").await;
}

#[tokio::test]
async fn cleared_calls_leave_no_memory_behind_in_the_window() {
    let desktop = Desktop::start();
    let app = PlainApp::open(&desktop, NO_ENGINE).await;
    let web = outside::web_processes(app.process());
    assert_eq!(web.len(), 1, "{web:?}");
    let processes = [("main process", app.process()), ("web process", web[0])];
    // The first call has the window load what shows one, and with Clear goes what is left of the start itself.
    for _ in 0..2 {
        send(&app, &desktop, 1, 1).await;
        clear(&app, &desktop).await;
    }
    let start = processes.map(|(_, process)| private_mb(process));
    for round in 1..=ROUNDS {
        send(&app, &desktop, BATCHES, BATCH).await;
        let full = processes.map(|(_, process)| private_mb(process));
        clear(&app, &desktop).await;
        let cleared = Instant::now();
        for (at, (name, process)) in processes.into_iter().enumerate() {
            let mut left = private_mb(process);
            while left > start[at] + MOST_KEPT_MB {
                let waited = cleared.elapsed();
                assert!(
                    waited < PATIENCE,
                    "round {round}: the {name} has {left} MB, {waited:?} after Clear; it had {} at the start and {} before",
                    start[at],
                    full[at]
                );
                tokio::time::sleep(Duration::from_millis(200)).await;
                left = private_mb(process);
            }
            let (before, waited) = (full[at], cleared.elapsed().as_secs());
            eprintln!(
                "round {round}: {name} {} MB at the start, {before} with the calls, {left} {waited} s after Clear",
                start[at]
            );
        }
    }
}

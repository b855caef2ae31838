//! What the window's web process keeps of calls that were cleared.

use std::{fs, time::Duration};

use porthole_tests::{outside, window::App};
use serde_json::json;

/// Sends that many requests, 20 ms or more apart.
const SENDS: u32 = 400;
/// A process gives memory back within 15 s of a look at its own size; this machine may have much else to do.
const LONGEST: Duration = Duration::from_secs(90);

/// The memory that a process has for itself, in bytes.
fn own_memory(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("its memory");
    let line = text.lines().find_map(|line| line.strip_prefix("Private_Dirty:")).expect("what is its own");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Sends, and gives the most memory that the process had meanwhile.
async fn send(app: &App, process: u32, times: u32) -> u64 {
    let mut most = 0;
    // A script may take half a minute.
    for done in (0..times).step_by(50) {
        send_some(app, (times - done).min(50)).await;
        most = most.max(own_memory(process));
    }
    most
}

async fn send_some(app: &App, times: u32) {
    let script = format!(
        "const send = document.querySelector('#request-send')
         for (let n = 0; n < {times}; n += 1) {{
           send.click()
           await new Promise((next) => setTimeout(next, 20))
         }}
         return 'sent'"
    );
    assert_eq!(app.answer(&script).await, json!("sent"));
    app.until("no call is pending", "!document.querySelector('#timeline [data-outcome=pending]')").await;
}

#[tokio::test]
async fn the_web_process_gives_back_what_cleared_calls_took() {
    let app = App::open().await;
    let process = outside::web_processes(app.process())[0];
    let before = send(&app, process, 5).await;
    let full = send(&app, process, SENDS).await;
    app.click("#timeline-clear").await;
    app.until("no call", "!document.querySelector('#timeline [data-call]')").await;
    // Driven by WebDriver a process keeps more than with a person: the figures without are in CONTRIBUTING.
    let most = before + full.saturating_sub(before) / 2;
    let mut after = own_memory(process);
    let gives_back = async {
        while after > most {
            tokio::time::sleep(Duration::from_millis(200)).await;
            after = own_memory(process);
        }
    };
    let given_back = tokio::time::timeout(LONGEST, gives_back).await.is_ok();
    eprintln!(
        "{} MB before, {} MB with the calls, {} MB after",
        before / 1_000_000,
        full / 1_000_000,
        after / 1_000_000
    );
    assert!(given_back, "the web process keeps more than half of what the calls took");
    app.close().await;
}

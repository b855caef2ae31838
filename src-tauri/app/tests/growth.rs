//! What thousands of calls leave behind when they are cleared, in a process of its own.

#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use porthole_app::demo::Demo;
use porthole_http::exchange::Request;
use porthole_timeline::{Origin, Timeline};

const CALLS: usize = 10_000;
/// As many as a page has on their way at most.
const AT_ONCE: usize = 1_000;
/// What the allocator keeps of the memory that the calls had, at most: a third. It varies between a fifth of it and a
/// tenth, and doesn't grow with the rounds.
const MOST_KEPT: u64 = 3;

/// The memory that this process has written to and shares with no other.
fn private_kb() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

async fn send(timeline: &Timeline, demo: &Demo, count: usize) {
    let request = || Request::new("GET", "/hello");
    let sent = (0..count).map(|_| timeline.send(Origin::Composer, demo.endpoint().clone(), request()));
    for id in sent.collect::<Vec<_>>() {
        timeline.ended(id).await.unwrap();
    }
}

/// Clears the timeline, and doesn't wait until that can't be undone any more.
async fn clear(timeline: &Timeline) {
    timeline.clear();
    for removal in timeline.changes(0).await.removals {
        timeline.end_removal(removal.number).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_cleared_calls_leave_no_memory_behind() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path()).await.unwrap();
    let timeline = Timeline::new(directory.path().to_owned(), directory.path().join("kept"), u64::MAX, None);
    send(&timeline, &demo, AT_ONCE).await;
    clear(&timeline).await;
    let start = private_kb();
    for round in 1..=2 {
        for _ in 0..CALLS / AT_ONCE {
            send(&timeline, &demo, AT_ONCE).await;
        }
        assert_eq!(timeline.changes(0).await.calls.len(), CALLS);
        let full = private_kb();
        clear(&timeline).await;
        assert!(timeline.changes(0).await.calls.is_empty());
        let left = private_kb();
        eprintln!("round {round}: {start} kB at the start, {full} kB with all calls, {left} kB after Clear");
        assert!(
            left < start + (full - start) / MOST_KEPT,
            "round {round}: {start} kB at the start, {full} kB with all calls, {left} kB"
        );
    }
}

//! What stays of many calls after they were cleared.

use porthole_app::demo::Demo;
use porthole_http::exchange::Request;
use porthole_tests::{
    calls::{Calls, ended},
    eventually,
};
use porthole_timeline::{CallId, Cleared, Origin};

const MB: u64 = 1_000_000;

/// Bytes of memory that this process has.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ten_thousand_calls_and_clear_the_memory_is_given_back() {
    let calls = Calls::new();
    let demo = Demo::start(calls.directory.path()).await.unwrap();
    let before = resident();
    for _ in 0..100 {
        let request = || Request::new("GET", "/hello");
        let ids: Vec<CallId> =
            (0..100).map(|_| calls.timeline.send(Origin::Composer, demo.endpoint().clone(), request())).collect();
        for id in ids {
            calls.timeline.ended(id).await.unwrap();
        }
    }
    let full = resident();
    calls.timeline.clear();
    let left = eventually("within 20 MB of the start", async || {
        let now = resident();
        (now < before + 20 * MB).then_some(now)
    });
    let left = left.await;
    assert!(left < before + 20 * MB, "{before} at first, {full} with 10,000 calls, {left} after");
    // A page that had seen them learns that all of them are gone.
    let changes = calls.timeline.changes(1).await;
    assert_eq!((changes.calls.len(), changes.cleared), (0, Some(Cleared { through: 10_000, except: vec![] })));
    let last = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), Request::new("GET", "/hello"));
    assert_eq!(ended(&calls.timeline, last).await.id, 10_001);
}

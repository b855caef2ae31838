//! What code receives of commands in a container, as the conformance table has it.

#![cfg(unix)]

use porthole_engine::Address;
use porthole_tests::{conformance::ConformanceRun, containers::running, given};

#[tokio::test]
async fn in_the_container() {
    let running = running().await;
    let engine = Address::new("test", given("PORTHOLE_TEST_ENGINE"));
    ConformanceRun::new(Some(running.name.clone()), Ok(engine)).await.check("container").await;
}

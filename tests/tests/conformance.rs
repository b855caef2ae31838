//! What code receives on each Runtime, as the conformance table has it.

#![cfg(unix)]

use std::collections::HashSet;

use porthole_base::error::{Code, Error, Result};
use porthole_engine::Address;
use porthole_sdk::runtime::Runtime;
use porthole_tests::conformance::{ConformanceRun, rows};

fn no_engine() -> Result<Address> {
    Err(Error::new(Code::EngineUnavailable, "no engine in this test"))
}

#[tokio::test]
async fn on_the_host() {
    ConformanceRun::new(None, no_engine()).await.check("host").await;
}

#[tokio::test]
async fn from_the_service() {
    ConformanceRun::new(None, no_engine()).await.check("service").await;
}

#[test]
fn the_table_has_every_runtime_for_every_behaviour() {
    for place in ["host", "service", "container"] {
        let rows = rows(place);
        let there: HashSet<(&str, Runtime)> = rows.iter().map(|row| (row.name.as_str(), row.runtime)).collect();
        for row in &rows {
            for runtime in Runtime::ALL {
                assert!(there.contains(&(row.name.as_str(), runtime)), "{} is missing on {runtime}", row.name);
            }
        }
    }
}

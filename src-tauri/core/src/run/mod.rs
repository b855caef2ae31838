//! One command execution, on the host or in a container: never through a shell, in a process
//! group of its own, and ended with its owner.

use std::sync::Arc;

mod container;
mod facts;
mod group;
mod host;
mod inside;
mod reach;
mod refusal;
mod resolve;
mod stops;
mod warden;

pub use container::run_in_container;
pub use facts::*;
pub use host::run_on_host;
pub use stops::{Stopper, Stops, stops};
pub use warden::{Warden, serve_if_asked};

use crate::{
    engine::{Address, Engine},
    error::Result,
    record::Record,
};

/// Runs a command in its place and records what it does. The last event is `Closed` or `Failed`.
///
/// `engine` is where commands in containers go; one that cannot be reached is how such a run fails.
pub async fn run(
    command: &Command,
    engine: Result<Address>,
    stops: Stops,
    warden: Option<Arc<Warden>>,
    record: &mut dyn Record<RunEvent>,
) {
    let Place::Container { name } = &command.place else {
        return run_on_host(command, stops, warden, record).await;
    };
    let connected = match engine {
        Ok(address) => Engine::connect(address).await,
        Err(error) => Err(error),
    };
    match connected {
        Ok(engine) => run_in_container(&engine, name, command, stops, warden, record).await,
        Err(error) => record.event(RunEvent::Failed { at_us: 0, error }),
    }
}

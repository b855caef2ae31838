//! Commands in their place: on this machine, in a container, or by the engine itself.

mod container;
mod exec_failure;
pub mod exec_signal;
mod lookup;
mod on_engine;

use std::sync::Arc;

pub use container::run_in_container;
pub use lookup::shell_in;
use porthole_base::{error::Result, reference::ContainerName};
use porthole_output::record::Record;
use porthole_process::{Command, FixedCommand, GroupReaper, Place, RunEvent, Stops, run_fixed_on_host};

use crate::{Address, LastEngine, reaper::Reaper};

/// Runs a command in its place and records what it does. The last event is `Closed` or `Failed`.
///
/// `engine` is where commands in containers go; one that cannot be reached is how such a run fails. A host command that
/// was shown in a prompt comes with the programs that it was shown with.
pub async fn run(
    command: &Command,
    fixed: Option<&FixedCommand>,
    engine: Result<Address>,
    engines: &LastEngine,
    mut stops: Stops,
    reaper: Option<Arc<Reaper>>,
    record: &mut dyn Record<RunEvent>,
) {
    let name = match &command.place {
        Place::Host => {
            return run_fixed_on_host(
                command,
                fixed,
                stops,
                reaper.map(|reaper| reaper as Arc<dyn GroupReaper>),
                record,
            )
            .await;
        }
        Place::Engine => {
            let connected = match engine {
                Ok(address) => stops.unless_stopped(engines.at(address)).await,
                Err(error) => Err(error),
            };
            return match connected {
                Ok(engine) => Box::pin(on_engine::run_on_engine(&engine, command, stops, record)).await,
                Err(error) => record.event(RunEvent::Failed { at_us: 0, error }),
            };
        }
        Place::Container { name } => name,
    };
    // A name that no engine accepts is reported without one.
    let connected = match (name.parse::<ContainerName>(), engine) {
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(_), Ok(address)) => stops.unless_stopped(engines.at(address)).await,
    };
    match connected {
        Ok(engine) => run_in_container(&engine, name, command, stops, reaper, record).await,
        Err(error) => record.event(RunEvent::Failed { at_us: 0, error }),
    }
}

#[cfg(test)]
mod tests {
    use porthole_base::error::{Code, Error};
    use porthole_output::Stream;
    use porthole_process::stops;

    use super::*;

    #[tokio::test]
    async fn a_container_that_reads_as_a_path_or_an_option_is_refused_before_an_engine_is_asked() {
        struct Failed(Option<Error>);
        impl Record<RunEvent> for Failed {
            fn event(&mut self, event: RunEvent) {
                if let RunEvent::Failed { error, .. } = event {
                    self.0 = Some(error);
                }
            }
            fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
                Ok(())
            }
        }
        for name in ["../info", "--config=/tmp/evil", "x/../../images", "a\nb", "a b", "/web"] {
            let command = Command::new(Place::Container { name: name.into() }, "id", [] as [&str; 0]);
            let mut failed = Failed(None);
            let (_stopper, stopping) = stops();
            let none = Err(Error::new(Code::EngineUnavailable, "none"));
            run(&command, None, none, &LastEngine::default(), stopping, None, &mut failed).await;
            assert_eq!(failed.0.unwrap().code, Code::ContainerNameInvalid, "{name}");
        }
    }
}

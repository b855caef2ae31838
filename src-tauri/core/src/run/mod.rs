//! One command execution, on the host or in a container: never through a shell, in a process
//! group of its own, and ended with its owner.

use std::sync::Arc;

#[cfg(target_os = "linux")]
mod cgroup;
mod container;
mod environment;
mod exec_failure;
mod exec_signal;
mod facts;
mod fixed;
mod group;
mod host;
mod host_pid;
#[cfg(target_os = "linux")]
mod left;
#[cfg(windows)]
#[path = "left_windows.rs"]
mod left;
mod loading;
mod membership;
mod on_engine;
mod reaper;
mod resolve;
mod running;
mod script;
mod shell_line;
mod stops;
#[cfg(target_os = "linux")]
mod supervised;
mod walk;
#[cfg(all(test, windows))]
mod windows_tests;

pub use container::run_in_container;
pub(crate) use environment::is_same_variable;
pub use facts::*;
pub use fixed::{FixedCommand, HASHED_TO, NamedProgram, ProgramFile};
pub use host::{run_fixed_on_host, run_on_host, run_on_host_in};
pub use loading::loads_code;
pub use reaper::{Reaper, serve_if_asked};
pub(crate) use resolve::{check, command_of, command_on};
pub(crate) use script::CARRIAGE_RETURN;
pub use shell_line::ShellLine;
pub use stops::{Stopper, Stops, stops};

use crate::{
    engine::{Address, LastEngine},
    error::{Code, Error, Result},
    record::Record,
    reference::ContainerName,
};

/// Splits a pasted command line into arguments as a POSIX shell would; nothing in it is run or
/// replaced.
///
/// # Errors
/// [`Code::CommandInvalid`] when a quote is not closed.
pub fn split_words(text: &str) -> Result<Vec<String>> {
    shell_words::split(text).map_err(|error| {
        Error::new(Code::CommandInvalid, "a quote in the pasted line is not closed")
            .detail(error)
            .hint("Close it, or paste the text as one argument.")
    })
}

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
        Place::Host => return run_fixed_on_host(command, fixed, stops, reaper, record).await,
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
    // A name that no engine takes is said without one.
    let connected = match (name.parse::<ContainerName>(), engine) {
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(_), Ok(address)) => stops.unless_stopped(engines.at(address)).await,
    };
    match connected {
        Ok(engine) => run_in_container(&engine, name, command, stops, reaper, record).await,
        Err(error) => record.event(RunEvent::Failed { at_us: 0, error }),
    }
}

/// Ends this process at once, with success. What libraries have left for the end of a process would run beside threads that
/// still use them.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn end_process() -> ! {
    // SAFETY: it takes nothing, touches no memory of ours, and does not return.
    unsafe { nix::libc::_exit(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

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

    #[test]
    fn a_pasted_line_is_split_and_not_run() {
        let words = split_words(r#"pg_dump "my db" --opt='a b' $HOME \$x *.txt | gzip"#).unwrap();
        assert_eq!(words, ["pg_dump", "my db", "--opt=a b", "$HOME", "$x", "*.txt", "|", "gzip"]);
        assert_eq!(split_words("it's").unwrap_err().code, Code::CommandInvalid);
    }
}

//! What each runtime has a file for.

use porthole_engine::target::Target;
use porthole_http::exchange::{HttpClient, Request};
use porthole_process::{Place, Run, Signal};

use super::Rule;
use crate::{
    functions::ArgumentRules,
    sdk_call::{SdkExec, SdkRequest},
    sdk_result::{
        End, PlannedAction, SdkOutcome,
        callbacks::CallbackRules,
        exchange::Answer,
        exec::{CapturedOutput, ExitOutcome},
    },
};

/// How a runtime performs the calls of code, and what the code receives. All of it is a pure function of facts.
pub(crate) trait Behavior: Sync {
    /// The name that people use.
    fn name(&self) -> &'static str;

    /// As it is written on a command line, for example `docker-desktop`.
    fn key(&self) -> &'static str;

    /// It has the deprecated functions, such as `ddClient.execHostCmd`; or where it is known from that it hasn't.
    fn deprecated_functions(&self) -> Result<(), &'static str>;

    /// What its `exec` makes of arguments before anything is called.
    fn arguments(&self) -> ArgumentRules;

    /// The client that sends its requests, where that is known.
    fn client(&self) -> Option<HttpClient>;

    /// What it sends for a request.
    fn request(&self, asked: &SdkRequest) -> (PlannedAction, Vec<Rule>);

    /// What it starts for a command, with the target in the extension's place.
    fn exec(&self, asked: &SdkExec, target: &Target) -> (PlannedAction, Vec<Rule>);

    /// How its lists of containers and images differ from those of the engine.
    fn lists(&self) -> Rule;

    /// The result of a request.
    fn answered(&self, answer: &Answer<'_>, request: &Request) -> (SdkOutcome, Vec<Rule>);

    /// The result of an `exec` without `stream`.
    fn finished(
        &self,
        execution: &Execution<'_>,
        asked: &SdkExec,
        captured: &CapturedOutput<'_>,
    ) -> (SdkOutcome, Vec<Rule>);

    /// How output becomes callbacks. `split` is `splitOutputLines`.
    fn callback_rules(&self, execution: &Execution<'_>, split: bool) -> CallbackRules;

    /// What a reader of its callbacks should know.
    fn streaming(&self, execution: &Execution<'_>, split: bool) -> Vec<Rule>;

    /// The last callbacks of an `exec` with `stream`; none while the command runs.
    fn ends(&self, execution: &Execution<'_>) -> Vec<End>;
}

/// A command that was started, as far as results depend on it.
pub(crate) struct Execution<'a> {
    run: &'a Run,
}

impl<'a> Execution<'a> {
    pub fn of(run: &'a Run) -> Self {
        Self { run }
    }

    /// How it ended, if it did.
    pub fn exit(&self) -> ExitOutcome {
        ExitOutcome::of(self.run)
    }

    /// It ran in a container, and not on this machine.
    pub fn in_container(&self) -> bool {
        self.run.command.place != Place::Host
    }

    /// When the code called `close()`, which is SIGTERM and no other signal: microseconds since the beginning.
    pub fn closed_at(&self) -> Option<u64> {
        self.run.stops.iter().find(|stop| stop.signal == Signal::Term).map(|stop| stop.at_us)
    }

    /// The program and its arguments as they were started, joined with spaces.
    pub fn line(&self) -> String {
        let words = [&self.run.command.program].into_iter().chain(&self.run.command.args);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

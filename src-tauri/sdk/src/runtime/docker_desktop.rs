//! Docker Desktop. It is closed: what its documents and types do not say is reported or inferred.

use super::{
    Rule,
    behavior::{Behavior, Execution},
    rules::*,
};
use crate::{
    functions::ArgumentRules,
    sdk_call::{CliTarget, SdkExec, SdkRequest},
    sdk_result::{
        End, PlannedAction, SdkOutcome, Value,
        callbacks::{CallbackRules, Decoding, Framing, LineEnds},
        exchange::{Answer, Body},
        exec::{CapturedOutput, ExitOutcome},
        plan::{acts, bodiless, container, in_shell, joined, json, plain, pointed},
    },
};
use porthole_engine::target::Target;
use porthole_http::exchange::{Body as Sent, HttpClient, Request};
use porthole_process::{Place, split_words};

/// Docker Desktop.
pub(super) struct DockerDesktop;

impl Behavior for DockerDesktop {
    fn name(&self) -> &'static str {
        "Docker Desktop"
    }

    fn key(&self) -> &'static str {
        "docker-desktop"
    }

    fn deprecated_functions(&self) -> Result<(), &'static str> {
        Ok(())
    }

    /// Inferred: the arguments go to another process, which starts the command.
    fn arguments(&self) -> ArgumentRules {
        ArgumentRules { checked: false, stream_if_present: false }
    }

    fn client(&self) -> Option<HttpClient> {
        None
    }

    fn lists(&self) -> Rule {
        documented("The options become parameters of the engine's API, and its response is the value.", DOCS)
    }

    fn request(&self, asked: &SdkRequest) -> (PlannedAction, Vec<Rule>) {
        let mut rules = Vec::new();
        let place = pointed(&asked.url);
        if place.absolute {
            rules.push(inferred(
                "Only the path of an absolute URL is used; the request always goes to the extension's socket.",
                NOTHING,
            ));
        } else if place.bare {
            rules.push(inferred("A URL without a leading slash is treated as a path from the root.", NOTHING));
        }
        let body = match &asked.data {
            None => Sent::None,
            Some(data) if data.is_text => Sent::Text { text: data.text.clone() },
            Some(data) if data.json.is_some() => {
                rules.push(inferred("An object is sent as JSON, a string unchanged.", DOCS));
                json(data)
            }
            Some(_) => Sent::None,
        };
        (PlannedAction::Request { request: Request { body, ..bodiless(asked, &place) } }, rules)
    }

    fn exec(&self, asked: &SdkExec, target: &Target) -> (PlannedAction, Vec<Rule>) {
        let line = joined(asked);
        let in_container = asked.whose == CliTarget::Vm;
        let mut rules = Vec::new();
        let mut command = if asked.stream.is_none() && !in_container {
            rules.push(reported("Without `stream`, the command and its arguments are joined with spaces and run through a shell, which removes quotes and splits words again."));
            if acts(&line) && cfg!(target_os = "linux") {
                rules.push(reported(
                "On Linux the line is reported to be split but not expanded, so don't rely on pipes, `$` or wildcards.",
            ));
            }
            in_shell(asked)
        } else if asked.stream.is_none() || asked.line {
            let place = if in_container { container(asked, target) } else { Place::Host };
            rules.push(reported(
            "The command and its arguments are joined with spaces and split again like in a shell: quotes are removed, and an argument with a space becomes two.",
        ));
            if acts(&line) {
                rules.push(reported("A shell is reported to interpret `|`, `$`, `>` and similar characters on macOS. Porthole doesn't reproduce this in a container, which may have no shell: they are passed unchanged."));
            }
            let words = split_words(&line).unwrap_or_else(|_| line.split_whitespace().map(str::to_owned).collect());
            let mut words = words.into_iter();
            let mut command =
                porthole_process::Command::new(place, words.next().unwrap_or_default(), words.collect::<Vec<_>>());
            command.stream = asked.stream;
            command
        } else {
            rules.push(reported(
                "With `stream`, no shell is used: each argument is passed unchanged, including its quotes.",
            ));
            let place = if in_container { container(asked, target) } else { Place::Host };
            plain(asked, place, asked.cmd.clone(), asked.args.clone())
        };
        command.cwd = asked.cwd.clone();
        command.env = asked.env.clone();
        if asked.cwd.is_some() || !asked.env.is_empty() {
            rules.push(documented("`cwd` and `env` are supported since version 0.3.0 of the SDK.", TYPES));
        }
        command = target.applied_to(command);
        match asked.whose {
            CliTarget::Host if command.bin.is_some() => {
                rules.push(inferred(
                    "The extension's host programs are called by name: Porthole puts their directory first in PATH.",
                    DOCS,
                ));
            }
            _ => command.bin = None,
        }
        (PlannedAction::Command { command }, rules)
    }

    fn answered(&self, answer: &Answer<'_>, _: &Request) -> (SdkOutcome, Vec<Rule>) {
        let error = |message: Value, status: Value| SdkOutcome::Rejected {
            value: Value::object([("name", Value::text("Error")), ("message", message), ("statusCode", status)]),
        };
        match answer {
            Answer::Pending => (SdkOutcome::Pending, vec![]),
            Answer::Never => (SdkOutcome::Never, vec![]),
            Answer::Whole { status: 200..=299, body, .. } => {
                let mut rules = vec![documented(
                    "The promise resolves with only the body: parsed if it is JSON, otherwise as text.",
                    TYPES,
                )];
                rules.extend(body.coding.as_ref().map(|coding| {
                    inferred(
                        format!(
                            "Whether a body compressed with {} is decoded isn't known; Porthole doesn't decode it.",
                            coding.names
                        ),
                        NOTHING,
                    )
                }));
                (SdkOutcome::Resolved { value: body.value() }, rules)
            }
            Answer::Whole { status, reason, body } => (
                error(message(body, reason), Value::number(status)),
                vec![
                    documented("A status outside 2xx rejects with a ServiceError {name, message, statusCode}.", TYPES),
                    inferred(
                        "The content of `message` isn't documented; Porthole uses the body, or the status text.",
                        NOTHING,
                    ),
                ],
            ),
            Answer::Withheld { words } => (error(Value::text(words.as_str()), Value::Undefined), vec![]),
            Answer::Failed { words, .. } => (
                error(Value::text(words.as_str()), Value::Undefined),
                vec![reported("A failed connection rejects with Node's message and `statusCode: undefined`.")],
            ),
        }
    }

    fn finished(
        &self,
        execution: &Execution<'_>,
        asked: &SdkExec,
        captured: &CapturedOutput<'_>,
    ) -> (SdkOutcome, Vec<Rule>) {
        let mut rules = Vec::new();
        if captured.longest > 1024 * 1024 {
            rules.push(inferred(
                "Output of more than 1,048,576 bytes, Node's default limit, may end the command.",
                NODE,
            ));
        }
        let rejected = |code: Value, signal: Value, stderr: Value| SdkOutcome::Rejected {
            value: Value::object([
                ("killed", Value::Bool { value: false }),
                ("code", code),
                ("signal", signal),
                ("cmd", Value::text(joined(asked))),
                ("stdout", captured.stdout()),
                ("stderr", stderr),
            ]),
        };
        let exit = execution.exit();
        let outcome = match &exit {
            ExitOutcome::Running => SdkOutcome::Pending,
            ExitOutcome::Unknown => SdkOutcome::Never,
            ExitOutcome::Exited { code: 0, .. } => {
                rules.push(reported(
                    "`code` is absent when the command succeeds: test `code !== undefined`, not `code`.",
                ));
                let value = Value::object([("stdout", captured.stdout()), ("stderr", captured.stderr())]);
                SdkOutcome::Resolved { value: value.with_methods() }
            }
            ExitOutcome::Exited { code, said } => {
                rules.push(reported("An exit code other than 0 rejects, with both streams in the error."));
                rejected(Value::number(code), Value::Null, captured.stderr_or(said.as_deref()))
            }
            ExitOutcome::Signaled { name } => {
                rules.push(inferred(
                    "A command ended by a signal rejects with `code: null` and the signal's name.",
                    NODE,
                ));
                rejected(Value::Null, Value::text(name), captured.stderr())
            }
            ExitOutcome::NoProgram { .. } | ExitOutcome::NotExecutable { .. } => {
                let (code, said) = exit.in_shell();
                rules
                    .push(inferred("Its shell reports that the program isn't found, and exits with 127 or 126.", NODE));
                rejected(Value::number(code), Value::Null, Value::text(said))
            }
            ExitOutcome::NoDirectory => {
                rules.push(inferred("A missing working directory is reported as a missing shell.", NODE));
                rejected(Value::text("ENOENT"), Value::Null, Value::text("spawn /bin/sh ENOENT"))
            }
            ExitOutcome::Refused { message } => {
                rules.push(inferred(
                    "If the engine refuses the command, the error is what the docker program prints.",
                    NOTHING,
                ));
                rejected(Value::number(1), Value::Null, Value::text(format!("Error response from daemon: {message}\n")))
            }
        };
        (outcome, rules)
    }

    fn callback_rules(&self, _: &Execution<'_>, split: bool) -> CallbackRules {
        let pieces = if split { Framing::Lines } else { Framing::Chunks };
        CallbackRules {
            stdout: pieces,
            stderr: pieces,
            ends: LineEnds::CrLf,
            decoding: Decoding::Joined,
            loses_last: false,
            silent_from: None,
        }
    }

    fn streaming(&self, execution: &Execution<'_>, split: bool) -> Vec<Rule> {
        let mut rules = vec![inferred(
            "Callbacks get strings. A character split between two chunks is delivered whole with the second one.",
            NODE,
        )];
        if split {
            rules.insert(
                0,
                documented("With `splitOutputLines`, there is one callback per line, for both streams.", TYPES),
            );
            rules.push(inferred(
                "A last line without a newline is delivered too, and `\\r\\n` ends a line like `\\n`.",
                NOTHING,
            ));
        }
        let exit = execution.exit();
        match &exit {
            ExitOutcome::Signaled { .. } => {
                rules.push(inferred("A command ended by a signal calls `onClose(null)`.", NODE))
            }
            ExitOutcome::NoProgram { .. } | ExitOutcome::NotExecutable { .. } | ExitOutcome::NoDirectory => {
                rules.push(inferred("A program that can't be started calls only `onError`.", NODE));
            }
            _ => {}
        }
        rules
    }

    fn ends(&self, execution: &Execution<'_>) -> Vec<End> {
        let exit = execution.exit();
        match &exit {
            ExitOutcome::Running => vec![],
            ExitOutcome::Unknown => vec![End::Silent],
            ExitOutcome::Exited { code, .. } => vec![End::Close { code: Value::number(code) }],
            ExitOutcome::Signaled { .. } => vec![End::Close { code: Value::Null }],
            ExitOutcome::NoProgram { program } => {
                vec![End::Error { error: Value::error(format!("spawn {program} ENOENT")) }]
            }
            ExitOutcome::NotExecutable { program } => {
                vec![End::Error { error: Value::error(format!("spawn {program} EACCES")) }]
            }
            ExitOutcome::NoDirectory => vec![End::Error { error: Value::error("spawn ENOENT") }],
            ExitOutcome::Refused { message } => vec![End::Error { error: Value::error(message) }],
        }
    }
}

fn message(body: &Body<'_>, reason: &str) -> Value {
    if body.len == 0 { Value::text(reason) } else { body.text() }
}

//! Rancher Desktop, as its source has it.

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
        exchange::{Answer, decoding},
        exec::{CapturedOutput, ExitOutcome},
        plan::{bodiless, container, json, plain, pointed},
    },
};
use porthole_engine::target::Target;
use porthole_http::exchange::{Body, HttpClient, Request, target};
use porthole_process::{Bin, Command, EnvMode, Place};

/// What Electron puts before the words of an error that crosses from its main process.
const FETCH: &str = "Error invoking remote method 'extensions/vm/http-fetch': ";
const EXEC: &str = "Error invoking remote method 'extensions/spawn/blocking': ";

/// Rancher Desktop.
pub(super) struct RancherDesktop;

impl Behavior for RancherDesktop {
    fn name(&self) -> &'static str {
        "Rancher Desktop"
    }

    fn key(&self) -> &'static str {
        "rancher-desktop"
    }

    fn deprecated_functions(&self) -> Result<(), &'static str> {
        Err(RANCHER)
    }

    /// Its preload script checks in the page, and asks whether `stream` is there.
    fn arguments(&self) -> ArgumentRules {
        ArgumentRules { checked: true, stream_if_present: true }
    }

    fn client(&self) -> Option<HttpClient> {
        Some(HttpClient::NodeFetch)
    }

    fn lists(&self) -> Rule {
        read(
            "Rancher Desktop builds the entries from the docker program's output: some properties are missing or have another shape. Porthole asks the engine.",
            RANCHER,
        )
    }

    fn request(&self, asked: &SdkRequest) -> (PlannedAction, Vec<Rule>) {
        let mut rules = Vec::new();
        let place = pointed(&asked.url);
        if place.absolute {
            rules.push(read(
            "An absolute URL is requested as it is, even if it isn't the backend. Porthole sends its path to the backend.",
            RANCHER,
        ));
        } else if place.bare {
            rules.push(read("A URL without a leading slash is treated as a path from the root.", RANCHER));
        }
        let mut request = bodiless(asked, &place);
        request.body = match &asked.data {
            None => Body::None,
            Some(data) if data.text == "null" && !data.is_text && !asked.named => Body::None,
            // Only the named methods look at what they are given.
            Some(data) if asked.named && is_object(&data.text, data.json.as_deref(), data.is_text) => json(data),
            Some(data) => {
                if data.json.is_some() && !data.is_text {
                    rules.push(read(
                        "`request()` doesn't encode its data: an object is sent as `String(object)`.",
                        RANCHER,
                    ));
                }
                Body::Text { text: data.text.clone() }
            }
        };
        (PlannedAction::Request { request: HttpClient::NodeFetch.sends(request) }, rules)
    }

    fn exec(&self, asked: &SdkExec, target: &Target) -> (PlannedAction, Vec<Rule>) {
        let mut rules = Vec::new();
        let mut cmd = asked.cmd.clone();
        let mut args: Vec<String> = asked.args.iter().map(|arg| unquoted(arg).to_owned()).collect();
        if asked.whose == CliTarget::Docker {
            // The docker program's arguments go through it a second time, the first of them included.
            cmd = unquoted(&cmd).to_owned();
            args = args.iter().map(|arg| unquoted(arg).to_owned()).collect();
        }
        if args != asked.args {
            rules.push(read("No shell is used. One pair of quotes around an argument is removed.", RANCHER));
        }
        let place = if asked.whose == CliTarget::Vm { container(asked, target) } else { Place::Host };
        let mut command = Command { cwd: asked.cwd.clone(), ..plain(asked, place, cmd, args) };
        match asked.whose {
            CliTarget::Vm => {
                if !asked.env.is_empty() {
                    rules.push(read(
                        "`env` has no effect in a container: only the docker compose program gets it.",
                        RANCHER,
                    ));
                }
            }
            CliTarget::Docker => command.env = asked.env.clone(),
            CliTarget::Host => {
                if let Some(bin) = &target.host.bin {
                    command.program = below(bin, &command.program);
                    rules.push(read("A host program is looked up only in the extension's `bin` folder.", RANCHER));
                } else {
                    rules.push(read("A host program is looked up only in the extension's `bin` folder. The target has none, so Porthole uses PATH.", RANCHER));
                }
                if !asked.env.is_empty() {
                    command.env = asked.env.clone();
                    command.env_mode = EnvMode::Replace;
                    rules.push(read(
                        "`env` replaces a host program's whole environment, including PATH and HOME.",
                        RANCHER,
                    ));
                }
            }
        }
        let mut command = match command.env_mode {
            EnvMode::Add => target.applied_to(command),
            EnvMode::Replace => Command { cwd: command.cwd.clone().or_else(|| target.host.cwd.clone()), ..command },
        };
        // It is put behind the others; the program is looked up in it alone, and has its path already.
        command.bin = command.bin.filter(|_| asked.whose == CliTarget::Host).map(|bin| Bin { first: false, ..bin });
        (PlannedAction::Command { command }, rules)
    }

    fn answered(&self, answer: &Answer<'_>, request: &Request) -> (SdkOutcome, Vec<Rule>) {
        match answer {
            Answer::Pending => (SdkOutcome::Pending, vec![]),
            Answer::Never => (SdkOutcome::Never, vec![]),
            Answer::Whole { status: 200..=299, body, .. } => {
                let mut rules = vec![read(
                    "The promise resolves with only the body: parsed if it is JSON, otherwise as text. An empty body is ''.",
                    RANCHER,
                )];
                rules.extend(decoding(body, HttpClient::NodeFetch));
                (SdkOutcome::Resolved { value: body.value() }, rules)
            }
            Answer::Whole { status, body, .. } => {
                let mut rules =
                    vec![read("A status outside 2xx rejects with the status, its name and the raw body.", RANCHER)];
                if matches!(status, 301..=303 | 307 | 308) {
                    rules.push(read("The runtime would follow the redirect; Porthole doesn't.", NODE_FETCH));
                }
                let name = hyper::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                let fields = [
                    ("statusCode", Value::number(status)),
                    ("name", Value::text(name.unwrap_or("Unknown"))),
                    ("message", body.text()),
                ];
                rules.extend(decoding(body, HttpClient::NodeFetch));
                (SdkOutcome::Rejected { value: Value::object(fields) }, rules)
            }
            Answer::Withheld { words } => (
                SdkOutcome::Rejected { value: Value::error(format!("{FETCH}{words}")) },
                vec![read(
                    "A response that node-fetch can't decode, follow or parse rejects with an Error.",
                    NODE_FETCH,
                )],
            ),
            Answer::Failed { words, .. } => {
                let path = target(request).unwrap_or_else(|_| request.path.clone());
                let message = format!("{FETCH}FetchError: request to http://127.0.0.1{path} failed, reason: {words}");
                let rule = read(
                    "A failed connection rejects with an Error that has only a message. Rancher Desktop connects through a port, so the reason may differ.",
                    RANCHER,
                );
                (SdkOutcome::Rejected { value: Value::error(message) }, vec![rule])
            }
        }
    }

    fn finished(
        &self,
        execution: &Execution<'_>,
        _: &SdkExec,
        captured: &CapturedOutput<'_>,
    ) -> (SdkOutcome, Vec<Rule>) {
        let line = execution.line();
        let result = |signal: Value, code: Value, stderr: Value| {
            let fields = [
                ("cmd", Value::text(line.as_str())),
                ("signal", signal),
                ("code", code),
                ("stdout", captured.stdout()),
                ("stderr", stderr),
            ];
            Value::object(fields).with_methods()
        };
        let failed = |words: String| {
            let value = Value::error(format!("{EXEC}Error: {words}"));
            (
                SdkOutcome::Rejected { value },
                vec![read("A program that can't be started rejects with an Error.", RANCHER)],
            )
        };
        let exit = execution.exit();
        match &exit {
            ExitOutcome::Running => (SdkOutcome::Pending, vec![]),
            ExitOutcome::Unknown => (SdkOutcome::Never, vec![]),
            ExitOutcome::Exited { code: 0, .. } => (
                SdkOutcome::Resolved { value: result(Value::Undefined, Value::number(0), captured.stderr()) },
                vec![read("`code` is 0 when the command succeeds, and `signal` is present but undefined.", RANCHER)],
            ),
            ExitOutcome::Exited { code, said } => (
                SdkOutcome::Rejected {
                    value: result(Value::Undefined, Value::number(code), captured.stderr_or(said.as_deref())),
                },
                vec![read(
                    "An exit code other than 0 rejects with the same object that success resolves with.",
                    RANCHER,
                )],
            ),
            ExitOutcome::Signaled { name } => (
                SdkOutcome::Rejected { value: result(Value::text(name), Value::Undefined, captured.stderr()) },
                vec![read("A command ended by a signal rejects with `signal` set and `code` undefined.", RANCHER)],
            ),
            ExitOutcome::NoProgram { program } => failed(format!("spawn {program} ENOENT")),
            ExitOutcome::NotExecutable { program } => failed(format!("spawn {program} EACCES")),
            ExitOutcome::NoDirectory => failed(format!("spawn {} ENOENT", line.split(' ').next().unwrap_or_default())),
            ExitOutcome::Refused { message } => (
                SdkOutcome::Rejected {
                    value: result(
                        Value::Undefined,
                        Value::number(1),
                        Value::text(format!("Error response from daemon: {message}\n")),
                    ),
                },
                vec![inferred(
                    "If the engine refuses the command, the error is what the docker compose program prints.",
                    RANCHER,
                )],
            ),
        }
    }

    fn callback_rules(&self, execution: &Execution<'_>, split: bool) -> CallbackRules {
        let pieces = if split { Framing::Lines } else { Framing::Chunks };
        CallbackRules {
            stdout: pieces,
            stderr: pieces,
            ends: LineEnds::CrLf,
            decoding: Decoding::Alone,
            loses_last: true,
            silent_from: execution.closed_at(),
        }
    }

    fn streaming(&self, execution: &Execution<'_>, split: bool) -> Vec<Rule> {
        let mut rules = Vec::new();
        if execution.closed_at().is_some() {
            rules.push(read("After `close()` no callback is called, not even `onClose`.", RANCHER));
        } else if matches!(execution.exit(), ExitOutcome::Signaled { .. }) {
            rules.push(read("A command ended by a signal calls `onError(signal)` and not `onClose`.", RANCHER));
        }
        if split {
            rules
                .push(read("One callback per line, for both streams. A last line without a newline is lost.", RANCHER));
        }
        rules.push(read(
            "Each chunk is decoded separately: a character split between two chunks becomes U+FFFD.",
            RANCHER,
        ));
        rules
    }

    fn ends(&self, execution: &Execution<'_>) -> Vec<End> {
        let closed = execution.closed_at().is_some();
        let exit = execution.exit();
        match &exit {
            ExitOutcome::Running if !closed => vec![],
            _ if closed => vec![End::Silent],
            ExitOutcome::Running | ExitOutcome::Unknown => vec![End::Silent],
            ExitOutcome::Exited { code, .. } => vec![End::Close { code: Value::number(code) }],
            ExitOutcome::Signaled { name } => vec![End::Error { error: Value::text(name) }],
            ExitOutcome::NoProgram { program } => {
                vec![End::Error { error: Value::error(format!("spawn {program} ENOENT")) }]
            }
            ExitOutcome::NotExecutable { program } => {
                vec![End::Error { error: Value::error(format!("spawn {program} EACCES")) }]
            }
            ExitOutcome::NoDirectory => vec![End::Error { error: Value::error("spawn ENOENT") }],
            ExitOutcome::Refused { .. } => vec![End::Close { code: Value::number(1) }],
        }
    }
}

/// `typeof value === 'object'`, as far as its texts tell.
fn is_object(text: &str, json: Option<&str>, is_text: bool) -> bool {
    !is_text && (text == "null" || json.is_some_and(|json| json.starts_with(['{', '[', '"'])))
}

/// Without one pair of the same quotes around it, if it is on one line.
fn unquoted(arg: &str) -> &str {
    let inner = ['"', '\''].into_iter().find_map(|quote| arg.strip_prefix(quote)?.strip_suffix(quote));
    inner.filter(|inner| !inner.contains(['\n', '\r'])).unwrap_or(arg)
}

/// A program in a folder, whatever path it is written with.
fn below(folder: &str, program: &str) -> String {
    format!("{}/{}", folder.trim_end_matches('/'), program.trim_start_matches('/'))
}

//! Podman Desktop with its support for Docker Desktop's extensions, as its source has it, in two generations.

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
        plan::{bodiless, container, in_shell, json, plain, pointed, rejects},
    },
};
use porthole_engine::target::Target;
use porthole_http::exchange::{Body, HttpClient, Request};
use porthole_process::Place;

/// Which of its sources. Both are in use; which release has the newer one isn't known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// Requests by got, plain commands of the host through a shell.
    Older,
    /// Requests by `fetch`, no shell.
    Newer,
}

impl Generation {
    fn http_client(self) -> HttpClient {
        match self {
            Self::Older => HttpClient::Got,
            Self::Newer => HttpClient::Fetch,
        }
    }

    /// A rule that was read in its source.
    fn read(self, text: impl Into<String>) -> Rule {
        let from = match self {
            Self::Older => PODMAN_OLDER,
            Self::Newer => PODMAN,
        };
        read(text, from)
    }

    /// A rule that was measured with its client.
    fn measured(self, text: impl Into<String>) -> Rule {
        let from = match self {
            Self::Older => GOT,
            Self::Newer => FETCH,
        };
        read(text, from)
    }
}

/// What Electron puts before an error that crosses from its main process.
const REQUEST: &str = "Error invoking remote method 'docker-desktop-adapter:extensionVMServiceRequest': ";
const EXEC: &str = "Error invoking remote method 'docker-plugin-adapter:exec': Error: ";

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "HEAD", "DELETE", "OPTIONS", "TRACE"];

impl Behavior for Generation {
    fn name(&self) -> &'static str {
        match self {
            Self::Newer => "Podman Desktop",
            Self::Older => "Podman Desktop (older)",
        }
    }

    fn key(&self) -> &'static str {
        match self {
            Self::Newer => "podman-desktop",
            Self::Older => "podman-desktop-older",
        }
    }

    fn deprecated_functions(&self) -> Result<(), &'static str> {
        Err(match self {
            Self::Newer => PODMAN,
            Self::Older => PODMAN_OLDER,
        })
    }

    /// It asks whether `stream` is something. That the page checks no argument is inferred.
    fn arguments(&self) -> ArgumentRules {
        ArgumentRules { checked: false, stream_if_present: false }
    }

    fn client(&self) -> Option<HttpClient> {
        Some(self.http_client())
    }

    /// Both generations have the same code for it.
    fn lists(&self) -> Rule {
        read(
            "Podman Desktop asks all of its engines and adds their names to the entries. Porthole asks the target's engine.",
            PODMAN,
        )
    }

    fn request(&self, asked: &SdkRequest) -> (PlannedAction, Vec<Rule>) {
        let refused = |words: &str, rule| (rejects(Value::error(format!("{REQUEST}{words}"))), vec![rule]);
        let known = METHODS.iter().any(|known| *known == asked.method || known.to_lowercase() == asked.method);
        if !known {
            let rule = self.read(format!("Only these methods are supported: {}.", METHODS.join(", ")));
            return refused("Error: Invalid method", rule);
        }
        let place = pointed(&asked.url);
        if place.absolute || place.bare && !asked.url.is_empty() && !asked.url.starts_with('?') {
            let rule = self.read(
                "The URL is appended to `http://localhost:PORT`. Without a leading slash the result isn't a URL.",
            );
            return match self {
                Generation::Older => refused("Error: Invalid URL", rule),
                Generation::Newer => {
                    let url = format!("TypeError: Failed to parse URL from http://localhost:PORT{}", asked.url);
                    refused(&url, rule)
                }
            };
        }
        let mut rules = Vec::new();
        let mut request = Request { method: asked.method.to_uppercase(), ..bodiless(asked, &place) };
        if *self == Generation::Newer {
            match fetched(asked, &mut request) {
                Ok(rule) => rules.extend(rule),
                Err((words, rule)) => return refused(&words, rule),
            }
        }
        request.body = match &asked.data {
            None => Body::None,
            Some(data) if data.falsy => {
                rules.push(self.read("Falsy data (0, '', false, null) isn't sent."));
                Body::None
            }
            Some(data) => {
                if data.is_text {
                    rules.push(self.read("All data is encoded as JSON, so a string is sent in quotes."));
                }
                json(data)
            }
        };
        (PlannedAction::Request { request: self.http_client().sends(request) }, rules)
    }

    fn exec(&self, asked: &SdkExec, target: &Target) -> (PlannedAction, Vec<Rule>) {
        let mut rules = Vec::new();
        let args = if asked.whose == CliTarget::Docker { docker_args(&asked.args, *self) } else { asked.args.clone() };
        if args.len() != asked.args.len() {
            let dropped = match self {
                Generation::Older => format!("`-v {DOCKER_SOCKET}` is removed from the arguments."),
                Generation::Newer => format!("`-v {DOCKER_SOCKET}` and empty arguments are removed."),
            };
            rules.push(self.read(dropped));
        }
        let asked = &SdkExec { args, ..asked.clone() };
        let in_container = asked.whose == CliTarget::Vm;
        let command = if in_container {
            plain(asked, container(asked, target), asked.cmd.clone(), asked.args.clone())
        } else if asked.stream.is_none() && *self == Generation::Older {
            rules.push(self.read(
                "Without `stream`, a host command runs through a shell, which removes quotes and splits words again.",
            ));
            in_shell(asked)
        } else {
            let with = if *self == Generation::Older { "With `stream` no" } else { "No" };
            rules.push(self.read(format!("{with} shell is used: each argument is passed unchanged.")));
            plain(asked, Place::Host, asked.cmd.clone(), asked.args.clone())
        };
        if asked.whose == CliTarget::Docker {
            rules.push(self.read("Podman Desktop runs podman instead of docker."));
        }
        if asked.cwd.is_some() || !asked.env.is_empty() {
            rules.push(self.read("`cwd` and `env` are ignored."));
        }
        (PlannedAction::Command { command }, rules)
    }

    fn answered(&self, answer: &Answer<'_>, _: &Request) -> (SdkOutcome, Vec<Rule>) {
        let error = |message: String| SdkOutcome::Rejected { value: Value::error(format!("{REQUEST}{message}")) };
        match answer {
        Answer::Pending => (SdkOutcome::Pending, vec![]),
        Answer::Never => (SdkOutcome::Never, vec![]),
        Answer::Whole { status, body, .. }
            if (200..=299).contains(status) || *status == 304 && *self == Generation::Older =>
        {
            let mut rules = vec![
                self.read("The promise resolves with only the body: parsed if it is JSON, otherwise as text."),
            ];
            rules.extend(decoding(body, self.http_client()));
            (SdkOutcome::Resolved { value: body.value() }, rules)
        }
        Answer::Whole { status: 401 | 403, .. } => (
            error("Error: Unable to get access".to_owned()),
            vec![self.read("401 and 403 reject with a fixed message; the body and the status are lost.")],
        ),
        Answer::Whole { status, reason, .. } if *self == Generation::Newer => {
            let mut rules = vec![self.read(
                "A status outside 2xx rejects with only the status text; its number and the body are lost.",
            )];
            if matches!(status, 301..=303 | 307 | 308) {
                rules.push(self.measured("The runtime would follow the redirect; Porthole doesn't."));
            }
            // An error without words reads as its name.
            let words = if reason.is_empty() { "Error".to_owned() } else { format!("Error: {reason}") };
            (error(words), rules)
        }
        Answer::Whole { status, reason, .. } => {
            let mut rules =
                vec![self.read("A status outside 2xx rejects with an Error that contains it; the body is lost.")];
            if matches!(status, 408 | 413 | 429 | 500 | 502 | 503 | 504 | 521 | 522 | 524) {
                rules.push(inferred(
                    "After this status all methods except POST and PATCH are retried up to two times; Porthole doesn't retry.",
                    "got's documentation",
                ));
            } else if matches!(status, 300..=303 | 307 | 308) {
                rules.push(self.measured("The runtime would follow the redirect; Porthole doesn't."));
            }
            let known = || hyper::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            let words = if reason.is_empty() { known().unwrap_or_default() } else { reason };
            (error(format!("Error: Response code {status} ({words})")), rules)
        }
        Answer::Withheld { words } => {
            let name = self.http_client().name();
            let rule = self.measured(format!("A response that {name} can't decode, follow or parse rejects with an Error."));
            (error(named(words, *self)), vec![rule])
        }
        Answer::Failed { words, .. } => (
            error(named(words, *self)),
            vec![self.read(
                "A failed connection rejects with an Error that has only a message. Podman Desktop connects through a port, so the reason may differ.",
            )],
        ),
    }
    }

    fn finished(
        &self,
        execution: &Execution<'_>,
        asked: &SdkExec,
        captured: &CapturedOutput<'_>,
    ) -> (SdkOutcome, Vec<Rule>) {
        let in_container = asked.whose == CliTarget::Vm;
        let rejected = |stdout: Value, stderr: Value| SdkOutcome::Rejected {
            value: Value::object([("toString", Value::Method), ("stderr", stderr), ("stdout", stdout)]),
        };
        let resolved = |rule: Rule| {
            let fields = [
                ("cmd", Value::text(asked.cmd.as_str())),
                ("stdout", captured.stdout()),
                ("stderr", captured.stderr()),
                ("code", Value::number(0)),
            ];
            (SdkOutcome::Resolved { value: Value::object(fields).with_methods() }, vec![rule])
        };
        let without_code = || self.read("A failure rejects with both streams and no exit code.");
        let exit = execution.exit();
        match &exit {
            ExitOutcome::Running => (SdkOutcome::Pending, vec![]),
            ExitOutcome::Unknown => (SdkOutcome::Never, vec![]),
            ExitOutcome::Exited { said: Some(_), .. } if in_container => {
                (rejected(Value::text(""), Value::text("")), vec![without_code()])
            }
            ExitOutcome::Exited { code, .. } if in_container && *code != 0 => resolved(
                self.read("The exit code in a container is never read: every command counts as a success with code 0."),
            ),
            ExitOutcome::Exited { code: 0, .. } => resolved(
                self.read("`code` is 0 when the command succeeds; `cmd` is the program without its arguments."),
            ),
            ExitOutcome::Signaled { .. } => {
                resolved(self.read("A command ended by a signal counts as a success with code 0."))
            }
            ExitOutcome::Exited { said, .. } => {
                (rejected(captured.stdout(), captured.stderr_or(said.as_deref())), vec![without_code()])
            }
            ExitOutcome::NoProgram { .. } | ExitOutcome::NotExecutable { .. } if *self == Generation::Newer => (
                rejected(Value::text(""), Value::text("")),
                vec![self.read("A command that can't be started rejects with two empty streams.")],
            ),
            ExitOutcome::NoProgram { .. } | ExitOutcome::NotExecutable { .. } => {
                let said = exit.in_shell().1;
                (rejected(captured.stdout(), Value::text(said)), vec![without_code()])
            }
            ExitOutcome::NoDirectory => (
                rejected(captured.stdout(), captured.stderr()),
                vec![
                    self.read("`cwd` is ignored, so the command would have run in another directory."),
                    without_code(),
                ],
            ),
            ExitOutcome::Refused { message } => (
                SdkOutcome::Rejected { value: Value::error(format!("{EXEC}{message}")) },
                vec![self.read("Without a container of the extension, `exec` rejects with an Error.")],
            ),
        }
    }

    fn callback_rules(&self, execution: &Execution<'_>, split: bool) -> CallbackRules {
        let in_container = execution.in_container();
        let lines = split && !in_container;
        CallbackRules {
            stdout: if lines { Framing::Lines } else { Framing::Chunks },
            stderr: Framing::Chunks,
            ends: LineEnds::Lf,
            decoding: if in_container { Decoding::Bytes } else { Decoding::Joined },
            loses_last: true,
            silent_from: None,
        }
    }

    fn streaming(&self, execution: &Execution<'_>, split: bool) -> Vec<Rule> {
        let mut rules = Vec::new();
        if execution.in_container() {
            rules.push(read(
                "In a container, callbacks get chunks as Uint8Arrays, even with `splitOutputLines`.",
                PODMAN,
            ));
            rules.push(read("`onClose` gets 0 in a container, whatever the exit code was.", PODMAN));
        } else if split {
            rules.push(read(
                "Only stdout is split into lines, and a last line without a newline is lost. stderr comes in chunks.",
                PODMAN,
            ));
            rules.push(read("A line ends at `\\n`; a `\\r` before it is kept.", PODMAN));
        }
        if execution.closed_at().is_some() {
            rules.push(read("`close()` has no effect: the command would have continued.", PODMAN));
        }
        rules
    }

    fn ends(&self, execution: &Execution<'_>) -> Vec<End> {
        let started_not = |message: String, errno: i32| {
            vec![End::Error { error: Value::error(message) }, End::Close { code: Value::number(errno) }]
        };
        let in_container = execution.in_container();
        let exit = execution.exit();
        match &exit {
            ExitOutcome::Running => vec![],
            ExitOutcome::Unknown => vec![End::Silent],
            ExitOutcome::Exited { said: Some(said), .. } if in_container => started_not(said.clone(), 1),
            ExitOutcome::Exited { .. } | ExitOutcome::Signaled { .. } if in_container => {
                vec![End::Close { code: Value::number(0) }]
            }
            ExitOutcome::Exited { code, .. } => vec![End::Close { code: Value::number(code) }],
            ExitOutcome::Signaled { .. } => vec![End::Close { code: Value::Null }],
            // Node closes a child that never was with the negative error number.
            ExitOutcome::NoProgram { program } => started_not(format!("spawn {program} ENOENT"), -2),
            ExitOutcome::NotExecutable { program } => started_not(format!("spawn {program} EACCES"), -13),
            ExitOutcome::NoDirectory => started_not("spawn ENOENT".to_owned(), -2),
            ExitOutcome::Refused { message } => vec![End::Error { error: Value::error(message) }],
        }
    }
}

/// What `fetch` makes of a request that has all but its body; or the words with which it refuses it.
fn fetched(asked: &SdkRequest, request: &mut Request) -> Result<Vec<Rule>, (String, Rule)> {
    let mut rules = Vec::new();
    let has_data = asked.data.as_ref().is_some_and(|data| !data.falsy);
    if asked.method.eq_ignore_ascii_case("TRACE") {
        let words = format!("TypeError: '{}' HTTP method is unsupported.", asked.method);
        return Err((words, read("`fetch` refuses TRACE.", FETCH)));
    }
    if has_data && matches!(request.method.as_str(), "GET" | "HEAD") {
        let words = "TypeError: Request with GET/HEAD method cannot have body.".to_owned();
        return Err((words, read("`fetch` rejects data with GET and HEAD.", FETCH)));
    }
    // It sets these itself.
    request.headers.retain(|header| !["host", "content-length"].contains(&header.name.to_ascii_lowercase().as_str()));
    if has_data {
        // The one that Podman Desktop adds has this spelling, and any other one stays beside it.
        request.headers.retain(|header| header.name != "Content-Type");
        for header in &mut request.headers {
            if header.name.eq_ignore_ascii_case("content-type") {
                header.value.push_str(", application/json");
                let rule = format!(
                    "`fetch` joins the header from your code with Podman Desktop's own: `{}` is sent.",
                    header.value
                );
                rules.push(read(rule, FETCH));
            }
        }
    }
    if asked.method == "patch" {
        asked.method.clone_into(&mut request.method);
        let rule =
            "`fetch` sends every method in upper case except `patch`, to which most servers respond with 400 or 405.";
        rules.insert(0, read(rule, FETCH));
    }
    Ok(rules)
}

/// The mount that Podman Desktop leaves out of the arguments of docker.
const DOCKER_SOCKET: &str = "/var/run/docker.sock:/var/run/docker.sock";

/// The arguments of docker without those that Podman Desktop leaves out.
fn docker_args(args: &[String], generation: Generation) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    // It goes from the last one to the first.
    for arg in args.iter().rev() {
        if arg == "-v" && kept.last().is_some_and(|after| after == DOCKER_SOCKET) {
            kept.pop();
        } else if generation == Generation::Older || !arg.is_empty() {
            kept.push(arg.clone());
        }
    }
    kept.reverse();
    kept
}

/// The words of a failed request with the error's class before them: those of `fetch` have it.
fn named(words: &str, generation: Generation) -> String {
    match generation {
        Generation::Older => format!("Error: {words}"),
        Generation::Newer => words.to_owned(),
    }
}

//! Podman Desktop with its support for Docker Desktop's extensions, as its source has it.

use super::{
    Delivery, Does, End, Value,
    callbacks::{Decoding, LineEnds, Manner, Pieces},
    exchange::{Answer, decoding},
    exec::{Finish, Wrote},
    plan::{bodiless, container, in_shell, json, plain, pointed, rejects},
    rules::*,
};
use crate::{
    asked::{AskedExec, AskedRequest, Whose},
    exchange::{Body, HttpClient, Request},
    run::Place,
    runtime::Rule,
    target::Target,
};

/// What Electron puts before the words of an error that crosses from its main process.
const REQUEST: &str = "Error invoking remote method 'docker-desktop-adapter:extensionVMServiceRequest': Error: ";
const EXEC: &str = "Error invoking remote method 'docker-plugin-adapter:exec': Error: ";

const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "HEAD", "DELETE", "OPTIONS", "TRACE"];

pub(super) fn request(asked: &AskedRequest) -> (Does, Vec<Rule>) {
    let known = METHODS.iter().any(|known| *known == asked.method || known.to_lowercase() == asked.method);
    if !known {
        let rule = read(format!("Only {} are methods there.", METHODS.join(", ")), PODMAN);
        return (rejects(Value::error(format!("{REQUEST}Invalid method"))), vec![rule]);
    }
    let place = pointed(&asked.url);
    if place.absolute || place.bare && !asked.url.is_empty() && !asked.url.starts_with('?') {
        let rule = read(
            "The url is put right behind `http://localhost:PORT`: without a leading slash that is no url.",
            PODMAN,
        );
        return (rejects(Value::error(format!("{REQUEST}Invalid URL"))), vec![rule]);
    }
    let mut rules = Vec::new();
    let mut request = Request { method: asked.method.to_uppercase(), ..bodiless(asked, &place) };
    request.body = match &asked.data {
        None => Body::None,
        Some(data) if data.falsy => {
            rules.push(read("Data that is falsy (0, '', false, null) is not sent.", PODMAN));
            Body::None
        }
        Some(data) => {
            if data.is_text {
                rules.push(read("All data is encoded as JSON: a string is sent in quotes.", PODMAN));
            }
            json(data)
        }
    };
    (Does::Request { request: HttpClient::Got.sends(request) }, rules)
}

pub(super) fn exec(asked: &AskedExec, target: &Target) -> (Does, Vec<Rule>) {
    let mut rules = Vec::new();
    let in_container = asked.whose == Whose::Vm;
    let command = if in_container {
        plain(asked, container(asked, target), asked.cmd.clone(), asked.args.clone())
    } else if asked.stream.is_none() {
        rules.push(read(
            "Without `stream` a host command goes through a shell: quotes vanish, and words split again.",
            PODMAN,
        ));
        in_shell(asked)
    } else {
        rules.push(read("With `stream` no shell is used: each argument arrives as it is.", PODMAN));
        plain(asked, Place::Host, asked.cmd.clone(), asked.args.clone())
    };
    if asked.whose == Whose::Docker {
        rules.push(read("Podman Desktop runs podman in place of docker.", PODMAN));
    }
    if asked.cwd.is_some() || !asked.env.is_empty() {
        rules.push(read("`cwd` and `env` are ignored.", PODMAN));
    }
    (Does::Command { command }, rules)
}

/// What a plain `exec` gives.
pub(super) fn finished(finish: &Finish, asked: &AskedExec, wrote: &Wrote<'_>) -> (Delivery, Vec<Rule>) {
    let in_container = asked.whose == Whose::Vm;
    let rejected = |stdout: Value, stderr: Value| Delivery::Rejected {
        value: Value::object([("toString", Value::Method), ("stderr", stderr), ("stdout", stdout)]),
    };
    let resolved = |rule: Rule| {
        let fields = [
            ("cmd", Value::text(asked.cmd.as_str())),
            ("stdout", wrote.stdout()),
            ("stderr", wrote.stderr()),
            ("code", Value::number(0)),
        ];
        (Delivery::Resolved { value: Value::object(fields).with_methods() }, vec![rule])
    };
    let without_code = || read("A failure rejects with the two streams and no exit code.", PODMAN);
    match finish {
        Finish::Running => (Delivery::Pending, vec![]),
        Finish::Unknown => (Delivery::Never, vec![]),
        Finish::Exited { said: Some(_), .. } if in_container => {
            (rejected(Value::text(""), Value::text("")), vec![without_code()])
        }
        Finish::Exited { code, .. } if in_container && *code != 0 => resolved(read(
            "The exit code in a container is never asked for: every command counts as a success with code 0.",
            PODMAN,
        )),
        Finish::Exited { code: 0, .. } => {
            resolved(read("`code` is 0 when the command succeeds; `cmd` is the program without its arguments.", PODMAN))
        }
        Finish::Signaled { .. } => resolved(read("Death by a signal counts as a success with code 0.", PODMAN)),
        Finish::Exited { said, .. } => {
            (rejected(wrote.stdout(), wrote.stderr_or(said.as_deref())), vec![without_code()])
        }
        Finish::NoProgram { .. } | Finish::NotExecutable { .. } => {
            let said = finish.in_shell().1;
            (rejected(wrote.stdout(), Value::text(said)), vec![without_code()])
        }
        Finish::NoDirectory => (
            rejected(wrote.stdout(), wrote.stderr()),
            vec![read("`cwd` is ignored, so the command would have run elsewhere.", PODMAN), without_code()],
        ),
        Finish::Refused { message } => (
            Delivery::Rejected { value: Value::error(format!("{EXEC}{message}")) },
            vec![read("Without a container of the extension, `exec` rejects with an Error.", PODMAN)],
        ),
    }
}

/// The last callbacks of a streaming `exec`.
pub(super) fn ends(finish: &Finish, in_container: bool) -> Vec<End> {
    let started_not = |message: String, errno: i32| {
        vec![End::Error { error: Value::error(message) }, End::Close { code: Value::number(errno) }]
    };
    match finish {
        Finish::Running => vec![],
        Finish::Unknown => vec![End::Silent],
        Finish::Exited { said: Some(said), .. } if in_container => started_not(said.clone(), 1),
        Finish::Exited { .. } | Finish::Signaled { .. } if in_container => vec![End::Close { code: Value::number(0) }],
        Finish::Exited { code, .. } => vec![End::Close { code: Value::number(code) }],
        Finish::Signaled { .. } => vec![End::Close { code: Value::Null }],
        // Node closes a child that never was with the negative error number.
        Finish::NoProgram { program } => started_not(format!("spawn {program} ENOENT"), -2),
        Finish::NotExecutable { program } => started_not(format!("spawn {program} EACCES"), -13),
        Finish::NoDirectory => started_not("spawn ENOENT".to_owned(), -2),
        Finish::Refused { message } => vec![End::Error { error: Value::error(message) }],
    }
}

/// What a reader of its callbacks should know.
pub(super) fn streaming(split: bool, in_container: bool, closed: bool) -> Vec<Rule> {
    let mut rules = Vec::new();
    if in_container {
        rules.push(read(
            "In a container callbacks get Uint8Arrays, in chunks whatever `splitOutputLines` says.",
            PODMAN,
        ));
        rules.push(read("`onClose` gets 0 in a container, whatever the exit code was.", PODMAN));
    } else if split {
        rules.push(read(
            "Only stdout is split into lines, and its last line is lost without its end; stderr comes in chunks.",
            PODMAN,
        ));
        rules.push(read("A line ends at `\\n`; a `\\r` before it stays.", PODMAN));
    }
    if closed {
        rules.push(read("`close()` has no effect there. What was stopped here would have gone on.", PODMAN));
    }
    rules
}

/// How output becomes callbacks.
pub(super) fn manner(split: bool, in_container: bool) -> Manner {
    let lines = split && !in_container;
    Manner {
        stdout: if lines { Pieces::Lines } else { Pieces::Chunks },
        stderr: Pieces::Chunks,
        ends: LineEnds::Lf,
        decoding: if in_container { Decoding::Bytes } else { Decoding::Joined },
        loses_last: true,
        silent_from: None,
    }
}

/// What a request gives.
pub(super) fn answered(answer: &Answer<'_>) -> (Delivery, Vec<Rule>) {
    let error = |message: String| Delivery::Rejected { value: Value::error(format!("{REQUEST}{message}")) };
    match answer {
        Answer::Pending => (Delivery::Pending, vec![]),
        Answer::Never => (Delivery::Never, vec![]),
        Answer::Whole { status: 200..=299 | 304, body, .. } => {
            let mut rules = vec![read(
                "The promise resolves with the body alone: JSON parsed where it is JSON, else text.",
                PODMAN,
            )];
            rules.extend(decoding(body, HttpClient::Got));
            (Delivery::Resolved { value: body.value() }, rules)
        }
        Answer::Whole { status: 401 | 403, .. } => (
            error("Unable to get access".to_owned()),
            vec![read("401 and 403 reject with one text; the body and the status are lost.", PODMAN)],
        ),
        Answer::Whole { status, reason, .. } => {
            let mut rules =
                vec![read("A status outside 2xx rejects with an Error that names it; the body is lost.", PODMAN)];
            if matches!(status, 408 | 413 | 429 | 500 | 502 | 503 | 504 | 521 | 522 | 524) {
                rules.push(inferred(
                    "All but POST and PATCH are tried up to two more times after this status; here they are not.",
                    "got's documents",
                ));
            } else if matches!(status, 300..=303 | 307 | 308) {
                rules.push(read("A redirect would be followed; here it is not.", GOT));
            }
            let known = || hyper::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            let words = if reason.is_empty() { known().unwrap_or_default() } else { reason };
            (error(format!("Response code {status} ({words})")), rules)
        }
        Answer::Withheld { words } => {
            (error(words.clone()), vec![read("What got can't decode, follow or parse rejects with an Error.", GOT)])
        }
        Answer::Failed { words, .. } => (
            error((*words).clone()),
            vec![read(
                "A connection that fails rejects with an Error; its text is all there is. Podman Desktop asks by a port, so the reason may differ.",
                PODMAN,
            )],
        ),
    }
}

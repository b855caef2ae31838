//! What code would have asked for a Call, and whether a Runtime would have done what was done.

use super::{PlannedAction, plan};
use crate::{
    call::{Act, Call},
    functions::SdkFunction,
    runtime::{Rule, Runtime, rules},
    sdk_call::{CliTarget, Data, SdkCall, SdkExec, SdkRequest},
};
use porthole_engine::target::{Host, Target};
use porthole_http::exchange::{Body, Exchange, Header, Request, target, urlencoded, without_additions};
use porthole_process::{Command, EnvMode, Place, Run};

/// What is shown of the address that a redirect leads to, in characters.
const LONGEST_ADDRESS: usize = 200;

/// What code asked for this Call, or what it would ask to get it.
pub(crate) fn asked_of(call: &Call) -> SdkCall {
    match (&call.sdk, &call.act) {
        (Some(sdk), Act::Run(run)) => match &sdk.asked {
            // What the target added is part of the surroundings, on each Runtime that has any.
            SdkCall::Exec(asked) if !sdk.runtime.is_podman() => SdkCall::Exec(SdkExec {
                cwd: run.command.cwd.clone(),
                env: if run.command.env.is_empty() { asked.env.clone() } else { run.command.env.clone() },
                ..asked.clone()
            }),
            asked => asked.clone(),
        },
        (Some(sdk), Act::Exchange(_)) => sdk.asked.clone(),
        (None, Act::Run(run)) => SdkCall::Exec(exec_of(&run.command)),
        (None, Act::Exchange(exchange)) => SdkCall::Request(request_of(&exchange.request)),
    }
}

fn exec_of(command: &Command) -> SdkExec {
    let (whose, container) = match &command.place {
        Place::Host => (CliTarget::Host, None),
        Place::Engine => (CliTarget::Docker, None),
        Place::Container { name } => (CliTarget::Vm, Some(name.clone())),
    };
    SdkExec {
        whose,
        cmd: command.program.clone(),
        args: command.args.clone(),
        line: false,
        cwd: command.cwd.clone(),
        env: command.env.clone(),
        stream: command.stream,
        container,
    }
}

fn request_of(request: &Request) -> SdkRequest {
    let data = match &request.body {
        Body::None | Body::File { .. } | Body::Multipart { .. } => None,
        Body::Form { fields } => {
            let text = urlencoded(fields);
            Some(Data { falsy: text.is_empty(), text, json: None, is_text: true })
        }
        Body::Text { text } => Some(Data { text: text.clone(), json: None, is_text: true, falsy: text.is_empty() }),
        Body::Json { text } => {
            let object = text.trim_start().starts_with('{');
            let text_of = if object { "[object Object]" } else { text.trim() };
            let falsy = matches!(text.trim(), "0" | "false" | "null" | "\"\"");
            Some(Data { text: text_of.to_owned(), json: Some(text.clone()), is_text: false, falsy })
        }
    };
    let mut headers = request.headers.clone();
    // Code has to say this itself: what it passes is a string.
    if let (Body::Form { .. }, Some(value)) = (&request.body, request.body.content_type())
        && !headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type"))
    {
        headers.insert(0, Header { name: "Content-Type".into(), value: value.into() });
    }
    SdkRequest {
        method: request.method.clone(),
        url: target(request).unwrap_or_else(|_| request.path.clone()),
        // A caller that sends no headers has a method of that name.
        named: headers.is_empty(),
        headers,
        data,
    }
}

/// Whether a Runtime that does `does` would have done what was done. Its own Call is what it did.
pub(crate) fn as_run(call: &Call, does: &PlannedAction, runtime: Runtime) -> bool {
    if call.sdk.as_ref().is_some_and(|sdk| sdk.runtime == runtime) {
        return true;
    }
    match (does, &call.act) {
        (PlannedAction::Command { command }, Act::Run(Run { command: ran, .. })) => {
            // No code can send these.
            ran.user.is_none()
                && ran.stdin.is_none()
                && (command.env_mode == ran.env_mode || ran.env.is_empty() && ran.env_mode == EnvMode::Add)
                && command.place == ran.place
                && (&command.program, &command.args) == (&ran.program, &ran.args)
                && (&command.cwd, &command.env) == (&ran.cwd, &ran.env)
        }
        (
            PlannedAction::Request { request } | PlannedAction::Engine { request },
            Act::Exchange(Exchange { request: sent, .. }),
        ) => {
            request.method == sent.method
                && leads_to(request, sent)
                && without_additions(&request.headers).eq(without_additions(&sent.headers))
                && request.body == sent.body
                && unfollowed(call, runtime).is_none()
                && !followed_here(call)
        }
        _ => false,
    }
}

/// Whether two requests have the same path and query on the wire.
fn leads_to(request: &Request, sent: &Request) -> bool {
    (&request.path, &request.query) == (&sent.path, &sent.query) || target(request).ok() == target(sent).ok()
}

/// Whether Porthole followed redirects by *Follow redirects*, which no runtime's client does by itself.
fn followed_here(call: &Call) -> bool {
    matches!(&call.act, Act::Exchange(Exchange { request, redirects, .. }) if request.client.is_none() && !redirects.is_empty())
}

/// Where a response redirects to, if the runtime's client follows it and Porthole didn't.
fn unfollowed(call: &Call, runtime: Runtime) -> Option<&str> {
    let Act::Exchange(Exchange { request, response: Some(response), .. }) = &call.act else { return None };
    let client = runtime.behavior().client().filter(|client| request.client != Some(*client))?;
    response.head.header("location").filter(|_| client.redirects(response.status))
}

/// What a Runtime would have done otherwise, where no rule of its plan says so.
pub(crate) fn difference(call: &Call, does: &PlannedAction, runtime: Runtime) -> Option<Rule> {
    if let Some(to) = unfollowed(call, runtime) {
        let to: String = to.chars().take(LONGEST_ADDRESS).collect();
        let text = format!("It would follow the redirect to `{to}`, so your code gets a different response.");
        return Some(rules::inferred(text, rules::NOTHING));
    }
    let text = match (does, &call.act) {
        (PlannedAction::Request { .. } | PlannedAction::Engine { .. }, _) if followed_here(call) => {
            "Porthole followed the redirects. Send the request without Follow redirects to see what your code gets."
                .to_owned()
        }
        (
            PlannedAction::Request { request } | PlannedAction::Engine { request },
            Act::Exchange(Exchange { request: sent, .. }),
        ) => {
            let would: Vec<_> = without_additions(&request.headers).collect();
            let did: Vec<_> = without_additions(&sent.headers).collect();
            let of = |header: &Header| format!("`{}: {}`", header.name, header.value);
            if (&request.method, target(request).ok()) != (&sent.method, target(sent).ok()) {
                format!("It would send `{} {}`.", request.method, request.path)
            } else if matches!(sent.body, Body::File { .. } | Body::Multipart { .. }) {
                "Code can send strings and objects, not files.".to_owned()
            } else if request.body != sent.body {
                "It would send a different body.".to_owned()
            } else if let Some(added) = would.iter().find(|header| !did.contains(header)) {
                format!("It would send the header {}.", of(added))
            } else if let Some(dropped) = did.iter().find(|header| !would.contains(header)) {
                format!("It would not send the header {}.", of(dropped))
            } else {
                "It would send the headers in a different order.".to_owned()
            }
        }
        (PlannedAction::Command { .. }, Act::Run(Run { command: Command { stdin: Some(_), .. }, .. })) => {
            "Code can't give a command any input.".to_owned()
        }
        (PlannedAction::Command { .. }, Act::Run(_)) => "It would start a different command.".to_owned(),
        _ => return None,
    };
    Some(rules::inferred(text, rules::NOTHING))
}

/// The folder in which Rancher Desktop found a Call's program.
fn bin_of(call: &Call, asked: &SdkCall) -> Option<String> {
    let (SdkCall::Exec(asked), Act::Run(run), Some(sdk)) = (asked, &call.act, &call.sdk) else { return None };
    let on_host = sdk.runtime == Runtime::RancherDesktop && asked.whose == CliTarget::Host;
    let folder = run.command.program.strip_suffix(asked.cmd.trim_start_matches('/'))?;
    Some(folder.trim_end_matches('/').to_owned()).filter(|folder| on_host && !folder.is_empty())
}

/// What a runtime does for this call if it doesn't have the function that was called.
pub(crate) fn missing(call: &Call, runtime: Runtime) -> Option<super::Plan> {
    let sdk = call.sdk.as_ref().filter(|sdk| sdk.runtime != runtime)?;
    plan::absent(SdkFunction::of_call(sdk)?, runtime)
}

/// The plan of a Runtime for what a Call asked, where nothing is known of the target but what the
/// Call shows.
pub(crate) fn planned(call: &Call, asked: &SdkCall, runtime: Runtime) -> super::Plan {
    if let Some(absent) = missing(call, runtime) {
        return absent;
    }
    let container = match &call.act {
        Act::Run(Run { command: Command { place: Place::Container { name }, .. }, .. }) => Some(name.clone()),
        _ => None,
    };
    let host = Host { bin: bin_of(call, asked), ..Host::default() };
    plan::plan(asked, runtime, &Target { container, host, ..Target::demo() })
}

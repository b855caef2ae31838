//! What a call acts on, and what that needs.

use porthole_base::error::{Code, Error};
use porthole_engine::{EngineEnvironment, sockets::is_engine};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Engines, Request},
};
use porthole_sdk::permission::{CallKind, Permission};
use porthole_sdk::{
    call::Origin,
    sdk_call::{CliTarget, SdkCall, SdkExec},
    sdk_result::{Plan, PlannedAction},
};
use porthole_timeline::inspect::ResolvedAction;

/// What a planned call acts on. `endpoint` is where a request of it goes.
pub(super) fn kind_of(asked: &SdkCall, plan: &Plan, endpoint: Option<&Endpoint>, origin: Origin) -> CallKind {
    match (asked, &plan.does) {
        (SdkCall::Request(_), PlannedAction::Request { request }) if needs_engine(request, endpoint, origin) => {
            CallKind::Engine
        }
        (SdkCall::Request(_), _) => CallKind::Service,
        (SdkCall::List(_), _) => CallKind::Docker,
        // To the user who uses the console, both start a program on this machine.
        (SdkCall::Exec(_), _) if plan.on_host && origin != Origin::Page => CallKind::Host,
        (SdkCall::Exec(SdkExec { whose: CliTarget::Docker, .. }), _) => CallKind::Docker,
        (SdkCall::Exec(SdkExec { whose: CliTarget::Host, .. }), _) => CallKind::Host,
        // Any container of the engine can be named, not only the backend's.
        (SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: Some(_), .. }), _) => CallKind::Docker,
        // Beside a backend that is a process of this machine, its container is this machine.
        (SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: None, .. }), _) if plan.on_host => CallKind::Host,
        (SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: None, .. }), _) => CallKind::Container,
    }
}

/// Whether a request goes to an engine and needs a prompt for that. What reads is left to the user of the console; a page
/// has no business there at all.
fn needs_engine(request: &Request, endpoint: Option<&Endpoint>, origin: Origin) -> bool {
    if is_read(request) && origin != Origin::Page {
        return false;
    }
    endpoint.is_some_and(|endpoint| is_engine(endpoint, &EngineEnvironment::of_this_process()))
}

fn is_read(request: &Request) -> bool {
    request.method.eq_ignore_ascii_case("GET") || request.method.eq_ignore_ascii_case("HEAD")
}

/// Whether a planned request may reach an engine all the same: one that was planned for a backend must not.
pub(super) fn engines_for(kind: CallKind, planned: &ResolvedAction, origin: Origin) -> Engines {
    let ResolvedAction::Request { request, .. } = planned else { return Engines::Allowed };
    let is_refused = kind == CallKind::Service && (origin == Origin::Page || !is_read(request));
    if is_refused { Engines::Refused } else { Engines::Allowed }
}

/// What acts on nothing needs no prompt. What is only recorded, is in a mock as well.
pub(super) fn in_mock(permission: Permission) -> Permission {
    if permission == Permission::Ask { Permission::Allow } else { permission }
}

/// Whether a call runs in the container of the extension's own backend.
pub(super) fn acts_in_own_container(asked: &SdkCall) -> bool {
    matches!(asked, SdkCall::Exec(SdkExec { whose: CliTarget::Vm, container: None, .. }))
}

/// Why a call is only recorded, in the words that the code gets.
pub(super) fn recorded_only(kind: CallKind) -> Error {
    Error::new(Code::RecordedOnly, format!("Not run: Porthole only records {} of this extension", calls(kind)))
}

/// Why a call was denied, in the words that the code gets.
pub(super) fn denied(kind: CallKind) -> Error {
    let what = match kind {
        CallKind::Service => "this request to the backend",
        CallKind::Container => "this command in the container",
        CallKind::Host => "this host command",
        CallKind::Docker => "this docker command",
        CallKind::Engine => "this request to the engine",
    };
    Error::new(Code::NotAllowed, format!("Not run: you didn't allow {what}"))
}

fn calls(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Service => "requests to the backend",
        CallKind::Container => "commands in the container",
        CallKind::Host => "host commands",
        CallKind::Docker => "docker commands",
        CallKind::Engine => "requests to the engine",
    }
}

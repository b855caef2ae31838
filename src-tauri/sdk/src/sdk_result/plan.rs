//! What a runtime makes of a call, before anything happens.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{Plan, PlannedAction, SdkOutcome, Value};
use crate::{
    functions::SdkFunction,
    runtime::{Rule, Runtime, rules::*},
    sdk_call::{CliTarget, Data, EngineList, SdkCall, SdkExec, SdkList, SdkRequest},
};
use porthole_engine::{FROM_ENVIRONMENT, target::Target};
use porthole_http::exchange::{Body, Param, Request};
use porthole_process::{Command, EnvVar, Place};

/// What a Runtime does when code asks for this, with the target in the extension's place.
pub fn plan(asked: &SdkCall, runtime: Runtime, target: &Target) -> Plan {
    let behavior = runtime.behavior();
    let (mut does, mut rules) = match asked {
        SdkCall::Request(asked) => behavior.request(asked),
        SdkCall::Exec(asked) => match SdkFunction::of_line(asked).and_then(|function| absent(function, runtime)) {
            Some(absent) => return absent,
            None => behavior.exec(asked, target),
        },
        SdkCall::List(asked) => list(asked, behavior.lists()),
    };
    if let (SdkCall::Exec(SdkExec { whose: CliTarget::Docker, .. }), PlannedAction::Command { command }, Some(engine)) =
        (asked, &mut does, &target.engine)
    {
        command.env.splice(0..0, engine_for_docker(engine));
        rules.push(inferred(
            "The docker program uses the target's engine, set through its environment variables.",
            NOTHING,
        ));
    }
    rules.truncate(AT_MOST);
    let on_host = matches!(&does, PlannedAction::Command { command } if command.place == Place::Host);
    Plan { does, rules, on_host }
}

/// A call that rejects before anything is sent.
pub(crate) fn rejects(value: Value) -> PlannedAction {
    PlannedAction::Refuses { outcome: SdkOutcome::Rejected { value } }
}

/// What in a url a path may not hold: the page's own `URL` encodes the same.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// Where a url points.
pub(crate) struct Pointed<'a> {
    /// It names its own server.
    pub absolute: bool,
    /// It begins with no slash.
    pub bare: bool,
    path: &'a str,
}

/// A url taken apart as far as a request to a backend needs it.
pub(crate) fn pointed(url: &str) -> Pointed<'_> {
    let url = url.split('#').next().unwrap_or_default();
    match url.split_once("://") {
        Some((scheme, rest)) if !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
            Pointed { absolute: true, bare: false, path }
        }
        _ => Pointed { absolute: false, bare: !url.starts_with('/'), path: url },
    }
}

impl Pointed<'_> {
    /// As written on a request line.
    pub fn path(&self) -> String {
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        format!("{slash}{}", utf8_percent_encode(self.path, UNSAFE))
    }
}

/// The request, but for its body.
pub(crate) fn bodiless(asked: &SdkRequest, place: &Pointed<'_>) -> Request {
    Request { headers: asked.headers.clone(), ..Request::new(asked.method.as_str(), place.path()) }
}

/// The value as JSON text; `String(value)` where there is none.
pub(crate) fn json(data: &Data) -> Body {
    let quoted = || serde_json::to_string(&data.text).unwrap_or_else(|_| data.text.clone());
    let text = match &data.json {
        Some(json) => json.clone(),
        None if data.is_text => quoted(),
        None => data.text.clone(),
    };
    Body::Json { text }
}

/// The container that code means, by name or id; empty when the target has none. Beside a backend that is a process of
/// this machine, this machine.
pub fn container(asked: &SdkExec, target: &Target) -> Place {
    if target.native && asked.container.is_none() {
        return Place::Host;
    }
    Place::Container { name: asked.container.clone().or_else(|| target.container.clone()).unwrap_or_default() }
}

/// The command without any shell: the `docker` program before the words where it is that one.
pub(crate) fn plain(asked: &SdkExec, place: Place, cmd: String, args: Vec<String>) -> Command {
    let mut command = match asked.whose {
        CliTarget::Docker => Command::new(place, "docker", [cmd].into_iter().chain(args)),
        CliTarget::Vm | CliTarget::Host => Command::new(place, cmd, args),
    };
    command.stream = asked.stream;
    command
}

/// The line that Node makes of a command and its arguments for a shell: joined by a space, with
/// nothing quoted.
pub(crate) fn joined(asked: &SdkExec) -> String {
    let docker = (asked.whose == CliTarget::Docker).then_some("docker");
    let words = [asked.cmd.as_str()].into_iter().chain(asked.args.iter().map(String::as_str));
    docker.into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

/// A line for this system's shell, as Node hands it over.
pub(crate) fn in_shell(asked: &SdkExec) -> Command {
    let line = joined(asked);
    let mut command = if cfg!(windows) {
        Command::new(Place::Host, "cmd.exe", ["/d", "/s", "/c", line.as_str()])
    } else {
        Command::new(Place::Host, "/bin/sh", ["-c", line.as_str()])
    };
    command.stream = asked.stream;
    command
}

/// Whether a shell would do more with a line than split it.
pub(crate) fn acts(line: &str) -> bool {
    line.contains(['|', '&', ';', '<', '>', '(', ')', '$', '`', '*', '?', '~', '\n'])
}

/// What a runtime does that doesn't have the function: the call throws.
pub(crate) fn absent(function: &SdkFunction, runtime: Runtime) -> Option<Plan> {
    let from = runtime.behavior().deprecated_functions().err()?;
    let value = Value::error_of("TypeError", function.missing_on(runtime)?);
    let rule = read(format!("{runtime} doesn't have the deprecated functions, so calling one throws."), from);
    let does = PlannedAction::Refuses { outcome: SdkOutcome::Thrown { value } };
    Some(Plan { does, rules: vec![rule], on_host: false })
}

/// What sends the docker program to the engine of a context. `DOCKER_HOST` would win over it, and an empty one counts as
/// none.
fn engine_for_docker(context: &str) -> Vec<EnvVar> {
    let var = |name: &str, value: &str| EnvVar { name: name.to_owned(), value: value.to_owned() };
    match context {
        FROM_ENVIRONMENT => Vec::new(),
        address if address.contains("://") => vec![var("DOCKER_CONTEXT", ""), var("DOCKER_HOST", address)],
        _ => vec![var("DOCKER_HOST", ""), var("DOCKER_CONTEXT", context)],
    }
}

/// A list of the engine, with the options as the engine's own parameters.
fn list(asked: &SdkList, rule: Rule) -> (PlannedAction, Vec<Rule>) {
    let path = match asked.what {
        EngineList::Containers => "/containers/json",
        EngineList::Images => "/images/json",
    };
    let query = asked.options.as_deref().map(parameters).unwrap_or_default();
    let request = Request { query, ..Request::new("GET", path) };
    (PlannedAction::Engine { request }, vec![rule])
}

/// The properties of an options object as query parameters, in their order: texts as they are,
/// numbers and booleans as written, objects as JSON. `null` says nothing.
fn parameters(options: &str) -> Vec<Param> {
    use serde_json::value::RawValue;

    struct Properties(Vec<(String, Box<RawValue>)>);

    impl<'de> serde::Deserialize<'de> for Properties {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct InOrder;
            impl<'de> serde::de::Visitor<'de> for InOrder {
                type Value = Properties;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
                    let mut properties = Vec::new();
                    while let Some(property) = map.next_entry()? {
                        properties.push(property);
                    }
                    Ok(Properties(properties))
                }
            }
            deserializer.deserialize_map(InOrder)
        }
    }

    // Whatever is no object has no properties.
    let properties = serde_json::from_str(options).map_or_else(|_| Vec::new(), |Properties(properties)| properties);
    let stated = properties.into_iter().filter(|(_, value)| value.get() != "null");
    stated
        .map(|(name, value)| {
            let text = serde_json::from_str::<String>(value.get());
            Param { name, value: text.unwrap_or_else(|_| value.get().to_owned()) }
        })
        .collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

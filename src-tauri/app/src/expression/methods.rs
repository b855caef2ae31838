//! The functions of `ddClient`, and the call that each makes of its arguments. `ui/src/sdk` does the same in the console.

use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::Header;
use porthole_process::{EnvVar, Streaming};
use porthole_sdk::{
    runtime::Runtime,
    sdk_call::{CliTarget, EngineList, SdkCall, SdkExec, SdkList, SdkRequest},
};

use super::value::{UNDEFINED, Value};

/// What a function does.
#[derive(Clone, Copy)]
pub(super) enum Method {
    /// A named method of the service, with whether it sends a body.
    Named(&'static str, bool),
    Request,
    Exec(CliTarget),
    /// A deprecated one that takes a command line.
    Line(CliTarget),
    Spawn(CliTarget),
    ExecInContainer,
    List(EngineList),
}

/// Each function with its name after `ddClient.`.
const METHODS: &[(&str, Method)] = &[
    ("extension.vm.cli.exec", Method::Exec(CliTarget::Vm)),
    ("extension.host.cli.exec", Method::Exec(CliTarget::Host)),
    ("docker.cli.exec", Method::Exec(CliTarget::Docker)),
    ("docker.listContainers", Method::List(EngineList::Containers)),
    ("docker.listImages", Method::List(EngineList::Images)),
    ("listContainers", Method::List(EngineList::Containers)),
    ("listImages", Method::List(EngineList::Images)),
    ("backend.execInContainer", Method::ExecInContainer),
    ("backend.execInVMExtension", Method::Line(CliTarget::Vm)),
    ("backend.spawnInVMExtension", Method::Spawn(CliTarget::Vm)),
    ("spawnInVMExtension", Method::Spawn(CliTarget::Vm)),
    ("execHostCmd", Method::Line(CliTarget::Host)),
    ("spawnHostCmd", Method::Spawn(CliTarget::Host)),
    ("execDockerCmd", Method::Line(CliTarget::Docker)),
    ("spawnDockerCmd", Method::Spawn(CliTarget::Docker)),
];

/// The methods of `extension.vm.service`, which the deprecated `backend` has too.
const SERVICE: &[(&str, Method)] = &[
    ("get", Method::Named("GET", false)),
    ("post", Method::Named("POST", true)),
    ("put", Method::Named("PUT", true)),
    ("patch", Method::Named("PATCH", true)),
    ("delete", Method::Named("DELETE", false)),
    ("head", Method::Named("HEAD", false)),
    ("request", Method::Request),
];

/// # Errors
/// [`Code::PasteUnknown`] if this isn't a function that sends or starts something.
pub(super) fn find(function: &str) -> Result<Method> {
    let of_service = function.strip_prefix("extension.vm.service.").or_else(|| function.strip_prefix("backend."));
    let in_table = |table: &[(&str, Method)], name: &str| {
        table.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    };
    in_table(METHODS, function).or_else(|| in_table(SERVICE, of_service?)).ok_or_else(|| {
        Error::new(Code::PasteUnknown, format!("Unknown function: ddClient.{function}"))
            .hint("Only calls that send a request, run a command or list containers and images can be made here.")
    })
}

/// The call that a function makes.
pub(super) fn asked(function: &str, arguments: &[Value], runtime: Runtime) -> Result<SdkCall> {
    let argument = |index: usize| arguments.get(index).unwrap_or(&UNDEFINED);
    Ok(match find(function)? {
        Method::Named(name, sends) => SdkCall::Request(SdkRequest {
            method: name.to_owned(),
            url: argument(0).text(),
            headers: Vec::new(),
            named: true,
            data: if sends { argument(1).data() } else { None },
        }),
        Method::Request => SdkCall::Request(request(argument(0))),
        Method::Exec(whose) => SdkCall::Exec(exec(whose, argument(0), argument(1), argument(2), runtime)?),
        Method::Line(whose) => {
            let args: Vec<String> = match whose {
                CliTarget::Docker => arguments.iter().skip(1).map(Value::text).collect(),
                CliTarget::Vm | CliTarget::Host => Vec::new(),
            };
            // With arguments the first is one too; alone it may be the whole line.
            let line = args.is_empty();
            SdkCall::Exec(SdkExec { args, line, ..command(whose, &line_of(function, argument(0))?) })
        }
        Method::ExecInContainer => SdkCall::Exec(SdkExec {
            line: true,
            container: Some(argument(0).text()),
            ..command(CliTarget::Vm, &line_of(function, argument(1))?)
        }),
        Method::Spawn(whose) => SdkCall::Exec(SdkExec {
            args: texts(argument(1)),
            stream: Some(Streaming { split_lines: false }),
            ..command(whose, &argument(0).text())
        }),
        Method::List(what) => {
            let options = argument(0);
            SdkCall::List(SdkList { what, options: if *options == Value::Null { None } else { options.json() } })
        }
    })
}

fn request(config: &Value) -> SdkRequest {
    let or = |name: &str, default: &str| match config.get(name) {
        Value::Undefined | Value::Null => default.to_owned(),
        value => value.text(),
    };
    let header = |(name, value): &(String, Value)| Header { name: name.clone(), value: value.text() };
    SdkRequest {
        method: or("method", "GET"),
        url: or("url", ""),
        headers: config.get("headers").properties().iter().map(header).collect(),
        named: false,
        data: config.get("data").data(),
    }
}

fn exec(whose: CliTarget, cmd: &Value, args: &Value, options: &Value, runtime: Runtime) -> Result<SdkExec> {
    let Value::Text(program) = cmd else { return Err(wrong("cmd", "string", cmd)) };
    let Value::Array(items) = args else { return Err(wrong("args", "array", args)) };
    if runtime == Runtime::RancherDesktop {
        check_texts(items, options)?;
    }
    let env = options.get("env").properties().iter().filter(|(_, value)| *value != Value::Undefined);
    let streams = options.property("stream").filter(|stream| {
        // Rancher Desktop asks whether it is there, the others whether it is something.
        stream.is_truthy() || runtime == Runtime::RancherDesktop
    });
    Ok(SdkExec {
        args: texts(args),
        cwd: Some(options.get("cwd")).filter(|cwd| cwd.is_truthy()).map(Value::text),
        env: env.map(|(name, value)| EnvVar { name: name.clone(), value: value.text() }).collect(),
        stream: streams.map(|stream| Streaming { split_lines: stream.get("splitOutputLines").is_truthy() }),
        ..command(whose, program)
    })
}

/// What Rancher Desktop's client checks before it calls anything.
fn check_texts(args: &[Value], options: &Value) -> Result<()> {
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    if let Some((index, odd)) = args.iter().enumerate().find(|(_, arg)| !is_text(arg)) {
        return Err(wrong(&format!("args[{index}]"), "string", odd));
    }
    let cwd = options.get("cwd");
    if *cwd != Value::Undefined && !is_text(cwd) {
        return Err(wrong("options.cwd", "string", cwd));
    }
    let odd = options.get("env").properties().iter().find(|(_, value)| *value != Value::Undefined && !is_text(value));
    odd.map_or(Ok(()), |(name, value)| Err(wrong(&format!("options.env.{name}"), "string", value)))
}

fn command(whose: CliTarget, cmd: &str) -> SdkExec {
    SdkExec {
        whose,
        cmd: cmd.to_owned(),
        args: Vec::new(),
        line: false,
        cwd: None,
        env: Vec::new(),
        stream: None,
        container: None,
    }
}

fn line_of(function: &str, cmd: &Value) -> Result<String> {
    match cmd {
        Value::Text(line) => Ok(line.clone()),
        _ => Err(refused(format!("ddClient.{function} takes a command line as text."))),
    }
}

/// `Array.from(value, String)`
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(Value::text).collect(),
        Value::Text(text) => text.chars().map(String::from).collect(),
        _ => Vec::new(),
    }
}

fn wrong(name: &str, wanted: &str, value: &Value) -> Error {
    refused(format!("The \"{name}\" argument must be of type {wanted}. Received {}", value.received()))
}

fn refused(message: String) -> Error {
    Error::new(Code::RuntimeRefuses, message)
}

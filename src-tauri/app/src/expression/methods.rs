//! The call that each function of `ddClient` makes of literal arguments, by the table that `ui/src/sdk` is built from too.

use porthole_base::error::{Code, Error, Result};
use porthole_http::exchange::Header;
use porthole_process::{EnvVar, Streaming};
use porthole_sdk::{
    functions::{ARGUMENT_CHECKS, ArgumentCheck, ArgumentType, NOT_A_LINE, SdkFunction, Signature, wrong_type},
    runtime::Runtime,
    sdk_call::{CliTarget, SdkCall, SdkExec, SdkList, SdkRequest},
};

use super::value::{UNDEFINED, Value};

/// # Errors
/// [`Code::PasteUnknown`] if this isn't a function that sends or starts something.
pub(super) fn find(path: &str) -> Result<&'static SdkFunction> {
    SdkFunction::at(path).ok_or_else(|| {
        Error::new(Code::PasteUnknown, format!("Unknown function: ddClient.{path}"))
            .hint("Only calls that send a request, run a command or list containers and images can be made here.")
    })
}

/// The call that a function makes.
pub(super) fn asked(function: &SdkFunction, arguments: &[Value], runtime: Runtime) -> Result<SdkCall> {
    let argument = |index: usize| arguments.get(index).unwrap_or(&UNDEFINED);
    Ok(match function.signature {
        Signature::Method { method, data } => SdkCall::Request(SdkRequest {
            method: method.to_owned(),
            url: argument(0).text(),
            headers: Vec::new(),
            named: true,
            data: if data { argument(1).data() } else { None },
        }),
        Signature::Request => SdkCall::Request(request(argument(0))),
        Signature::Exec { whose } => SdkCall::Exec(exec(whose, [argument(0), argument(1), argument(2)], runtime)?),
        Signature::Line { whose, container, rest } => {
            let (container, first) = if container { (Some(argument(0).text()), 1) } else { (None, 0) };
            let args: Vec<String> =
                if rest { arguments.iter().skip(first + 1).map(Value::text).collect() } else { Vec::new() };
            // With arguments the first is one too; alone it may be the whole line.
            let line = args.is_empty();
            SdkCall::Exec(SdkExec { args, line, container, ..command(whose, &line_of(function, argument(first))?) })
        }
        Signature::Spawn { whose } => SdkCall::Exec(SdkExec {
            args: texts(argument(1)),
            stream: Some(Streaming { split_lines: false }),
            ..command(whose, &argument(0).text())
        }),
        Signature::List { what } => {
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

fn exec(whose: CliTarget, [cmd, args, options]: [&Value; 3], runtime: Runtime) -> Result<SdkExec> {
    let rules = runtime.argument_rules();
    for check in ARGUMENT_CHECKS.iter().filter(|check| rules.checked || !check.strict) {
        check_argument(check, [cmd, args, options])?;
    }
    let env = options.get("env").properties().iter().filter(|(_, value)| *value != Value::Undefined);
    let streams = options.property("stream").filter(|stream| rules.stream_if_present || stream.is_truthy());
    Ok(SdkExec {
        args: texts(args),
        cwd: Some(options.get("cwd")).filter(|cwd| cwd.is_truthy()).map(Value::text),
        env: env.map(|(name, value)| EnvVar { name: name.clone(), value: value.text() }).collect(),
        stream: streams.map(|stream| Streaming { split_lines: stream.get("splitOutputLines").is_truthy() }),
        ..command(whose, &cmd.text())
    })
}

fn check_argument(check: &ArgumentCheck, [cmd, args, options]: [&Value; 3]) -> Result<()> {
    let argument = match check.path.first() {
        Some(&"cmd") => cmd,
        Some(&"args") => args,
        _ => options,
    };
    let value = check.path.iter().skip(1).fold(argument, |value, part| value.get(part));
    let name = check.path.join(".");
    let is_wrong = |value: &Value| {
        let fits = match check.wanted {
            ArgumentType::String => matches!(value, Value::Text(_)),
            ArgumentType::Array => matches!(value, Value::Array(_)),
            ArgumentType::Object => matches!(value, Value::Array(_) | Value::Object(_)),
        };
        !(fits || check.optional && *value == Value::Undefined)
    };
    let wrong = match value {
        value if !check.each => Some((name, value)).filter(|(_, value)| is_wrong(value)),
        Value::Array(items) => {
            let wrong = items.iter().enumerate().find(|(_, item)| is_wrong(item));
            wrong.map(|(index, item)| (format!("{name}[{index}]"), item))
        }
        value => {
            let wrong = value.properties().iter().find(|(_, value)| is_wrong(value));
            wrong.map(|(property, value)| (format!("{name}.{property}"), value))
        }
    };
    wrong.map_or(Ok(()), |(name, value)| Err(refused(wrong_type(&name, check.wanted, value.received()))))
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

fn line_of(function: &SdkFunction, cmd: &Value) -> Result<String> {
    match cmd {
        Value::Text(line) => Ok(line.clone()),
        _ => Err(refused(NOT_A_LINE.replace("{function}", &format!("ddClient.{}", function.path)))),
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

fn refused(message: String) -> Error {
    Error::new(Code::RuntimeRefuses, message)
}

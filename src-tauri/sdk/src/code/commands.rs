//! A command as code on `ddClient`, current and deprecated.

use super::{
    Form, FormKind,
    javascript::{array, inner, object, string},
    quote::posix_word,
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::Target;

use porthole_process::{Command, EnvMode, Place, Streaming};

/// What Porthole itself refuses to run.
///
/// # Errors
/// [`Code::CommandInvalid`], [`Code::CwdInvalid`].
pub fn check(command: &Command) -> Result<()> {
    porthole_process::check(command)?;
    let invalid = |message: &str| Err(Error::new(Code::CommandInvalid, message));
    match command.place {
        Place::Host if command.user.is_some() => invalid("Host commands run as the user who runs Porthole"),
        Place::Host if command.cwd.as_ref().is_some_and(|cwd| !is_absolute(cwd)) => {
            Err(Error::new(Code::CwdInvalid, "The working directory isn't an absolute path"))
        }
        Place::Container { ref name } if name.is_empty() || name.contains('\0') => {
            invalid("The target has no container")
        }
        Place::Container { .. } if command.env_mode == EnvMode::Replace => {
            invalid("An engine can only add to a container's environment, not replace it")
        }
        _ => Ok(()),
    }
}

fn is_absolute(path: &str) -> bool {
    std::path::Path::new(path).is_absolute()
}

/// `exec` of the current API.
pub(super) fn current(command: &Command, target: &Target) -> Form {
    if command.stdin.is_some() {
        return Form::unsayable(FormKind::Current, NO_STDIN);
    }
    let (place, mut notes) = match &command.place {
        Place::Host | Place::Engine => ("ddClient.extension.host.cli", Vec::new()),
        Place::Container { name } => match backend(name, target) {
            Backend::Itself => ("ddClient.extension.vm.cli", Vec::new()),
            Backend::Unknown => ("ddClient.extension.vm.cli", vec![unknown_backend(name)]),
            Backend::Another => return Form::unsayable(FormKind::Current, another(name)),
        },
    };
    let mut options = Vec::new();
    if let Some(cwd) = &command.cwd {
        options.push(("cwd".to_owned(), string(cwd)));
    }
    if !command.env.is_empty() {
        options.push(("env".to_owned(), object(&variables(command))));
    }
    if let Some(stream) = command.stream {
        options.push(("stream".to_owned(), callbacks(stream)));
    }
    notes.extend(unsaid(command));
    let mut arguments = vec![string(&command.program), arguments(command)];
    if !options.is_empty() {
        arguments.push(object(&options));
    }
    let call = format!("{place}.exec({});", arguments.join(", "));
    let text = match command.stream {
        None => format!("const result = await {call}"),
        Some(_) => format!("const running = {call}\n// running.close() stops it."),
    };
    Form { kind: FormKind::Current, text, notes }
}

/// `exec…` and `spawn…` of the deprecated API.
pub(super) fn deprecated(command: &Command, target: &Target) -> Form {
    let kind = FormKind::Deprecated;
    if command.stdin.is_some() {
        return Form::unsayable(kind, NO_STDIN);
    }
    let mut notes = Vec::new();
    let backend = match &command.place {
        Place::Host | Place::Engine => None,
        Place::Container { name } => Some((name, backend(name, target))),
    };
    if let Some((name, Backend::Unknown)) = &backend {
        notes.push(unknown_backend(name));
    }
    if command.cwd.is_some() || !command.env.is_empty() {
        notes.push("The deprecated API doesn't support a working directory or variables; they are left out.".into());
    }
    notes.extend(unsaid(command));
    let text = match command.stream {
        None => {
            let words: Vec<&str> = [&command.program].into_iter().chain(&command.args).map(String::as_str).collect();
            let line = words.iter().map(|word| posix_word(word)).collect::<Vec<_>>().join(" ");
            if line != words.join(" ") {
                let note = "How the string is split into arguments isn't documented. It is quoted for a POSIX shell.";
                notes.push(note.into());
            }
            let line = string(&line);
            let call = match backend {
                None => format!("window.ddClient.execHostCmd({line})"),
                Some((name, Backend::Another)) => {
                    format!("window.ddClient.backend.execInContainer({}, {line})", string(name))
                }
                Some(_) => format!("window.ddClient.backend.execInVMExtension({line})"),
            };
            format!("const result = await {call};")
        }
        Some(stream) => {
            let function = match backend {
                None => "window.ddClient.spawnHostCmd",
                Some((name, Backend::Another)) => return Form::unsayable(kind, another(name)),
                Some(_) => "window.ddClient.backend.spawnInVMExtension",
            };
            if stream.split_lines {
                notes.push("The deprecated API doesn't split lines: chunks can end anywhere.".into());
            }
            format!("{function}({}, {}, {SPAWN});", string(&command.program), arguments(command))
        }
    };
    Form { kind, text, notes }
}

const NO_STDIN: &str =
    "Not available as code: ddClient can't give a command standard input. Pass the data as an argument or in a file.";

/// `data.code` is there in the last call only, and 0 is a code.
const SPAWN: &str = r#"(data, error) => {
  if (error) console.error(error);
  if (data?.stdout !== undefined) console.log(data.stdout);
  if (data?.stderr !== undefined) console.error(data.stderr);
  if (data?.code !== undefined) console.log("exit code", data.code);
}"#;

fn arguments(command: &Command) -> String {
    array(&command.args.iter().map(|arg| string(arg)).collect::<Vec<_>>())
}

/// The last of each name, as it is in an environment.
fn variables(command: &Command) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for var in &command.env {
        variables.retain(|(name, _)| *name != var.name);
        variables.push((var.name.clone(), string(&var.value)));
    }
    variables
}

fn callbacks(stream: Streaming) -> String {
    let split = stream.split_lines;
    let source = format!(
        r#"{{
onOutput(data) {{
  if (data.stdout !== undefined) console.log(data.stdout);
  else console.error(data.stderr);
}},
onError(error) {{
  console.error(error);
}},
onClose(exitCode) {{
  console.log("exit code", exitCode);
}},
splitOutputLines: {split},"#
    );
    format!("{}\n}}", inner(&source))
}

/// Whether a container is the one that the SDK runs commands in.
enum Backend {
    Itself,
    Another,
    /// The target names none.
    Unknown,
}

fn backend(name: &str, target: &Target) -> Backend {
    match &target.container {
        None => Backend::Unknown,
        Some(own) if own == name => Backend::Itself,
        Some(_) => Backend::Another,
    }
}

fn unknown_backend(name: &str) -> String {
    format!("It runs in the container of the extension's first service. Porthole doesn't know whether that is {name}.")
}

fn another(name: &str) -> String {
    format!("The SDK runs commands only in the backend's container, and {name} is a different one.")
}

/// What is composed and cannot be said in any of these calls.
fn unsaid(command: &Command) -> Vec<String> {
    let user = command.user.as_ref().filter(|user| !user.is_empty());
    let user = user
        .map(|user| format!("The SDK can't set the user: the command runs as the container's user, not as {user}."));
    let replaced = (command.env_mode == EnvMode::Replace).then(|| {
        "Replacing the environment isn't documented for the SDK; the variables may be added to it instead.".to_owned()
    });
    user.into_iter().chain(replaced).collect()
}

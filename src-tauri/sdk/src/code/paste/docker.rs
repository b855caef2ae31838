//! A `docker exec` line, and its relatives', as a command.

use super::{
    super::Pasted,
    options::{Item, Options, table},
    other, unknown,
};
use crate::draft::Draft;
use porthole_base::error::Result;
use porthole_process::{Command, EnvVar, Place};

/// Options of the program itself.
const OWN: &[&str] = &[
    "H=host c=context l=log-level D:debug =config :tls :tlsverify =tlscacert =tlscert =tlskey",
    "=url =connection r:remote =identity n=namespace a=address",
];
/// Options of compose, before `exec`.
const COMPOSE: &[&str] =
    &["f=file p=project-name =profile =env-file =project-directory =ansi =progress =parallel :compatibility"];
/// Options of `exec`.
const EXEC: &[&str] = &[
    "i:interactive t:tty d:detach e=env w=workdir u=user =env-file :privileged =detach-keys",
    "T:no-TTY =index =preserve-fds l:latest",
];

/// Options of `run`.
const RUN: &[&str] = &[
    "i:interactive t:tty d:detach e=env w=workdir u=user =env-file :rm =name v=volume p=publish P:publish-all h=hostname",
    "=network =net =mount =entrypoint l=label =label-file m=memory =cpus =cpu-shares c=cpu-shares =pull =platform :init",
    "=restart :privileged =cap-add =cap-drop =security-opt =device =gpus =ulimit =shm-size =tmpfs :read-only =link",
    "=add-host =dns =ip =expose =log-driver =log-opt =pid =ipc =userns =uts =stop-signal =stop-timeout :sig-proxy",
    "a=attach =detach-keys =volumes-from =group-add =cgroupns =cgroup-parent =annotation =isolation q:quiet",
    "=health-cmd =health-interval =health-retries =health-timeout :no-healthcheck =runtime =sysctl =network-alias",
];

/// Any other command of an engine's program: it is the same on this machine. `run` gets no terminal.
fn as_it_is(words: &[String], run: Option<usize>, variables: &[(String, String)]) -> Pasted {
    let Some(run) = run else { return other::read(words, variables) };
    let known = table(RUN);
    let (before, after) = words.split_at((run + 1).min(words.len()));
    let mut options = Options::new("docker run", &known, after);
    let (mut kept, mut tty) = (Vec::new(), false);
    let words = loop {
        match options.next() {
            Ok(Some(Item::Option("tty", _))) => tty = true,
            Ok(Some(Item::Option("", _))) => {}
            Ok(Some(Item::Option(name, value))) => {
                kept.push(format!("--{name}"));
                kept.extend(value);
            }
            Ok(Some(Item::Word(image))) => break [before, &kept, &[image], options.rest()].concat(),
            // What isn't known stays.
            _ => break [before, after].concat(),
        }
    };
    let mut pasted = other::read(&words, variables);
    pasted.notes.push("It starts a new container, and runs on the host.".into());
    if tty {
        pasted.notes.push("-t is left out: the command gets no terminal.".into());
    }
    pasted
}

/// Reads a line of one of these programs.
pub(super) fn read(program: &str, all: &[String], variables: &[(String, String)]) -> Result<Pasted> {
    let words = all.get(1..).unwrap_or_default();
    let mut notes = Vec::new();
    let mut of_compose = program.ends_with("-compose");
    let mut rest = words;
    if !of_compose {
        rest = before(program, OWN, rest, &mut notes)?;
        match rest.first().map(String::as_str) {
            Some("container") => rest = &rest[1..],
            Some("compose") => {
                of_compose = true;
                rest = &rest[1..];
            }
            _ => {}
        }
    }
    if of_compose {
        rest = before(&format!("{program} compose"), COMPOSE, rest, &mut notes)?;
    }
    match rest.split_first() {
        Some((exec, rest)) if exec == "exec" => command(program, rest, of_compose, notes),
        Some((word, rest)) => {
            let run = (word == "run" && !of_compose).then(|| all.len() - rest.len() - 1);
            Ok(as_it_is(all, run, variables))
        }
        None => Ok(as_it_is(all, None, variables)),
    }
}

/// Reads the options before a subcommand, none of which has a meaning here.
fn before<'a>(
    program: &str,
    known: &'static [&'static str],
    words: &'a [String],
    notes: &mut Vec<String>,
) -> Result<&'a [String]> {
    let known = table(known);
    let mut rest = words;
    while rest.first().is_some_and(|word| word.starts_with('-')) {
        let mut options = Options::new(program, &known, rest);
        if let Some(Item::Option(name, value)) = options.next()? {
            let value = value.map(|value| format!(" {value}")).unwrap_or_default();
            notes.push(format!("`--{name}{value}` is left out: Porthole uses the target's engine."));
        }
        rest = options.rest();
    }
    Ok(rest)
}

fn command(program: &str, words: &[String], of_compose: bool, mut notes: Vec<String>) -> Result<Pasted> {
    let known = table(EXEC);
    let program = format!("{program} exec");
    let mut options = Options::new(&program, &known, words);
    let mut command = Command::new(Place::Host, "", [] as [&str; 0]);
    let name = loop {
        let Some(item) = options.next()? else {
            return Err(unknown("The line has no container name").hint(format!("Write {program} NAME PROGRAM.")));
        };
        match item {
            Item::Word(name) => break name,
            Item::Option("workdir", value) => command.cwd = value,
            Item::Option("user", value) => command.user = value,
            Item::Option("env", Some(variable)) => match variable.split_once('=') {
                Some(("", _)) => return Err(unknown(format!("`-e {variable}` has no variable name"))),
                Some((name, value)) => command.env.push(EnvVar { name: name.to_owned(), value: value.to_owned() }),
                None => notes.push(format!("`-e {variable}` takes its value from your shell and is left out.")),
            },
            Item::Option("interactive" | "tty" | "no-TTY", _) => {
                notes.push("-i and -t are left out: the command gets no terminal and no input.".into());
            }
            Item::Option("detach", _) => notes.push("`-d` is left out: Porthole shows the output.".into()),
            Item::Option("privileged", _) => {
                notes.push("`--privileged` is left out: the command has the container's permissions.".into());
            }
            Item::Option("env-file", Some(file)) => {
                notes.push(format!("`--env-file {file}` is left out: add its variables by hand."));
            }
            Item::Option("", _) => {}
            Item::Option(name, _) => notes.push(format!("`--{name}` has no effect here and is left out.")),
        }
    };
    let mut rest = options.rest().iter().cloned();
    command.program = rest.next().ok_or_else(|| {
        unknown(format!("The line has no program to run in {name}")).hint("Add the program after the container's name.")
    })?;
    command.args = rest.collect();
    if of_compose {
        notes.push(format!(
            "`{name}` is a compose service. Its container may have a longer name, such as project-{name}-1."
        ));
    }
    notes.dedup();
    command.place = Place::Container { name };
    Ok(Pasted { composed: Draft::Command(command), notes })
}

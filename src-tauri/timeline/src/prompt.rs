//! What a prompt shows: what will really happen, cut where it is long, with the length beside.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::inspect::{PlannedCall, ResolvedAction};
use porthole_base::error::Error;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{self, Body, Request},
};
use porthole_process::{Bin, Command, EnvVar, FixedCommand, NamedProgram, Place, ProgramFile, ShellLine, loads_code};
use porthole_sdk::permission::{CallKind, Scope};
use porthole_sdk::{call::Origin, sdk_call::Brief};

/// Characters of one text that are shown.
const TEXT: usize = 4_000;
/// Characters of all arguments together.
const ARGS: usize = 16_000;
/// Of a long list of arguments, headers or variables, this many of the first and of the last ones are shown: what is
/// hidden in a long list is hidden in its middle or at its end.
const FIRST: usize = 75;
const LAST: usize = 25;
/// Changes of the extension that are listed.
const CHANGES: usize = 20;
/// A program that changed within this many seconds is marked.
const RECENT: u64 = 10 * 60;

/// A call that waits for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct Prompt {
    /// The number of the pending call: what is approved or denied.
    pub pending: u32,
    /// The owner of the code that made it.
    pub origin: Origin,
    /// The page's extension, by its image or folder. It is the extension's own word: data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// What it acts on.
    pub kind: CallKind,
    /// The function that the code called, in the code's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<Brief>,
    /// Where in the code, in the code's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Brief>,
    /// What happens when it is approved.
    pub action: PromptAction,
    /// What the runtime made of the call, in sentences.
    pub rules: Vec<String>,
    /// The first of what changed in the extension since calls like this were last allowed always.
    pub changed: Vec<PromptText>,
    /// How much changed.
    pub changed_total: u64,
    /// What may be offered.
    pub scopes: Vec<Scope>,
}

/// A text as a prompt shows it: all of it, or its beginning and its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PromptText {
    /// The text, or its beginning.
    pub text: String,
    /// Its end, when something between is left out: what is hidden in a long text is hidden there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// How many characters it has.
    pub total: u64,
}

/// A header or variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PromptHeader {
    /// Its name.
    pub name: PromptText,
    /// Its value.
    pub value: PromptText,
}

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PromptBody {
    /// Its beginning.
    pub text: PromptText,
    /// How many bytes it has.
    pub total_bytes: u64,
}

/// What happens when a call is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(optional_fields)]
pub enum PromptAction {
    /// A command is run.
    Command {
        /// What is started.
        program: Box<ProgramFacts>,
        /// The first of its arguments.
        args: Vec<PromptText>,
        /// The last of its arguments, when some between are left out.
        args_end: Vec<PromptText>,
        /// How many there are.
        args_total: u64,
        /// Its working directory, in full on this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// The first of the variables that are set for it; before the others, those that may make it load or start code.
        env: Vec<PromptHeader>,
        /// The last of them, when some between are left out.
        env_end: Vec<PromptHeader>,
        /// How many of them may make it load or start code.
        env_loading: u64,
        /// How many there are.
        env_total: u64,
        /// They are all that it gets.
        env_replaced: bool,
        /// Where it runs.
        place: Place,
        /// The extension's own directory on the `PATH` of the program.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bin: Option<Bin>,
        /// The line, where the program is a shell that gets one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shell_line: Option<PromptText>,
        /// The programs that the line starts. Those of an unclear line have no file: only their names are known.
        line_programs: Vec<ProgramFacts>,
        /// The arguments may start other programs than those that are listed.
        line_unclear: bool,
    },
    /// A request is sent.
    Request {
        /// Its method.
        method: PromptText,
        /// Path and query, as on the request line.
        target: PromptText,
        /// Where it goes.
        endpoint: String,
        /// The first of its headers.
        headers: Vec<PromptHeader>,
        /// The last of them, when some between are left out.
        headers_end: Vec<PromptHeader>,
        /// How many there are.
        headers_total: u64,
        /// Its body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<PromptBody>,
    },
}

/// A program, and the file that it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ProgramFacts {
    /// As the call names it.
    pub asked: PromptText,
    /// Its file on this machine, with every link followed; absent in a container and where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The file belongs to the extension.
    pub from_extension: bool,
    /// How many seconds ago the file changed, when that was within ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_s_ago: Option<u64>,
    /// Why it can't start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Error>,
}

/// What happens when a planned call starts. Files below one of `own` are the extension's.
pub fn action(planned: &PlannedCall, own: &[PathBuf]) -> PromptAction {
    match &planned.act {
        ResolvedAction::Request { endpoint, request } => of_request(endpoint, request),
        ResolvedAction::Command { command, fixed, .. } => of_command(command, fixed.as_deref(), own),
        ResolvedAction::Recorded { command, .. } => of_command(command, None, own),
    }
}

fn of_command(command: &Command, fixed: Option<&FixedCommand>, own: &[PathBuf]) -> PromptAction {
    let (args, args_end) = cut_args(&command.args);
    let variable = |EnvVar { name, value }: &EnvVar| pair(name, value);
    let named = |name: &str, file: Option<&ProgramFile>, error: Option<&Error>| {
        let of_extension =
            |file: &ProgramFile| own.iter().any(|own| file.path.starts_with(own) || file.real.starts_with(own));
        ProgramFacts {
            asked: cut(name),
            path: file.map(|file| file.real.display().to_string()),
            from_extension: file.is_some_and(of_extension),
            changed_s_ago: file.and_then(|file| seconds_since(file.changed?)).filter(|seconds| *seconds <= RECENT),
            error: error.cloned(),
        }
    };
    let line = fixed.map_or_else(|| ShellLine::of(command, None), |fixed| fixed.line.clone());
    let in_line = fixed.map(|fixed| fixed.in_line.as_slice()).unwrap_or_default();
    let cwd = fixed.and_then(FixedCommand::cwd).map(Path::display).map(|cwd| cwd.to_string());
    let (loading, others): (Vec<&EnvVar>, Vec<&EnvVar>) = command.env.iter().partition(|var| loads_code(&var.name));
    let all: Vec<&EnvVar> = loading.iter().chain(&others).copied().collect();
    let (env, env_end) = ends(&all);
    PromptAction::Command {
        program: Box::new(named(
            &command.program,
            fixed.and_then(|fixed| fixed.program.as_ref()),
            fixed.and_then(FixedCommand::error),
        )),
        args,
        args_end,
        args_total: command.args.len() as u64,
        cwd: cwd.or_else(|| command.cwd.clone()),
        env: env.iter().copied().map(variable).collect(),
        env_end: env_end.iter().copied().map(variable).collect(),
        env_loading: loading.len() as u64,
        env_total: command.env.len() as u64,
        env_replaced: command.env_mode == porthole_process::EnvMode::Replace,
        place: command.place.clone(),
        bin: command.bin.clone(),
        shell_line: line.text.as_deref().map(cut),
        line_programs: in_line
            .iter()
            .map(|NamedProgram { name, file }| {
                let facts = named(name, file.as_ref().ok(), file.as_ref().err());
                if line.unclear { ProgramFacts { path: None, error: None, ..facts } } else { facts }
            })
            .collect(),
        line_unclear: line.unclear,
    }
}

fn of_request(endpoint: &Endpoint, request: &Request) -> PromptAction {
    let body = match &request.body {
        Body::None => None,
        Body::Json { text } | Body::Text { text } => {
            Some(PromptBody { text: cut(text), total_bytes: text.len() as u64 })
        }
        Body::File { path } => {
            let total_bytes = std::fs::metadata(path).map(|found| found.len()).unwrap_or_default();
            Some(PromptBody { text: cut(&format!("@{path}")), total_bytes })
        }
        Body::Form { fields } => {
            let text = exchange::urlencoded(fields);
            Some(PromptBody { total_bytes: text.len() as u64, text: cut(&text) })
        }
        // Code has no such body.
        Body::Multipart { parts } => {
            let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            Some(PromptBody { text: cut(&names.join(", ")), total_bytes: 0 })
        }
    };
    let (headers, headers_end) = ends(&request.headers);
    let header = |header: &exchange::Header| pair(&header.name, &header.value);
    PromptAction::Request {
        method: cut(&request.method),
        target: cut(&exchange::target(request).unwrap_or_else(|_| request.path.clone())),
        endpoint: endpoint.to_string(),
        headers: headers.iter().map(header).collect(),
        headers_end: headers_end.iter().map(header).collect(),
        headers_total: request.headers.len() as u64,
        body,
    }
}

/// What changed, as far as it is listed, and how much it is in all.
pub fn changes(changed: &[String]) -> (Vec<PromptText>, u64) {
    (changed.iter().take(CHANGES).map(|change| cut_to(change, 200)).collect(), changed.len() as u64)
}

/// The first of a list, and the last where it has more than is shown.
fn ends<T>(all: &[T]) -> (&[T], &[T]) {
    if all.len() <= FIRST + LAST {
        return (all, &[]);
    }
    (all.split_at(FIRST).0, all.split_at(all.len() - LAST).1)
}

/// A quarter of the characters is for the last arguments: long ones before them don't leave them without any.
fn cut_args(args: &[String]) -> (Vec<PromptText>, Vec<PromptText>) {
    let (first, last) = ends(args);
    let wanted: Vec<usize> = first.iter().chain(last).map(|arg| arg.chars().count().min(TEXT)).collect();
    let mut granted = vec![0; wanted.len()];
    let mut left = ARGS / 4;
    for (granted, wanted) in granted.iter_mut().zip(&wanted).rev() {
        *granted = left.min(*wanted);
        left -= *granted;
    }
    left += ARGS - ARGS / 4;
    for (granted, wanted) in granted.iter_mut().zip(&wanted) {
        let more = left.min(wanted - *granted);
        *granted += more;
        left -= more;
    }
    let mut shown = first.iter().chain(last).zip(granted).map(|(arg, most)| cut_to(arg, most));
    (shown.by_ref().take(first.len()).collect(), shown.collect())
}

fn pair(name: &str, value: &str) -> PromptHeader {
    PromptHeader { name: cut_to(name, 200), value: cut_to(value, 1_000) }
}

fn cut(text: &str) -> PromptText {
    cut_to(text, TEXT)
}

fn cut_to(text: &str, most: usize) -> PromptText {
    let total = text.chars().count();
    if total <= most {
        return PromptText { text: text.to_owned(), end: None, total: total as u64 };
    }
    let end = most / 4;
    PromptText {
        text: text.chars().take(most - end).collect(),
        end: Some(text.chars().skip(total - end).collect()),
        total: total as u64,
    }
}

fn seconds_since(time: SystemTime) -> Option<u64> {
    // A time in the future is no older than this moment.
    Some(time.elapsed().map(|since| since.as_secs()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_the_beginning_and_the_end_are_shown_with_its_length() {
        let short = cut_to("two words", 9);
        assert_eq!((short.text.as_str(), short.end, short.total), ("two words", None, 9));
        let long = cut_to(&format!("{}; rm -rf ~", "é".repeat(100)), 40);
        assert_eq!(long.text, "é".repeat(30));
        assert_eq!(long.end.as_deref(), Some("; rm -rf ~"));
        assert_eq!(long.total, 110);
    }

    #[test]
    fn the_end_of_many_arguments_is_shown_whatever_stands_before_it() {
        let mut args = vec!["-v".to_owned(); 300];
        args.push("--exec=evil".to_owned());
        let (first, last) = cut_args(&args);
        assert_eq!((first.len(), last.len()), (FIRST, LAST));
        assert_eq!(last.last().map(|arg| arg.text.as_str()), Some("--exec=evil"));
        // Long ones leave room for it too.
        let mut args = vec!["x".repeat(10_000); 99];
        args.push("--exec=evil".to_owned());
        let (first, last) = cut_args(&args);
        assert_eq!((first.len(), last.len()), (100, 0));
        assert_eq!(first.last().map(|arg| arg.text.as_str()), Some("--exec=evil"));
        let characters: usize = first.iter().map(|arg| arg.text.chars().count()).sum();
        assert!(characters <= ARGS, "{characters}");
        // What fits is whole.
        let args = ["a".repeat(TEXT), "b".repeat(TEXT)];
        let (first, _) = cut_args(&args);
        assert!(first.iter().all(|arg| arg.end.is_none() && arg.text.len() == TEXT));
    }

    #[test]
    fn of_many_changes_some_are_listed_and_all_are_counted() {
        let many: Vec<String> = (0..5_000).map(|at| format!("ui/{at}-{}.js", "x".repeat(500))).collect();
        let (listed, total) = changes(&many);
        assert_eq!((listed.len(), total), (CHANGES, 5_000));
        assert!(listed.iter().all(|change| change.text.len() <= 200));
    }
}

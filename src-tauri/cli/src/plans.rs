//! What a runtime would do for a call, as lines.

use porthole_base::{error::Result, terminal::line};
use porthole_engine::target::Target;
use porthole_http::exchange::{Body, Request, urlencoded};
use porthole_process::{Command, Place};
use porthole_sdk::{
    code::{self, FormKind},
    draft::Draft,
    sdk_result::{Plan, PlannedAction, render},
};
use porthole_timeline::prompt::{ProgramFacts, Prompt, PromptAction};

use crate::say;

/// Prints it to standard output.
///
/// # Errors
/// `stdout_failed`.
pub fn print(plan: &Plan, target: &Target) -> Result<()> {
    lines(plan, target).iter().try_for_each(|line| say::out(line))
}

/// Shows it to the user who has to decide, with the files that would be started.
pub fn show(plan: &Plan, target: &Target, prompt: Option<&Prompt>) {
    lines(plan, target).iter().for_each(|line| say::err(line));
    let Some(Prompt { action: PromptAction::Command { program, line_programs, line_unclear, .. }, .. }) = prompt else {
        return;
    };
    for program in [program.as_ref()].into_iter().chain(line_programs) {
        say::err(&file(program));
    }
    if *line_unclear {
        say::err("  The command line may start other programs than these.");
    }
}

fn file(program: &ProgramFacts) -> String {
    let name = line(&program.asked.text).into_owned();
    let Some(path) = &program.path else { return format!("  Program: {name} (no file found)") };
    let changed = program.changed_s_ago.map(|seconds| format!(", changed {seconds} s ago")).unwrap_or_default();
    format!("  Program: {name} is {}{changed}", line(path))
}

fn lines(plan: &Plan, target: &Target) -> Vec<String> {
    let mut lines = match &plan.does {
        PlannedAction::Request { request } => {
            let place = target.endpoint.as_ref().map_or_else(|| "the backend".to_owned(), ToString::to_string);
            sent(request, &place)
        }
        PlannedAction::Engine { request } => sent(request, "the engine"),
        PlannedAction::Command { command } => vec![run(command, target)],
        PlannedAction::Refuses { outcome } => {
            vec![format!("  Does nothing: {}", render(outcome).replace('\n', "\n  "))]
        }
    };
    for rule in &plan.rules {
        let certainty = format!("{:?}", rule.certainty).to_lowercase();
        lines.push(format!("  {} ({certainty})", line(&rule.text)));
    }
    lines
}

fn sent(request: &Request, place: &str) -> Vec<String> {
    let pairs: Vec<String> = request.query.iter().map(|param| format!("{}={}", param.name, param.value)).collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let Request { method, path, .. } = request;
    let mut lines = vec![format!("  Sends {} to {}", line(&format!("{method} {path}{query}")), line(place))];
    for header in &request.headers {
        lines.push(format!("  Header {}", line(&format!("{}: {}", header.name, header.value))));
    }
    match &request.body {
        Body::None => {}
        Body::Json { text } | Body::Text { text } => lines.push(format!("  Body {}", line(text))),
        Body::File { path } => lines.push(format!("  Body of the file {}", line(path))),
        Body::Form { fields } => lines.push(format!("  Body {}", line(&urlencoded(fields)))),
        Body::Multipart { parts } => {
            let noun = if parts.len() == 1 { "part" } else { "parts" };
            lines.push(format!("  Body of a multipart form with {} {noun}", parts.len()));
        }
    }
    lines
}

fn run(command: &Command, target: &Target) -> String {
    let place = match &command.place {
        Place::Host => "on this machine".to_owned(),
        Place::Engine => "on the engine".to_owned(),
        Place::Container { name } if name.is_empty() => "in the backend's container".to_owned(),
        Place::Container { name } => format!("in the container {name}"),
    };
    // The words of the command alone: how they get there is another matter.
    let here = Command { place: Place::Host, bin: None, ..command.clone() };
    let forms = code::forms(&Draft::Command(here), &Target { host: Default::default(), ..target.clone() });
    let shell = forms.into_iter().find(|form| form.kind == FormKind::Shell && !form.text.is_empty());
    let words = shell.map_or_else(|| format!("{} {}", command.program, command.args.join(" ")), |form| form.text);
    format!("  Runs {}: {}", line(&place), line(&words))
}

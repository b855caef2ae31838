//! `porthole-cli session`: shows session files, converts them and takes secrets out of them.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand, ValueEnum};
use porthole_base::{
    error::{Code, Error, Result},
    terminal,
};
use porthole_http::exchange::Exchange;
use porthole_output::NewFile;
use porthole_process::{Ending, Place, Run};
use porthole_sdk::call::{Act, Call};
use porthole_timeline::session::{
    ExportFormat, Recorded, Session, SessionCall, StreamEntry, export, har, is_archive,
    markdown::markdown,
    redact::{FIELDS, RedactOptions, Redacted, Redaction, RedactionKind, RedactionPlace},
    title,
};

use serde_json::Value;

use crate::{
    rules, say,
    scratch::Scratch,
    session_file::{absolute, calls_of_archive},
};

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the calls of a session.
    ///
    /// Each line has the call's number, when it began, the request or command, how it ended, how long it took and
    /// the bytes of its output.
    ///
    /// Exit code: 0, or 3 if the file can't be read.
    Show(ShowArguments),
    /// Write a session as an HTTP archive (HAR 1.2) or as Markdown.
    ///
    /// An HTTP archive has the requests only. Nothing is redacted: use `session redact` first.
    ///
    /// Exit code: 0, or 3 if the session can't be read or the file can't be written.
    Export(ExportArguments),
    /// Write a session without its secrets, and list the redacted values.
    ///
    /// Redacts headers with credentials, cookies, values of environment variables, and JSON fields by name, also in
    /// bodies and outputs. A secret that was found once is redacted wherever else it occurs.
    ///
    /// Exit code: 0, or 3 if the session can't be read or the file can't be written.
    Redact(RedactArguments),
    /// Print the rules of a session: the differences that a replay allows. With --allow or --capture, add some first.
    ///
    /// Exit code: 0, or 3 if the session can't be read or written or a rule is invalid.
    Rules(rules::Arguments),
}

#[derive(Args)]
struct ShowArguments {
    /// The session file, or an HTTP archive (.har)
    file: PathBuf,
    /// Print each call as a line of JSON, with all its metadata
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("format").required(true)))]
struct ExportArguments {
    /// The session file, or an HTTP archive (.har)
    file: PathBuf,
    /// Write an HTTP archive
    #[arg(long, value_name = "OUT", group = "format")]
    har: Option<PathBuf>,
    /// Write Markdown, for an issue tracker
    #[arg(long, value_name = "OUT", group = "format")]
    markdown: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long)]
    replace: bool,
}

#[derive(Args)]
struct RedactArguments {
    /// The session file, or an HTTP archive (.har)
    file: PathBuf,
    /// The session to write
    #[arg(long, value_name = "OUT", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// List what would be redacted, and write nothing
    #[arg(long, conflicts_with = "out")]
    dry_run: bool,
    /// Redact this field of JSON, forms and queries, besides the usual ones such as password and token (can be repeated)
    #[arg(long = "field", value_name = "NAME")]
    fields: Vec<String>,
    /// Redact this header (can be repeated)
    #[arg(long = "header", value_name = "NAME")]
    headers: Vec<String>,
    /// Don't redact these (can be repeated)
    #[arg(long, value_name = "KIND")]
    keep: Vec<Kept>,
    /// Replace a file that exists
    #[arg(long)]
    replace: bool,
}

/// What isn't redacted.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kept {
    /// Headers with credentials
    Authorization,
    /// Cookies
    Cookies,
    /// Environment variables
    Environment,
    /// The usual fields; those of --field are still redacted
    Fields,
}

pub async fn session(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Show(arguments) => show(&arguments).await,
        Command::Export(arguments) => exported(&arguments).await,
        Command::Redact(arguments) => redact(&arguments).await,
        Command::Rules(arguments) => rules::rules(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say::failed(&error),
    }
}

/// A file that is only read.
struct Source {
    calls: Vec<Recorded>,
    rules: Value,
}

impl Source {
    /// Opens a session, or an HTTP archive. The bodies of an archive are in the scratch directory.
    async fn open(path: PathBuf, scratch: &Scratch) -> Result<Self> {
        if is_archive(&path) {
            return Ok(Self { calls: calls_of_archive(path, scratch).await?, rules: Value::Null });
        }
        let session = Session::open(&path)?;
        Ok(Self { calls: session.recorded()?, rules: session.rules().clone() })
    }
}

/// The calls of a file without reading the outputs of a session.
async fn listed_calls(path: PathBuf) -> Result<Vec<SessionCall>> {
    if !is_archive(&path) {
        return Ok(Session::open(&path)?.calls().to_vec());
    }
    let scratch = Scratch::new()?;
    Ok(calls_of_archive(path, &scratch).await?.iter().map(of_archive).collect())
}

fn of_archive(one: &Recorded) -> SessionCall {
    let bytes = one.counts.stdout.bytes;
    let body = (bytes > 0).then(|| StreamEntry { entry: "response.content".to_owned(), bytes });
    SessionCall { call: one.ended(), stdout: body, stderr: None, chunks: None, pinned: one.pinned }
}

async fn show(arguments: &ShowArguments) -> Result<()> {
    for (n, call) in listed_calls(absolute(&arguments.file)?).await?.iter().enumerate() {
        if arguments.json {
            say::json(call).map_err(|error| Error::new(Code::StdoutFailed, "Can't write to stdout").detail(error))?;
        } else {
            say::out(&line(n + 1, call))?;
        }
    }
    Ok(())
}

fn line(number: usize, one: &SessionCall) -> String {
    let Call { began_ms, act, .. } = &one.call;
    let (label, outcome, took) = match act {
        Act::Exchange(exchange) => (exchange.request.method.clone(), response(exchange), exchange.phases.done_us),
        Act::Run(run) => {
            let label = match &run.command.place {
                Place::Host => "host".to_owned(),
                Place::Engine => "engine".to_owned(),
                Place::Container { name } => format!("container:{name}"),
            };
            (label, ending(run), run.closed_us)
        }
    };
    let bytes: u64 = [&one.stdout, &one.stderr].into_iter().flatten().map(|entry| entry.bytes).sum();
    let took = took.map_or_else(String::new, |us| format!("{:.1} ms", us as f64 / 1000.0));
    let fields =
        [number.to_string(), har::date_text(*began_ms), label, title(&one.call), outcome, took, format!("{bytes} B")];
    // A tab or a line end in a path must not look like the end of a field.
    let plain = |field: &String| field.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    fields.iter().map(plain).collect::<Vec<_>>().join("\t")
}

fn response(exchange: &Exchange) -> String {
    match (&exchange.failure, &exchange.response) {
        (Some(failure), _) => failure.error.message.clone(),
        (None, Some(response)) => response.status.to_string(),
        (None, None) => String::new(),
    }
}

fn ending(run: &Run) -> String {
    match (&run.failure, &run.ending) {
        (Some(error), _) => error.message.clone(),
        (None, Some(Ending::Exited { code })) => format!("exit code {code}"),
        (None, Some(Ending::Signaled { name, .. })) => name.clone(),
        (None, None) => String::new(),
    }
}

async fn exported(arguments: &ExportArguments) -> Result<()> {
    let scratch = Scratch::new()?;
    let Source { calls: recorded, rules } = Source::open(absolute(&arguments.file)?, &scratch).await?;
    if let Some(out) = &arguments.har {
        let commands = recorded.iter().filter(|one| matches!(one.call.act, Act::Run(_))).count();
        let to = (&*absolute(out)?, arguments.replace);
        export(&recorded, ExportFormat::Har, None, &rules, to, |_| true)?;
        if commands > 0 {
            say::note(&format!("An HTTP archive has no commands: {commands} left out"));
        }
    }
    match &arguments.markdown {
        Some(out) => write_markdown(&recorded, &absolute(out)?, arguments.replace),
        None => Ok(()),
    }
}

fn write_markdown(recorded: &[Recorded], out: &Path, replace: bool) -> Result<()> {
    let new = NewFile::begin_private(out, replace)?;
    for one in recorded {
        let text = format!("{}\n", markdown(one)?);
        new.file().write_all(text.as_bytes()).map_err(|error| new.failed(&error))?;
    }
    new.finish()
}

async fn redact(arguments: &RedactArguments) -> Result<()> {
    let scratch = Scratch::new()?;
    let Source { calls: recorded, rules } = Source::open(absolute(&arguments.file)?, &scratch).await?;
    let keeps = |kind| arguments.keep.contains(&kind);
    let usual = FIELDS.iter().filter(|_| !keeps(Kept::Fields)).map(|name| (*name).to_owned());
    let options = RedactOptions {
        authorization: !keeps(Kept::Authorization),
        cookies: !keeps(Kept::Cookies),
        environment: !keeps(Kept::Environment),
        headers: arguments.headers.clone(),
        fields: usual.chain(arguments.fields.iter().cloned()).collect(),
    };
    let redacted = Redacted::of(&recorded, &options)?;
    for redaction in redacted.redactions() {
        say::out(&terminal::line(&listed(redaction)))?;
    }
    let Some(out) = &arguments.out else { return Ok(()) };
    let to = (&*absolute(out)?, arguments.replace);
    export(&recorded, ExportFormat::Session, Some(&options), &rules, to, |_| true).map(drop)
}

fn listed(redaction: &Redaction) -> String {
    let Redaction { kind, name, place, count, calls } = redaction;
    let kind = match kind {
        RedactionKind::Header => "header",
        RedactionKind::Cookie => "cookies in",
        RedactionKind::Variable => "variable",
        RedactionKind::Field => "field",
        RedactionKind::Known => "known secrets",
        RedactionKind::Unchecked => "not checked: the body can't be decoded",
    };
    let place = match place {
        RedactionPlace::Request => "request",
        RedactionPlace::Response => "response",
        RedactionPlace::Body => "response body",
        RedactionPlace::Command => "command",
        RedactionPlace::Output => "output",
        RedactionPlace::Code => "code",
        RedactionPlace::Error => "error",
    };
    let what = [kind, name.as_str()].join(" ");
    format!("{place}: {} ({count} in {calls} {})", what.trim(), if *calls == 1 { "call" } else { "calls" })
}

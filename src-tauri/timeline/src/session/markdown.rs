//! A call as Markdown, for an issue tracker: the request or command, the response, the value that the code received, and findings.

use std::fmt::Write;

use super::Recorded;
use crate::{CallId, Timeline, aside, diagnosing::diagnosed, inspect::Read, summary::text_of};
use porthole_base::error::{Error, Result};
use porthole_http::exchange::{Body, Exchange, Head, Header, PartContent, target};
use porthole_output::{Decoder, Stream, visible};
use porthole_process::{Command, Ending, Place, Run, Stdin};
use porthole_sdk::{
    call::{Act, Call},
    diagnostic::Diagnostic,
    sdk_call::SdkCall,
    sdk_result::{self, render},
};

/// Bytes of a body or an output that are shown.
const SHOWN: usize = 8 * 1024;
/// Bytes of a body that are read for what code receives, to tell whether it is JSON.
const JUDGED: u64 = 4 * 1024 * 1024;

impl Timeline {
    /// A Call as Markdown.
    ///
    /// # Errors
    /// [`porthole_base::error::Code::CallNotFound`], [`porthole_base::error::Code::OutputUnreadable`].
    pub async fn markdown(&self, id: CallId) -> Result<String> {
        let recorded = Recorded::new(self.call(id)?, self.output(id)?, false);
        aside(move || markdown(&recorded)).await
    }
}

/// A call as Markdown.
///
/// # Errors
/// [`porthole_base::error::Code::OutputUnreadable`].
pub fn markdown(recorded: &Recorded) -> Result<String> {
    let call = &recorded.call;
    let mut text = String::new();
    let _ = writeln!(text, "## {}\n", heading(call));
    let _ = writeln!(text, "{}\n", facts(call));
    match &call.act {
        Act::Exchange(exchange) => exchange_sections(&mut text, exchange, recorded)?,
        Act::Run(run) => run_sections(&mut text, run, recorded)?,
    }
    received(&mut text, recorded)?;
    findings(&mut text, &diagnosed(call, &recorded.output)?);
    let _ = writeln!(text, "_Recorded with Porthole {}_", env!("CARGO_PKG_VERSION"));
    Ok(text)
}

fn heading(call: &Call) -> String {
    match &call.act {
        Act::Exchange(exchange) => code(&format!("{} {}", exchange.request.method, text_of(&call.act))),
        Act::Run(_) => code(&text_of(&call.act)),
    }
}

/// Where, when and how it ended, in a line.
fn facts(call: &Call) -> String {
    let when = super::har::date_text(call.began_ms);
    let (place, outcome, took) = match &call.act {
        Act::Exchange(exchange) => {
            let outcome = match (&exchange.failure, &exchange.response) {
                (Some(failure), _) => failed(&failure.error),
                (None, Some(response)) => {
                    format!("**{}**", escape(format!("{} {}", response.status, response.reason).trim()))
                }
                (None, None) => "No response yet".to_owned(),
            };
            (code(&exchange.endpoint.to_string()), outcome, exchange.phases.done_us)
        }
        Act::Run(run) => {
            let outcome = match (&run.failure, &run.ending) {
                (Some(error), _) => failed(error),
                (None, Some(Ending::Exited { code })) => format!("**Exit code {code}**"),
                (None, Some(Ending::Signaled { name, .. })) => format!("**Ended by {}**", escape(name)),
                (None, None) => "Still running".to_owned(),
            };
            let place = match &run.command.place {
                Place::Host => "on the host".to_owned(),
                Place::Engine => "by the engine".to_owned(),
                Place::Container { name } => format!("in container {}", code(name)),
            };
            (place, outcome, run.closed_us)
        }
    };
    let took = took.map_or_else(String::new, |us| format!(" · {:.1} ms", us as f64 / 1000.0));
    format!("{outcome} · {place}{took} · {when}")
}

fn failed(error: &Error) -> String {
    let detail = error.detail.as_ref().map_or_else(String::new, |detail| format!(" ({})", escape(detail)));
    format!("**Failed**: {}{detail}", escape(&error.message))
}

fn exchange_sections(text: &mut String, exchange: &Exchange, recorded: &Recorded) -> Result<()> {
    let request = &exchange.request;
    let mut head = match &exchange.sent {
        Some(sent) => head_text(sent),
        None => {
            let path = target(request).unwrap_or_else(|_| request.path.clone());
            format!("{} {path} HTTP/1.1\n{}", request.method, header_lines(&request.headers))
        }
    };
    if let Some(body) = body_text(&request.body) {
        head.push('\n');
        head.push_str(&body);
    }
    section(text, "Request", "http", &head);
    let Some(response) = &exchange.response else { return Ok(()) };
    section(text, "Response", "http", &head_text(&response.head));
    let (body, cut) = decoded_start(recorded)?;
    let language = match response.head.header("content-type") {
        Some(media_type) if media_type.contains("json") => "json",
        Some(media_type) if media_type.contains("html") => "html",
        Some(media_type) if media_type.contains("xml") => "xml",
        _ => "",
    };
    bytes_section(text, "Body", language, &body, recorded.counts.stdout.bytes, cut);
    Ok(())
}

fn run_sections(text: &mut String, run: &Run, recorded: &Recorded) -> Result<()> {
    section(text, "Command", "sh", &command_text(&run.command));
    for (title, stream, bytes) in [
        ("Standard output", Stream::Stdout, recorded.counts.stdout.bytes),
        ("Standard error", Stream::Stderr, recorded.counts.stderr.bytes),
    ] {
        let start = recorded.output.read(stream, 0, bytes.min(SHOWN as u64))?;
        bytes_section(text, title, "", &start, bytes, (start.len() as u64) < bytes);
    }
    Ok(())
}

fn head_text(head: &Head) -> String {
    format!("{}\n{}", head.start_line, header_lines(&head.headers))
}

fn header_lines(headers: &[Header]) -> String {
    headers.iter().map(|header| format!("{}: {}\n", header.name, header.value)).collect()
}

fn body_text(body: &Body) -> Option<String> {
    Some(match body {
        Body::None => return None,
        Body::Json { text } | Body::Text { text } => text.clone(),
        Body::File { path } => format!("(the bytes of {path})"),
        Body::Form { fields } => fields.iter().map(|field| format!("{}={}\n", field.name, field.value)).collect(),
        Body::Multipart { parts } => {
            let part = |part: &porthole_http::exchange::Part| match &part.content {
                PartContent::Text { text } => format!("{}={text}\n", part.name),
                PartContent::File { path } => format!("{}=(the bytes of {path})\n", part.name),
            };
            parts.iter().map(part).collect()
        }
    })
}

fn command_text(command: &Command) -> String {
    let mut text = String::new();
    for variable in &command.env {
        let _ = writeln!(text, "{}={} \\", variable.name, shell_words::quote(&variable.value));
    }
    text.push_str(&shell_words::join([&command.program].into_iter().chain(&command.args)));
    text.push('\n');
    if let Some(cwd) = &command.cwd {
        let _ = writeln!(text, "# in {cwd}");
    }
    match &command.stdin {
        Some(Stdin::Text { text: input }) => drop(writeln!(text, "# standard input:\n{input}")),
        Some(Stdin::File { path }) => drop(writeln!(text, "# standard input: the bytes of {path}")),
        None => {}
    }
    text
}

/// The beginning of a body with its codings undone, and whether there is more.
fn decoded_start(recorded: &Recorded) -> Result<(Vec<u8>, bool)> {
    let whole = recorded.counts.stdout.bytes;
    let sent = recorded.output.read(Stream::Stdout, 0, whole.min(64 * SHOWN as u64))?;
    let codings = recorded.codings();
    if codings.is_empty() {
        let cut = sent.len() > SHOWN || (sent.len() as u64) < whole;
        return Ok((sent[..sent.len().min(SHOWN)].to_vec(), cut));
    }
    let (mut start, mut cut) = (Vec::new(), (sent.len() as u64) < whole);
    // What is broken ends where it breaks: the findings say so.
    let _ = Decoder::new(&codings)?.push(&sent, &mut |piece| {
        let room = SHOWN - start.len();
        start.extend_from_slice(&piece[..piece.len().min(room)]);
        cut |= piece.len() > room;
        Ok(())
    });
    Ok((start, cut))
}

/// What the code received, where code made the call; otherwise what it would receive on Docker Desktop.
fn received(text: &mut String, recorded: &Recorded) -> Result<()> {
    let call = &recorded.call;
    let read = Read::of(&recorded.output, JUDGED, SHOWN)?;
    let runtime = call.sdk.as_ref().map(|sdk| sdk.runtime).unwrap_or_default();
    let result = sdk_result::received(call, read.written(), runtime);
    let title =
        if call.sdk.is_some() { format!("In your code ({runtime})") } else { format!("In your code, on {runtime}") };
    let called = call.sdk.as_ref().and_then(|sdk| {
        let called = sdk.called.as_ref().map(|called| called.as_str().to_owned());
        called.or(match &sdk.asked {
            SdkCall::Request(request) => Some(format!("{} {}", request.method, request.url)),
            SdkCall::Exec(_) | SdkCall::List(_) => None,
        })
    });
    let called = called.map_or_else(String::new, |called| format!("// {called}\n"));
    section(text, &title, "js", &format!("{called}{}", render(&result.outcome)));
    Ok(())
}

fn findings(text: &mut String, findings: &[Diagnostic]) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "### Findings\n");
    for finding in findings {
        let name = finding.severity.name();
        let mut first = name.chars();
        let name: String = first.next().into_iter().flat_map(char::to_uppercase).chain(first).collect();
        let _ = write!(text, "- **{name}**: {} {}", inline(&finding.summary), inline(&finding.impact));
        if !finding.fix.is_empty() {
            let _ = write!(text, " _Fix_: {}", inline(&finding.fix));
        }
        text.push('\n');
    }
    text.push('\n');
}

fn bytes_section(text: &mut String, title: &str, language: &str, start: &[u8], bytes: u64, cut: bool) {
    if bytes == 0 {
        return;
    }
    let (shown, language) = match std::str::from_utf8(start) {
        Ok(shown) => (shown.to_owned(), language),
        Err(error) if cut && error.error_len().is_none() => {
            (String::from_utf8_lossy(&start[..error.valid_up_to()]).into_owned(), language)
        }
        Err(_) => {
            let _ = writeln!(text, "### {title}\n\n{bytes} bytes that aren't UTF-8 text.\n");
            return;
        }
    };
    let title = if cut { format!("{title} (the beginning of {bytes} bytes)") } else { title.to_owned() };
    section(text, &title, language, &shown);
}

/// A block of code. Its fence is longer than any in the text, and control characters are shown.
fn section(text: &mut String, title: &str, language: &str, content: &str) {
    let shown: String =
        content.replace("\r\n", "\n").split('\n').map(|line| visible(line.as_bytes())).collect::<Vec<_>>().join("\n");
    let fence = "`".repeat(longest_run(&shown).max(2) + 1);
    let end = if shown.ends_with('\n') { "" } else { "\n" };
    let _ = writeln!(text, "### {title}\n\n{fence}{language}\n{shown}{end}{fence}\n");
}

/// The most backticks in a row.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Code in a line.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Text with code between backticks, as findings have it.
fn inline(text: &str) -> String {
    if !text.matches('`').count().is_multiple_of(2) {
        return escape(text);
    }
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 && !part.is_empty() { code(part) } else { escape(part) }).collect()
}

/// Text that Markdown takes as it is.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::samples::{self, Sample, header};
    use porthole_http::exchange::Request;

    fn of(sample: &Sample) -> String {
        let folder = tempfile::tempdir().unwrap();
        let output = Arc::new(sample.output(&folder.path().join("o")));
        markdown(&Recorded::new(sample.call.clone(), output, false)).unwrap()
    }

    #[test]
    fn a_request_has_all_its_sections() {
        let request = Request {
            headers: vec![header("Accept", "*/*")],
            body: Body::Json { text: "{\"a\":1}".into() },
            ..Request::new("POST", "/items")
        };
        let text = of(&samples::exchange(request, vec![header("content-type", "application/json")], br#"{"b":2.0}"#));
        assert!(
            text.starts_with("## `POST /items`\n\n**200 OK** · `unix:///run/backend.sock` · 0.1 ms · 2023-11-14T"),
            "{text}"
        );
        for part in [
            "### Request\n\n```http\nPOST /items HTTP/1.1\nAccept: */*\n\n{\"a\":1}\n```\n",
            "### Response\n\n```http\nHTTP/1.1 200 OK\ncontent-type: application/json\n```\n",
            "### Body\n\n```json\n{\"b\":2.0}\n```\n",
            "### In your code, on Docker Desktop",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn a_command_has_its_streams_and_findings() {
        let text = of(&samples::two()[1]);
        assert!(text.contains("### Standard output\n\n```\nout\n```\n"), "{text}");
        assert!(text.contains("### Standard error\n\n```\nerr\n```\n"), "{text}");
        assert!(text.contains("**Exit code 0** · on the host"), "{text}");
    }

    #[test]
    fn what_is_recorded_cannot_leave_its_block() {
        let body = b"a\n```\n# not a heading\n````\n\x1b[31m";
        let text = of(&samples::exchange(Request::new("GET", "/`x`\n"), vec![], body));
        assert!(text.starts_with("## ``GET /`x`"), "{text}");
        assert!(text.contains("`````\na\n```\n# not a heading\n````\n␛[31m\n`````\n"), "{text}");
        assert_eq!(escape("a*b_<i>@you"), r"a\*b\_\<i\>\@you");
        assert_eq!(inline("Use `a*b`, not *c*"), r"Use `a*b`, not \*c\*");
        assert_eq!(inline("one ` alone"), r"one \` alone");
    }

    #[test]
    fn a_long_body_is_cut_and_bytes_are_only_counted() {
        let long = "é".repeat(SHOWN);
        let text = of(&samples::exchange(Request::new("GET", "/"), vec![], long.as_bytes()));
        assert!(text.contains(&format!("### Body (the beginning of {} bytes)", long.len())), "{}", &text[..500]);
        assert!(text.len() < 3 * SHOWN);
        let text = of(&samples::exchange(Request::new("GET", "/"), vec![], &[0xff, 0xfe, 1, 2]));
        assert!(text.contains("4 bytes that aren't UTF-8 text."), "{text}");
    }
}

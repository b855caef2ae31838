//! A request as a `curl` line that puts the same on the wire.

use super::{
    Form, FormKind,
    quote::{LONGEST_ARGUMENT, Shell, powershell_notes, too_long},
    request_spec::{Payload, RequestSpec},
};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Part, PartContent, Request, Version},
};

/// Some versions of curl ask before they send more than this: `Expect: 100-continue`.
const ASKS_FROM: usize = 1024;

/// The line, with what is different about it.
pub(super) fn form(kind: FormKind, asks: &RequestSpec<'_>, endpoint: Option<&Endpoint>) -> Form {
    let shell = Shell::of(kind);
    let has_nul = match &asks.body {
        Payload::Text { text, .. } => text.contains('\0'),
        Payload::Parts(parts) => parts.iter().any(|part| {
            let (PartContent::Text { text } | PartContent::File { path: text }) = &part.content;
            [Some(text), Some(&part.name), part.filename.as_ref()].into_iter().flatten().any(|text| text.contains('\0'))
        }),
        Payload::Nothing | Payload::File(_) => false,
    };
    if has_nul {
        let why = "The body contains a NUL byte, which a command line can't contain. Put it into a file and send that.";
        return Form::unsayable(kind, why);
    }
    let mut line = match endpoint {
        Some(Endpoint::Unix(path)) => match path.to_str() {
            Some(path) => Line::new(&[&["--unix-socket", path]]),
            None => return Form::unsayable(kind, "The socket's path isn't valid UTF-8, so it can't be shown as text."),
        },
        Some(Endpoint::Npipe(_)) => return Form::unsayable(kind, "curl can't connect to a named pipe."),
        Some(Endpoint::Container { .. }) => {
            return Form::unsayable(kind, "curl can't reach a socket inside a container.");
        }
        Some(Endpoint::Engine { .. }) => {
            return Form::unsayable(kind, "The engine's address is in its docker context, which curl doesn't read.");
        }
        // A proxy of the environment would appear between; Porthole asks none.
        Some(Endpoint::Tcp { .. }) => Line::new(&[&["--noproxy", "*"]]),
        None => return Form::unsayable(kind, "The target has no endpoint."),
    };
    let over_tcp = matches!(endpoint, Some(Endpoint::Tcp { .. }));
    line.method(asks);
    line.target(asks);
    line.limits(asks, over_tcp);
    line.headers(asks);
    let piped = line.body(asks, shell);
    let base = endpoint.map(base).unwrap_or_default();
    let path = if asks.target == "*" { "" } else { &asks.target };
    line.add(&[&format!("{base}{path}")]);

    let words: Vec<&str> = line.parts.iter().flatten().map(String::as_str).collect();
    if shell == Shell::Powershell {
        line.notes.extend(powershell_notes(words.iter().copied()));
    }
    if let Some(why) = too_long(shell, words.iter().copied()) {
        return Form::unsayable(kind, format!("{why} Put the body into a file and send that."));
    }
    let program = if shell == Shell::Powershell { "curl.exe" } else { "curl" };
    let parts = line.parts.iter().map(|part| part.iter().map(|word| shell.quote(word)).collect::<Vec<_>>().join(" "));
    let parts: Vec<String> = std::iter::once(program.to_owned()).chain(parts).collect();
    let text = piped.unwrap_or_default() + &shell.command(&parts);
    Form { kind, text, notes: line.notes }
}

/// The address before the path.
fn base(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Tcp { .. } => endpoint.to_string(),
        Endpoint::Unix(_) | Endpoint::Npipe(_) | Endpoint::Container { .. } | Endpoint::Engine { .. } => {
            format!("http://{}", endpoint.authority())
        }
    }
}

struct Line {
    /// Options with their values, and the address.
    parts: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Line {
    fn new(parts: &[&[&str]]) -> Self {
        let mut line = Self { parts: Vec::new(), notes: Vec::new() };
        parts.iter().for_each(|part| line.add(part));
        line
    }

    fn add(&mut self, part: &[&str]) {
        self.parts.push(part.iter().map(|word| (*word).to_owned()).collect());
    }

    fn note(&mut self, note: &str) {
        self.notes.push(note.to_owned());
    }

    fn method(&mut self, asks: &RequestSpec<'_>) {
        let has_body = asks.body != Payload::Nothing;
        match asks.method {
            "GET" if !has_body => {}
            "POST" if has_body => {}
            "HEAD" if !has_body => self.add(&["--head"]),
            "HEAD" => {
                self.add(&["-X", "HEAD"]);
                self.note("curl waits for a body, which a response to HEAD doesn't have. Stop it with Ctrl-C.");
            }
            method => self.add(&["-X", method]),
        }
    }

    fn target(&mut self, asks: &RequestSpec<'_>) {
        if asks.version == Version::Http10 {
            self.add(&["--http1.0"]);
        }
        if asks.target == "*" {
            self.add(&["--request-target", "*"]);
        }
        // `/.` and `/..` would be taken out of the path, also where they are written as %2e.
        if asks.target.contains("/.") || asks.target.to_ascii_lowercase().contains("/%2e") {
            self.add(&["--path-as-is"]);
        }
        if asks.target.contains(['[', ']', '{', '}']) {
            self.add(&["--globoff"]);
        }
    }

    fn limits(&mut self, asks: &RequestSpec<'_>, over_tcp: bool) {
        let usual = Request::new("", "").connect_timeout_ms;
        match asks.connect_timeout_ms {
            0 => self.note("A connect timeout of 0 means curl's default; Porthole times out immediately."),
            limit if over_tcp || limit != usual => self.add(&["--connect-timeout", &seconds(limit)]),
            _ => {}
        }
        if asks.follow_redirects {
            self.add(&["--location", "--max-redirs", "10"]);
            self.note("curl also follows redirects to other servers; Porthole shows those and doesn't follow them.");
        }
        match asks.timeout_ms {
            Some(0) => self.note("A timeout of 0 means no timeout in curl; Porthole times out immediately."),
            Some(limit) => self.add(&["--max-time", &seconds(limit)]),
            None => {}
        }
    }

    fn headers(&mut self, asks: &RequestSpec<'_>) {
        for name in ["User-Agent", "Accept"] {
            if !asks.has_header(name) {
                self.add(&["-H", &format!("{name}:")]);
            }
        }
        if asks.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host")).count() > 1 {
            self.note("curl sends only the first Host header.");
        }
        for header in asks.all_headers() {
            let line = match header.value.as_str() {
                "" => format!("{};", header.name),
                value => format!("{}: {value}", header.name),
            };
            self.add(&["-H", &line]);
        }
        if !asks.headers.is_empty() {
            self.note("curl sends the same headers in a different order: Host first and Content-Length last.");
        }
    }

    /// Adds the body; one that is too long for an argument comes through a pipe; the start of its command is returned.
    fn body(&mut self, asks: &RequestSpec<'_>, shell: Shell) -> Option<String> {
        let asks_first = match &asks.body {
            Payload::Nothing => false,
            Payload::Text { text, .. } => text.len() > ASKS_FROM,
            Payload::File(_) | Payload::Parts(_) => true,
        };
        if asks_first && !asks.has_header("expect") {
            self.add(&["-H", "Expect:"]);
        }
        match &asks.body {
            Payload::Text { text, .. } if text.len() > LONGEST_ARGUMENT && shell == Shell::Posix => {
                self.add(&["--data-binary", "@-"]);
                Some(format!("printf %s {} | ", shell.quote(text)))
            }
            Payload::Text { text, .. } => {
                self.add(&["--data-raw", text]);
                None
            }
            Payload::File(path) => {
                // A bare `-` would be the standard input.
                let path = if *path == "-" { "./-" } else { *path };
                self.add(&["--data-binary", &format!("@{path}")]);
                if !std::path::Path::new(path).is_absolute() {
                    self.note(
                        "The file's path isn't absolute: it is relative to the directory where you run the command.",
                    );
                }
                None
            }
            Payload::Parts(parts) => {
                parts.iter().for_each(|part| self.part(part));
                self.note("curl generates a different boundary.");
                None
            }
            Payload::Nothing => None,
        }
    }

    /// One part of a multipart form.
    fn part(&mut self, part: &Part) {
        let Part { name, content, filename, content_type } = part;
        let mut form = match content {
            PartContent::Text { text } if filename.is_none() && content_type.is_none() => {
                // Its value is taken as it is, whatever it begins with.
                return self.add(&["--form-string", &format!("{name}={text}")]);
            }
            PartContent::Text { text } => format!("{name}={}", form_word(text)),
            PartContent::File { path } => format!("{name}=@{}", form_word(path)),
        };
        if let Some(filename) = filename {
            form.push_str(&format!(";filename={}", form_word(filename)));
        }
        if let Some(content_type) = content_type {
            form.push_str(&format!(";type={content_type}"));
        }
        self.add(&["-F", &form]);
        if name.contains('=') {
            self.note("curl ends the name of a part at its first `=`.");
        }
    }
}

/// A word in the value of `-F`, in quotes where a character of it would end it.
fn form_word(text: &str) -> String {
    if text.contains(['"', '\\', ',', ';']) || text.starts_with(['@', '<', ' ']) || text.ends_with(' ') {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text.to_owned()
    }
}

/// Milliseconds as curl takes them: seconds with decimals.
fn seconds(ms: u32) -> String {
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

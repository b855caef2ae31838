//! A `curl` line as a request. What curl adds by itself and changes how a body is read is added too; its
//! `User-Agent` and `Accept: */*` are not.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    super::Pasted,
    super::request_spec::{BYTES, JSON, TEXT},
    form_field,
    options::{Item, Options, table},
    shell_words::ShellWords,
    unknown,
    url::{self, Url},
};
use crate::draft::Draft;
use porthole_base::error::Result;
use porthole_http::exchange::{Body, Header, Part, Request, Version};

/// What makes the request.
const MEANT: &[&str] = &[
    "X=request H=header d=data =data-ascii =data-raw =data-binary =data-urlencode =json G:get I:head u=user A=user-agent",
    "e=referer b=cookie r=range m=max-time =connect-timeout =unix-socket =abstract-unix-socket 0:http1.0 :http1.1 :http2",
    ":http2-prior-knowledge F=form =form-string =url T=upload-file =request-target =oauth2-bearer g:globoff :compressed",
    "L:location :location-trusted k:insecure K=config",
];
/// What changes nothing of the request, or nothing that Porthole could do another way.
const LEFT_OUT: &[&str] = &[
    "s:silent S:show-error v:verbose i:include :show-headers o=output O:remote-name J:remote-header-name w=write-out f:fail",
    ":fail-with-body D=dump-header N:no-buffer #:progress-bar :no-progress-meter =stderr =trace =trace-ascii :trace-time",
    "=retry =retry-delay =retry-max-time :retry-connrefused :retry-all-errors :path-as-is =noproxy x=proxy =resolve",
    "=connect-to 4:ipv4 6:ipv6 c=cookie-jar j:junk-session-cookies =cacert =capath E=cert =key =ciphers :tlsv1.2 :tlsv1.3",
    ":ssl-no-revoke =limit-rate y=speed-time Y=speed-limit :no-keepalive =keepalive-time :tcp-nodelay =max-redirs",
    ":post301 :post302 :post303 :basic :raw q:disable :create-dirs =output-dir =interface =local-port :styled-output",
    ":no-styled-output =max-filesize =expect100-timeout :disallow-username-in-url R:remote-time n:netrc",
];
/// Said in every line that Porthole prints, and done here anyway.
const DONE_ANYWAY: [&str; 3] = ["path-as-is", "noproxy", "globoff"];

/// Bytes as `--data-urlencode` writes them.
const DATA: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What was collected of a line.
#[derive(Default)]
struct Read {
    method: Option<String>,
    urls: Vec<String>,
    request_target: Option<String>,
    headers: Vec<Header>,
    removed: Vec<String>,
    data: Option<Data>,
    upload: Option<String>,
    parts: Vec<Part>,
    follows: bool,
    get: bool,
    head: bool,
    json: bool,
    globoff: bool,
    user: Option<String>,
    version: Version,
    timeout_ms: Option<u32>,
    connect_timeout_ms: Option<u32>,
    socket: Option<String>,
    notes: Vec<String>,
}

/// What is given by `-d` and its relatives.
enum Data {
    Text(String),
    File(String),
}

pub(super) fn read(line: &ShellWords) -> Result<Pasted> {
    let known = [table(MEANT), table(LEFT_OUT)].concat();
    let mut options = Options::new("curl", &known, line.words.get(1..).unwrap_or_default());
    let mut read = Read::default();
    while let Some(item) = options.next()? {
        match item {
            Item::Word(url) => read.urls.push(url),
            Item::Option(name, value) => read.option(name, value, line.input.as_deref())?,
        }
    }
    read.request()
}

/// Refuses an option that reads what isn't in the line, or isn't supported.
fn refuse_unreadable(name: &str, given: &str) -> Result<()> {
    match name {
        "cookie" if !given.contains('=') => Err(unknown(format!("`-b {given}` reads cookies from a file"))
            .hint("Paste the cookies as a header: -H 'Cookie: name=value'.")),
        "upload-file" if given == "-" || given == "." => Err(no_input()),
        "config" => {
            Err(unknown(format!("`-K {given}` reads options from a file")).hint("Paste the options themselves."))
        }
        _ => Ok(()),
    }
}

impl Read {
    fn option(&mut self, name: &'static str, value: Option<String>, input: Option<&str>) -> Result<()> {
        let given = value.clone().unwrap_or_default();
        refuse_unreadable(name, &given)?;
        match name {
            "request" => self.method = Some(given),
            "url" => self.urls.push(given),
            "request-target" => self.request_target = Some(given),
            "header" => self.header(&given)?,
            "user-agent" => self.set("User-Agent", given),
            "referer" => {
                let referer = given.strip_suffix(";auto").unwrap_or(&given).to_owned();
                self.set("Referer", referer);
            }
            "cookie" => self.set("Cookie", given),
            "range" => self.set("Range", format!("bytes={given}")),
            "oauth2-bearer" => self.set("Authorization", format!("Bearer {given}")),
            "user" => self.user = Some(given),
            "data" | "data-ascii" => self.data("&", given, Some("data"), input)?,
            "data-raw" => self.data("&", given, None, input)?,
            "data-binary" => self.data("&", given, Some("data-binary"), input)?,
            "json" => {
                self.json = true;
                self.data("", given, Some("json"), input)?;
            }
            "data-urlencode" => {
                let encoded = urlencoded(&given)?;
                self.data("&", encoded, None, input)?;
            }
            "form" => self.parts.push(form_field::read(&given)?),
            "form-string" => self.parts.push(form_field::plain(&given)?),
            "upload-file" => self.upload = Some(given),
            "get" => self.get = true,
            "head" => self.head = true,
            "globoff" => self.globoff = true,
            "http1.0" => self.version = Version::Http10,
            "http1.1" => self.version = Version::Http11,
            "http2" | "http2-prior-knowledge" => {
                self.version = Version::Http11;
                self.note(format!("`--{name}` is left out: Porthole uses HTTP/1.1."));
            }
            "max-time" => self.timeout_ms = milliseconds(name, &given)?,
            "connect-timeout" => self.connect_timeout_ms = milliseconds(name, &given)?,
            "unix-socket" | "abstract-unix-socket" => self.socket = Some(given),
            "location" | "location-trusted" => self.follows = true,
            "max-redirs" if given == "10" => {}
            "insecure" => self.note("`-k` is left out: a backend's socket has no certificate."),
            "compressed" => {
                self.note("`--compressed` is left out: add an Accept-Encoding header to request compression.")
            }
            name if DONE_ANYWAY.contains(&name) => {}
            name => {
                let value = value.map(|value| format!(" {value}")).unwrap_or_default();
                self.note(format!("`--{name}{value}` has no effect here and is left out."));
            }
        }
        Ok(())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// `Name: value`, `Name;` for an empty value, `Name:` to send none.
    fn header(&mut self, line: &str) -> Result<()> {
        if let Some(file) = line.strip_prefix('@') {
            return Err(
                unknown(format!("`-H @{file}` reads headers from a file")).hint("Paste the headers themselves.")
            );
        }
        match (line.split_once(':'), line.strip_suffix(';')) {
            (Some((name, value)), _) if value.trim_ascii().is_empty() => self.removed.push(name.trim().to_owned()),
            (Some((name, value)), _) => {
                let (name, value) = (name.trim().to_owned(), value.trim_matches([' ', '\t']).to_owned());
                self.headers.push(Header { name, value });
            }
            (None, Some(name)) => self.headers.push(Header { name: name.to_owned(), value: String::new() }),
            (None, None) => {
                return Err(unknown(format!("`{line}` isn't a header")).hint("Write -H 'Name: value'."));
            }
        }
        Ok(())
    }

    /// A header that its own option sets; one given by `-H` wins.
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() && !self.has(name) {
            self.headers.push(Header { name: name.to_owned(), value });
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name))
    }

    fn data(&mut self, between: &str, given: String, at: Option<&str>, input: Option<&str>) -> Result<()> {
        let more = match (at, given.strip_prefix('@')) {
            (Some(_), Some("-")) => Data::Text(input.ok_or_else(no_input)?.to_owned()),
            (Some(option), Some(file)) => {
                if option == "data" {
                    self.note(format!(
                        "`-d @{file}` would remove the line breaks from the file; it is sent unchanged."
                    ));
                }
                Data::File(file.to_owned())
            }
            _ => Data::Text(given),
        };
        self.data = Some(match (self.data.take(), more) {
            (None, more) => more,
            (Some(Data::Text(text)), Data::Text(more)) => Data::Text(format!("{text}{between}{more}")),
            _ => {
                return Err(
                    unknown("A body made of a file and other data isn't supported").hint("Put it all into one file.")
                );
            }
        });
        Ok(())
    }

    fn request(mut self) -> Result<Pasted> {
        let Some(url) = self.urls.pop() else {
            return Err(unknown("The line has no URL").hint("Paste the whole line, with http://localhost/path."));
        };
        if let Some(other) = self.urls.first() {
            return Err(unknown(format!("The line has two URLs: `{other}` and `{url}`"))
                .hint("Paste one request. An option without its value looks like a URL."));
        }
        let url = url::read(&url, !self.globoff)?;
        self.tell_where(&url);
        let mut path = self.request_target.take().unwrap_or_else(|| url.target.clone());
        if self.get
            && let Some(data) = self.data.take()
        {
            let Data::Text(text) = data else { return Err(unknown("`-G` with a file isn't supported")) };
            path = format!("{path}{}{text}", if path.contains('?') { "&" } else { "?" });
        }
        let implied = match (&self.upload, &self.data) {
            _ if self.head => "HEAD",
            (Some(_), _) => "PUT",
            (None, Some(_)) => "POST",
            (None, None) if !self.parts.is_empty() => "POST",
            (None, None) => "GET",
        };
        if let Some(user) = self.user.clone().or(url.user) {
            if !user.contains(':') {
                return Err(unknown(format!("`-u {user}` has no password; curl would ask for it"))
                    .hint("Write -u name:password."));
            }
            self.set("Authorization", url::basic(&user)?);
        }
        if let Some(file) = self.upload.take() {
            if path.ends_with('/') {
                path.push_str(file.rsplit('/').next().unwrap_or_default());
            }
            self.data = Some(Data::File(file));
        } else if self.data.is_some() && !self.has("Content-Type") && !self.is_removed("content-type") {
            let value = if self.json { JSON } else { "application/x-www-form-urlencoded" };
            self.headers.insert(0, Header { name: "Content-Type".into(), value: value.into() });
        }
        if self.json && !self.has("Accept") {
            self.headers.push(Header { name: "Accept".into(), value: JSON.into() });
        }
        let mut request = Request::new(self.method.take().unwrap_or_else(|| implied.to_owned()), path);
        request.body = if self.parts.is_empty() { self.body() } else { self.form()? };
        request.follow_redirects = self.follows;
        request.headers = std::mem::take(&mut self.headers);
        request.version = self.version;
        request.timeout_ms = self.timeout_ms;
        request.connect_timeout_ms = self.connect_timeout_ms.unwrap_or(request.connect_timeout_ms);
        Ok(Pasted { composed: Draft::Request(request), notes: self.notes })
    }

    /// The multipart form. The boundary of a Content-Type that names none is curl's.
    fn form(&mut self) -> Result<Body> {
        if self.data.is_some() {
            return Err(unknown("`-F` and `-d` are two bodies").hint("Paste one of them."));
        }
        self.headers.retain(|header| {
            !header.name.eq_ignore_ascii_case("content-type")
                || header.value.contains("boundary=")
                || !header.value.to_ascii_lowercase().starts_with("multipart/form-data")
        });
        Ok(Body::Multipart { parts: std::mem::take(&mut self.parts) })
    }

    fn is_removed(&self, name: &str) -> bool {
        self.removed.iter().any(|removed| removed.eq_ignore_ascii_case(name))
    }

    /// The endpoint is the target's and no part of a request.
    fn tell_where(&mut self, url: &Url) {
        match self.socket.take() {
            Some(socket) => {
                self.note(format!("The socket {socket} is ignored: the request goes to the target's endpoint."))
            }
            None => {
                self.note(format!("The host {} is ignored: the request goes to the target's endpoint.", url.authority))
            }
        }
        url.tell_rest(&mut self.notes);
        let own = ["accept", "user-agent", "expect", "content-type", "connection", "accept-encoding"];
        let kept: Vec<String> =
            self.removed.iter().filter(|name| !own.contains(&name.to_ascii_lowercase().as_str())).cloned().collect();
        for name in kept {
            self.note(format!("`-H {name}:` has no effect on what Porthole sends."));
        }
    }

    /// The body, by the kind that its Content-Type says. A header that comes with that kind anyway is not composed.
    fn body(&mut self) -> Body {
        let Some(data) = self.data.take() else { return Body::None };
        let content_type = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
        let value = content_type.map(|header| header.value.clone()).unwrap_or_default();
        let body = match data {
            Data::File(path) => Body::File { path },
            Data::Text(text) if value.to_ascii_lowercase().contains("json") => Body::Json { text },
            Data::Text(text) => Body::Text { text },
        };
        let own = match body {
            Body::File { .. } => BYTES,
            Body::Json { .. } => JSON,
            _ => TEXT,
        };
        if value.is_empty() && content_type.is_none() {
            self.note(format!("curl sends no Content-Type here; Porthole sends {own}."));
        }
        let first = self.headers.iter().position(|header| header.name.eq_ignore_ascii_case("content-type"));
        if let Some(at) = first
            && self.headers[at].value == own
        {
            self.headers.remove(at);
        }
        body
    }
}

fn no_input() -> porthole_base::error::Error {
    unknown("The body comes from standard input")
        .hint("Put it into a file and use that, for example --data-binary @body.json.")
}

/// `content`, `=content` or `name=content`.
fn urlencoded(given: &str) -> Result<String> {
    let encode = |text: &str| utf8_percent_encode(text, DATA).to_string();
    match (given.split_once('='), given.find('@')) {
        (Some((name, content)), at) if at.is_none_or(|at| at > name.len()) => match name {
            "" => Ok(encode(content)),
            name => Ok(format!("{name}={}", encode(content))),
        },
        (_, Some(_)) => {
            Err(unknown(format!("`--data-urlencode {given}` reads a file")).hint("Paste the text instead."))
        }
        (_, None) => Ok(encode(given)),
    }
}

/// Seconds with decimals as milliseconds; 0 means no limit.
pub(super) fn milliseconds(option: &str, given: &str) -> Result<Option<u32>> {
    let wrong = || unknown(format!("`--{option} {given}` isn't a number of seconds"));
    let seconds: f64 = given.parse().map_err(|_| wrong())?;
    let ms = (seconds * 1000.0).round();
    if !(0.0..=f64::from(u32::MAX)).contains(&ms) {
        return Err(wrong());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the bounds of a u32")]
    Ok(Some(ms as u32).filter(|ms| *ms > 0))
}

//! PowerShell's `Invoke-RestMethod` and `Invoke-WebRequest` as a request, as people write them and browsers copy them.

use super::{
    super::Pasted,
    unknown, url,
    windows::{double, is_double, is_single, single},
};
use crate::draft::Draft;
use porthole_base::error::Result;
use porthole_http::exchange::{Body, Header, Part, PartContent, Request};

const NAMES: [&str; 4] = ["invoke-restmethod", "invoke-webrequest", "irm", "iwr"];

/// Whether a text is one, perhaps after the lines about a session that browsers put before it.
pub(super) fn is_one(text: &str) -> bool {
    let start = command_of(text).0.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    NAMES.contains(&start.as_str())
}

/// The command, and whether there were lines before it.
fn command_of(text: &str) -> (&str, bool) {
    let mut rest = text.trim_start();
    while rest.starts_with("$session") {
        match rest.split_once('\n') {
            Some((_, after)) => rest = after.trim_start(),
            None => break,
        }
    }
    // What it is assigned to.
    let command = match rest.split_once('=') {
        Some((name, command)) if name.starts_with('$') && !name.trim_end().contains([' ', '\n']) => {
            command.trim_start()
        }
        _ => rest,
    };
    (command, rest.len() < text.trim_start().len())
}

/// A value of a parameter.
#[derive(Debug)]
enum Value {
    Text(String),
    Table(Vec<(String, Self)>),
    /// `Get-Item PATH`
    File(String),
}

pub(super) fn read(text: &str) -> Result<Pasted> {
    let plain = text.replace("\r\n", "\n");
    let (command, had_session) = command_of(&plain);
    let mut reader = Reader { rest: command };
    reader.bare();
    let mut notes = Vec::new();
    if had_session {
        notes.push("The session is left out, with its user agent and cookies.".to_owned());
    }
    let mut collected = Collected { notes, ..Collected::default() };
    while let Some(parameter) = reader.parameter()? {
        match parameter {
            Some(parameter) => collected.take(&parameter, &mut reader)?,
            None => collected.address = Some(reader.text("Uri")?),
        }
    }
    collected.request()
}

/// What the parameters say.
#[derive(Default)]
struct Collected {
    address: Option<String>,
    method: Option<String>,
    headers: Vec<Header>,
    body: Body,
    content_type: Option<String>,
    timeout: Option<String>,
    notes: Vec<String>,
}

impl Collected {
    fn take(&mut self, parameter: &str, reader: &mut Reader<'_>) -> Result<()> {
        match parameter {
            "uri" => self.address = Some(reader.text("Uri")?),
            "method" | "custommethod" => self.method = Some(reader.text("Method")?.to_ascii_uppercase()),
            "headers" => {
                let Value::Table(rows) = reader.value()? else { return Err(no_table("-Headers")) };
                for (name, value) in rows {
                    let Value::Text(value) = value else { return Err(no_table("-Headers")) };
                    self.headers.push(Header { name, value });
                }
            }
            "body" => {
                self.body = match reader.value()? {
                    Value::Text(text) => Body::Text { text },
                    Value::Table(rows) => {
                        let fields = rows.into_iter().map(|(name, value)| match value {
                            Value::Text(value) => Ok(porthole_http::exchange::Param { name, value }),
                            _ => Err(no_table("-Body")),
                        });
                        Body::Form { fields: fields.collect::<Result<_>>()? }
                    }
                    Value::File(path) => Body::File { path },
                };
            }
            "infile" => self.body = Body::File { path: reader.text("InFile")? },
            "form" => {
                let Value::Table(rows) = reader.value()? else { return Err(no_table("-Form")) };
                self.body = Body::Multipart { parts: rows.into_iter().map(part).collect::<Result<_>>()? };
            }
            "contenttype" => self.content_type = Some(reader.text("ContentType")?),
            "useragent" => self.headers.push(Header { name: "User-Agent".into(), value: reader.text("UserAgent")? }),
            "timeoutsec" => self.timeout = Some(reader.text("TimeoutSec")?),
            "usebasicparsing"
            | "skipcertificatecheck"
            | "disablekeepalive"
            | "passthru"
            | "skipheadervalidation"
            | "allowunencryptedauthentication" => {
                self.notes.push(format!("`-{parameter}` has no effect here and is left out."))
            }
            "outfile" | "websession" | "sessionvariable" | "maximumredirection" | "proxy" | "unixsocket" => {
                reader.skip()?;
                self.notes.push(format!("`-{parameter}` is left out."));
            }
            _ => {
                return Err(unknown(format!("`-{parameter}` of Invoke-RestMethod isn't supported"))
                    .hint("Paste the command without it, and set its effect in the form."));
            }
        }
        Ok(())
    }

    fn request(self) -> Result<Pasted> {
        let Self { address, method, mut headers, mut body, content_type, timeout, mut notes } = self;
        let address =
            address.ok_or_else(|| unknown("The command has no URL").hint("Write -Uri 'http://localhost/path'."))?;
        let address = url::read(&address, false)?;
        address.tell(&mut notes);
        let has_body = body != Body::None;
        let method = method.unwrap_or_else(|| "GET".to_owned());
        let mut request = Request::new(method.clone(), address.target);
        let given = headers.iter().position(|header: &Header| header.name.eq_ignore_ascii_case("content-type"));
        let content_type = content_type.or_else(|| given.map(|at| headers.remove(at).value));
        // A table is a query where the method has no body.
        if let (Body::Form { fields }, "GET" | "HEAD") = (&body, method.as_str()) {
            let query = porthole_http::exchange::urlencoded(fields);
            request.path.push(if request.path.contains('?') { '&' } else { '?' });
            request.path.push_str(&query);
            body = Body::None;
        }
        if let (Body::Text { text }, Some(kind)) = (&body, &content_type)
            && kind.to_ascii_lowercase().contains("json")
        {
            body = Body::Json { text: text.clone() };
        }
        let kind = match (&content_type, &body) {
            (None, Body::Text { .. }) if has_body && method == "POST" => {
                Some("application/x-www-form-urlencoded".to_owned())
            }
            _ => content_type,
        };
        if let Some(value) = kind
            && body.content_type() != Some(value.as_str())
        {
            headers.insert(0, Header { name: "Content-Type".into(), value });
        }
        request.headers = headers;
        request.body = body;
        request.timeout_ms =
            timeout.map(|given: String| super::curl::milliseconds("TimeoutSec", &given)).transpose()?.flatten();
        notes.push("PowerShell follows redirects; here they are followed only with Follow redirects.".into());
        Ok(Pasted { composed: Draft::Request(request), notes })
    }
}

fn part((name, value): (String, Value)) -> Result<Part> {
    let content = match value {
        Value::Text(text) => PartContent::Text { text },
        Value::File(path) => PartContent::File { path },
        Value::Table(_) => return Err(no_table("-Form")),
    };
    Ok(Part { name, content, filename: None, content_type: None })
}

fn no_table(parameter: &str) -> porthole_base::error::Error {
    unknown(format!("The value of `{parameter}` isn't supported")).hint("Write it as @{ name = 'value' }.")
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Past spaces and continued lines.
    fn space(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            match self.rest.strip_prefix("`\n") {
                Some(rest) => self.rest = rest,
                None => return,
            }
        }
    }

    /// The name of the next parameter in lower case; no name where a value follows by itself.
    fn parameter(&mut self) -> Result<Option<Option<String>>> {
        self.space();
        if self.rest.trim().is_empty() {
            return Ok(None);
        }
        if self.rest.starts_with(['\n', '|', ';']) {
            return Err(unknown("The text has more than one command").hint("Paste one command."));
        }
        match self.rest.strip_prefix('-') {
            Some(rest) => {
                self.rest = rest;
                let name = self.bare().to_ascii_lowercase();
                Ok(Some(Some(name.trim_end_matches(':').to_owned())))
            }
            None => Ok(Some(None)),
        }
    }

    fn bare(&mut self) -> String {
        let ends = |c: char| c.is_whitespace() || ";|(){}=,".contains(c) || is_single(c) || is_double(c);
        let (word, rest) = self.rest.split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word.to_owned()
    }

    fn text(&mut self, parameter: &str) -> Result<String> {
        match self.value()? {
            Value::Text(text) => Ok(text),
            _ => Err(unknown(format!("The value of `-{parameter}` isn't a string"))),
        }
    }

    fn value(&mut self) -> Result<Value> {
        self.space();
        let mut text = String::new();
        if let Some(rest) = self.rest.strip_prefix("@{") {
            self.rest = rest;
            return self.table();
        }
        // Parentheses around one value.
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let value = self.value()?;
            self.space();
            self.rest = self.rest.strip_prefix(')').ok_or_else(|| self.expression())?;
            return Ok(value);
        }
        match self.rest.chars().next() {
            Some(c) if is_single(c) => self.rest = single(&self.rest[c.len_utf8()..], &mut text)?,
            Some(c) if is_double(c) => self.rest = double(&self.rest[c.len_utf8()..], &mut text)?,
            Some(c) if !"$@({[".contains(c) => {
                // Of an address, `=` and `,` are part.
                let end = self.rest.find(|c: char| c.is_whitespace() || ";|)}".contains(c)).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                // Nothing read would be read forever.
                if word.is_empty() {
                    return Err(self.expression());
                }
                self.rest = rest;
                text.push_str(word);
                if ["get-item", "gi"].contains(&word.to_ascii_lowercase().as_str()) {
                    self.space();
                    for option in ["-Path", "-LiteralPath"] {
                        self.rest = self.rest.strip_prefix(option).unwrap_or(self.rest);
                    }
                    return Ok(Value::File(self.text("Path")?));
                }
            }
            _ => return Err(self.expression()),
        }
        Ok(Value::Text(text))
    }

    /// `name = value`, by semicolons or on lines, up to the closing brace.
    fn table(&mut self) -> Result<Value> {
        let mut rows = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', ';']);
            if let Some(rest) = self.rest.strip_prefix('}') {
                self.rest = rest;
                return Ok(Value::Table(rows));
            }
            let name = match self.rest.chars().next() {
                None => return Err(unknown("A table isn't closed").hint("Copy the whole command.")),
                Some(c) if is_single(c) || is_double(c) => self.text("name")?,
                Some(_) => self.bare(),
            };
            self.space();
            self.rest = self.rest.strip_prefix('=').filter(|_| !name.is_empty()).ok_or_else(|| self.expression())?;
            rows.push((name, self.value()?));
        }
    }

    /// Past a value that has no meaning here.
    fn skip(&mut self) -> Result<()> {
        self.space();
        if self.rest.starts_with('$') {
            self.bare();
            return Ok(());
        }
        self.value().map(drop)
    }

    fn expression(&self) -> porthole_base::error::Error {
        let start: String = self.rest.chars().take_while(|c| !c.is_whitespace()).take(30).collect();
        unknown(format!("`{start}` is a PowerShell expression, which isn't supported"))
            .hint("Insert the value as a string in single quotes.")
    }
}

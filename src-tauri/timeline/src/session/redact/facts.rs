//! What is taken out of a call's facts. They are walked in the form in which they are written, so that nothing is
//! overlooked that is added to them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{
    FieldNames, PLACEHOLDER, RedactOptions, RedactionKind, RedactionPlace, Tally,
    fields::FieldRedactor,
    names::{is_credential_header, is_secret_variable},
    secrets::{Collected, Secrets},
    urls::UrlPasswords,
    values::is_specific,
};
use porthole_base::error::{Code, Error, Result};
use porthole_sdk::call::Call;

/// Members with fixed words as values.
const WORDS: [&str; 13] = [
    "kind",
    "code",
    "stage",
    "version",
    "signal",
    "envMode",
    "whose",
    "what",
    "list",
    "client",
    "protocol",
    "runtime",
    "containment",
];

/// Takes out what is known by its name.
pub(super) struct Redactor<'a> {
    pub options: &'a RedactOptions,
    pub fields: &'a FieldNames,
    pub tally: &'a mut Tally,
    pub collected: &'a mut Collected,
}

impl Redactor<'_> {
    /// The facts without it. What was taken out is collected.
    pub fn by_name(&mut self, call: Call) -> Result<Call> {
        on_value(call, |value| {
            each_place(value, &mut |value, place| self.walk(value, place));
        })
    }

    fn walk(&mut self, value: &mut Value, place: RedactionPlace) {
        match value {
            Value::String(text) => self.text(text, place, true),
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, place)),
            Value::Object(fields) => {
                self.form_field(fields, place);
                for (name, value) in fields.iter_mut().filter(|(name, _)| !WORDS.contains(&name.as_str())) {
                    self.member(name, value, place);
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, name: &str, value: &mut Value, place: RedactionPlace) {
        match (name, &mut *value) {
            ("headers" | "trailers", Value::Array(lines)) => {
                for line in lines.iter_mut().filter_map(Value::as_object_mut) {
                    self.header(line, place);
                    self.line(line, place);
                }
                return;
            }
            // Rows that are switched off are headers, and others.
            ("off", Value::Array(rows)) => {
                for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                    self.header(row, place);
                    self.form_field(row, place);
                }
            }
            ("env", Value::Array(variables)) => {
                for variable in variables.iter_mut().filter_map(Value::as_object_mut) {
                    self.variable(variable, place);
                    self.line(variable, place);
                }
                return;
            }
            ("args", Value::Array(args)) => self.arguments(args, place),
            _ => {}
        }
        self.walk(value, place);
    }

    /// Looks into the value of a header or a variable. By its name it was looked at, and may be one that stays.
    fn line(&mut self, line: &mut Map<String, Value>, place: RedactionPlace) {
        if let Some(Value::String(text)) = line.get_mut("value") {
            self.text(text, place, false);
        }
    }

    fn header(&mut self, line: &mut Map<String, Value>, place: RedactionPlace) {
        let Some((name, value)) = pair(line) else { return };
        if let Some(redacted) = self.header_value(&name, &value, place) {
            line.insert("value".to_owned(), redacted.into());
        }
    }

    /// The value of a header without its credentials, if it has any.
    fn header_value(&mut self, name: &str, value: &str, place: RedactionPlace) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        if self.options.cookies && matches!(lower.as_str(), "cookie" | "set-cookie") {
            let (replaced, secrets) = cookies(value, lower == "set-cookie");
            secrets.iter().for_each(|secret| self.collected.add(secret));
            if !secrets.is_empty() {
                self.tally.add(RedactionKind::Cookie, name, place, secrets.len() as u64);
            }
            return (!secrets.is_empty()).then_some(replaced);
        }
        let is_named = self.options.headers.iter().any(|one| one.eq_ignore_ascii_case(name));
        // A header with credentials is one, also where a field has the same name.
        let is_secret = if is_credential_header(name) { self.options.authorization } else { self.fields.has(name) };
        if !is_named && !is_secret {
            return None;
        }
        // `Bearer` and `Basic` tell nothing.
        let (scheme, secret) = match value.split_once(' ') {
            Some((scheme, secret)) if lower.ends_with("authorization") => (format!("{scheme} "), secret),
            _ => (String::new(), value),
        };
        if !is_new(secret) || !is_named && matches!(secret.to_ascii_lowercase().as_str(), "true" | "false") {
            return None;
        }
        self.collected.add(secret);
        if scheme.eq_ignore_ascii_case("basic ") {
            self.basic(secret);
        }
        self.tally.add(RedactionKind::Header, name, place, 1);
        Some(format!("{scheme}{PLACEHOLDER}"))
    }

    /// The password in `user:password` of the Basic scheme may be elsewhere without that encoding.
    fn basic(&mut self, encoded: &str) {
        let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((_, password)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            self.collected.add(password);
        }
    }

    fn variable(&mut self, variable: &mut Map<String, Value>, place: RedactionPlace) {
        let Some((name, value)) = pair(variable) else { return };
        if self.options.environment && is_new(&value) {
            self.variable_found(&name, &value, place);
            variable.insert("value".to_owned(), PLACEHOLDER.into());
        }
    }

    fn variable_found(&mut self, name: &str, value: &str, place: RedactionPlace) {
        // Others, as `production` or a path, occur by chance.
        if is_secret_variable(name) || is_specific(name, value) {
            self.collected.add(value);
        }
        // It is replaced here, and its password wherever else it is.
        UrlPasswords::collect(value, self.collected);
        self.tally.add(RedactionKind::Variable, name, place, 1);
    }

    /// `-e NAME=value`, `--env=NAME=value`, `--token value` and `--token=value`.
    fn arguments(&mut self, args: &mut [Value], place: RedactionPlace) {
        let mut before = String::new();
        for value in args {
            let Value::String(arg) = value else { continue };
            let this = arg.clone();
            let variable = match before.as_str() {
                "-e" | "--env" => Some(("", this.as_str())),
                _ => this.strip_prefix("--env=").map(|rest| ("--env=", rest)),
            };
            if let Some((prefix, (name, secret))) =
                variable.and_then(|(prefix, rest)| Some((prefix, rest.split_once('=')?)))
                && self.options.environment
                && is_new(secret)
            {
                self.variable_found(name, secret, place);
                *arg = format!("{prefix}{name}={PLACEHOLDER}");
            } else if let Some((option, secret)) = this.split_once('=').filter(|one| self.is_set(*one)) {
                self.field_found(option.trim_start_matches('-'), secret, place);
                *arg = format!("{option}={PLACEHOLDER}");
            } else if self.is_option(&before) && !this.starts_with('-') && is_new(&this) {
                self.field_found(before.trim_start_matches('-'), &this, place);
                PLACEHOLDER.clone_into(arg);
            } else if matches!(before.as_str(), "-H" | "--header")
                && let Some((name, value)) = this.split_once(':')
                && let Some(redacted) = self.header_value(name.trim(), value.trim(), place)
            {
                *arg = format!("{name}: {redacted}");
            }
            before = this;
        }
    }

    /// Whether this option is set to something secret.
    fn is_set(&self, (option, value): (&str, &str)) -> bool {
        self.is_option(option) && is_new(value)
    }

    fn is_option(&self, option: &str) -> bool {
        option.starts_with("--") && self.fields.has(option.trim_start_matches('-'))
    }

    fn field_found(&mut self, name: &str, secret: &str, place: RedactionPlace) {
        self.collected.add(secret);
        self.tally.add(RedactionKind::Field, name, place, 1);
    }

    /// A field of a form, a part of one, or a parameter of a query.
    fn form_field(&mut self, field: &mut Map<String, Value>, place: RedactionPlace) {
        let Some(name) = field.get("name").and_then(Value::as_str).filter(|name| self.fields.has(name)) else { return };
        let name = name.to_owned();
        let secret = match field.get_mut("value") {
            Some(secret) => secret,
            None => match field.get_mut("content").and_then(|content| content.get_mut("text")) {
                Some(secret) => secret,
                None => return,
            },
        };
        if let Some(text) = secret.as_str().filter(|text| !text.is_empty() && *text != PLACEHOLDER) {
            self.field_found(&name, text, place);
            *secret = PLACEHOLDER.into();
        }
    }

    /// Fields of JSON in a text, of a query, and of a form if the text may be one: a cookie looks the same.
    fn text(&mut self, text: &mut String, place: RedactionPlace, may_be_form: bool) {
        if text.contains('"') {
            let mut out = Vec::with_capacity(text.len());
            let mut redactor = FieldRedactor::new(self.fields);
            let (tally, collected) = (&mut *self.tally, &mut *self.collected);
            let mut any = false;
            let mut found = |name: &str, value: Option<&str>| {
                any = true;
                value.into_iter().for_each(|value| collected.add(value));
                tally.add(RedactionKind::Field, name, place, 1);
            };
            redactor.push(text.as_bytes(), &mut out, &mut found);
            redactor.finish(&mut out, &mut found);
            if any {
                *text = String::from_utf8_lossy(&out).into_owned();
            }
        }
        if text.contains('=') {
            self.query(text, place, may_be_form);
        }
        // They are replaced with all secrets that are known then.
        if self.options.authorization {
            UrlPasswords::collect(text, self.collected);
        }
    }

    fn query(&mut self, text: &mut String, place: RedactionPlace, may_be_form: bool) {
        let mut out = String::new();
        let mut rest = text.as_str();
        // A form, and `NAME=value`, begin with a name.
        let mut next = if may_be_form { Some(0) } else { rest.find(['?', '&']).map(|at| at + 1) };
        while let Some(begin) = next {
            let (before, after) = rest.split_at(begin);
            out.push_str(before);
            rest = after;
            next = rest.find(['?', '&']).map(|at| at + 1);
            let Some((name, value)) = after.split_once('=') else { continue };
            let decoded = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
            if !is_name(name) || !self.fields.has(&decoded) {
                continue;
            }
            let end = value.find(['&', '#', ' ', '"', '\'', '<', '>', '\n']).unwrap_or(value.len());
            let secret = percent_encoding::percent_decode_str(&value[..end]).decode_utf8_lossy().into_owned();
            if !secret.is_empty() && secret != PLACEHOLDER {
                self.field_found(&decoded, &secret, place);
                out.push_str(name);
                out.push('=');
                out.push_str(PLACEHOLDER);
                rest = &value[end..];
                next = rest.find(['?', '&']).map(|at| at + 1);
            }
        }
        out.push_str(rest);
        *text = out;
    }
}

/// Takes out secrets wherever they are.
pub(super) fn replace_known(call: &mut Call, secrets: &Secrets, tally: &mut Tally) -> Result<()> {
    fn walk(value: &mut Value, secrets: &Secrets, tell: &mut dyn FnMut(u64)) {
        match value {
            Value::String(text) => {
                if let Some((replaced, count)) = secrets.replaced(text) {
                    tell(count);
                    *text = replaced;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, secrets, tell)),
            Value::Object(fields) => {
                let texts = fields.iter_mut().filter(|(name, _)| !WORDS.contains(&name.as_str()));
                texts.for_each(|(_, value)| walk(value, secrets, tell));
            }
            _ => {}
        }
    }
    *call = on_value(call.clone(), |value| {
        each_place(value, &mut |value, place| {
            walk(value, secrets, &mut |count| tally.add(RedactionKind::Known, "", place, count));
        });
    })?;
    Ok(())
}

/// Changes a call in the form in which it is written.
fn on_value(call: Call, change: impl FnOnce(&mut Value)) -> Result<Call> {
    let internal = |error: serde_json::Error| Error::new(Code::Internal, "A call can't be redacted").detail(error);
    let mut value = serde_json::to_value(&call).map_err(internal)?;
    change(&mut value);
    serde_json::from_value(value).map_err(internal)
}

/// The parts of a call that the user or others filled, each with its place. Kinds, codes and times aren't theirs.
fn each_place(call: &mut Value, tell: &mut dyn FnMut(&mut Value, RedactionPlace)) {
    if let Some(asked) = call.get_mut("sdk").and_then(|sdk| sdk.get_mut("asked")) {
        tell(asked, RedactionPlace::Code);
    }
    let Some(act) = call.get_mut("act") else { return };
    for (name, place) in [
        ("request", RedactionPlace::Request),
        ("sent", RedactionPlace::Request),
        ("redirects", RedactionPlace::Response),
        ("informational", RedactionPlace::Response),
        ("response", RedactionPlace::Response),
        ("trailers", RedactionPlace::Response),
        ("excess", RedactionPlace::Response),
        ("failure", RedactionPlace::Error),
        ("command", RedactionPlace::Command),
        ("resolved", RedactionPlace::Command),
        ("started", RedactionPlace::Command),
        ("fed", RedactionPlace::Error),
    ] {
        let Some(part) = act.get_mut(name) else { continue };
        if name == "trailers" {
            let mut whole = serde_json::json!({ "trailers": part.take() });
            tell(&mut whole, place);
            *part = whole["trailers"].take();
        } else {
            tell(part, place);
        }
    }
}

/// Whether a field can have this name as it is in a form or a query.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']' | '%' | '+' | '$' | ':');
    name.len() <= 256 && name.chars().all(is_part)
}

/// Whether there is a value that wasn't redacted before.
fn is_new(value: &str) -> bool {
    !value.is_empty() && value != PLACEHOLDER
}

fn pair(line: &Map<String, Value>) -> Option<(String, String)> {
    let text = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("name")?, text("value")?))
}

/// A cookie header without the values, and these.
fn cookies(header: &str, sets: bool) -> (String, Vec<String>) {
    let mut secrets = Vec::new();
    let parts = header.split(';').enumerate().map(|(n, part)| match part.split_once('=') {
        // What follows the first pair says where and how long.
        Some((name, value)) if is_new(value) && !(sets && n > 0) => {
            secrets.push(value.trim().trim_matches('"').to_owned());
            format!("{name}={PLACEHOLDER}")
        }
        _ => part.to_owned(),
    });
    let parts: Vec<String> = parts.collect();
    (parts.join(";"), secrets)
}

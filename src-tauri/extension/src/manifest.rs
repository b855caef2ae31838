//! The manifest, read leniently: what can be made out is taken, and what is not as it should be is
//! said.

mod contents;

use std::collections::HashMap;

pub use contents::{Backend, Binary, Manifest, Named, Platform, Tab};
use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Array, Object, ObjectProp, Value},
    common::Ranged,
    errors::ParseError,
    parse_to_ast,
};

use super::location::{self, Lines};
use porthole_base::error::{Code, Error, Result};
use porthole_sdk::diagnostic::{Diagnostic, DiagnosticCode, Severity};
use porthole_sdk::runtime::{Certainty, Runtime};

/// Remarks on the text of one manifest; of the others there is only the number.
const MOST_REMARKS: usize = 200;
/// Programs for hosts that are read.
const MOST_BINARIES: usize = 1_000;

/// What installing does with each entry of `ui`.
const TAKEN_FOR_A_TAB: &str = "treats it as a tab without `root` and refuses to install the extension";

/// Keys of formats before the present one.
const OLD: [(&str, &str); 4] = [
    ("name", "Set the name in the image's label org.opencontainers.image.title."),
    ("provider", "Set the provider in the image's label org.opencontainers.image.vendor."),
    ("host-socket", "Set the socket in vm.exposes.socket. Each runtime decides where the host has it."),
    ("named-pipe", "Set the socket in vm.exposes.socket. Each runtime decides where the host has it."),
];

/// Reads a manifest.
///
/// # Errors
/// [`Code::ManifestUnreadable`] when nothing can be made of it.
pub fn read(text: &str) -> Result<(Manifest, Vec<Diagnostic>)> {
    let without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - without_mark.len();
    let mut reader = Reader { lines: Lines::of(text), skipped, diagnostics: Vec::new(), more: None };
    let parsed = parse_to_ast(without_mark, &CollectOptions::default(), &ParseOptions::default());
    let value = parsed.map_err(|error| unreadable(&error))?.value;
    let Some(Value::Object(root)) = &value else {
        return Err(Error::new(Code::ManifestUnreadable, "The manifest isn't a JSON object")
            .hint("Write an object with the optional keys icon, ui, vm and host."));
    };
    reader.strictly(without_mark);
    let mut manifest = reader.root(root);
    manifest.unknown.truncate(MOST_REMARKS);
    Ok((manifest, reader.finish(text.len())))
}

fn unreadable(error: &ParseError) -> Error {
    let (line, column) = (error.line_display(), error.column_display());
    Error::new(Code::ManifestUnreadable, format!("Invalid JSON at line {line}, column {column}"))
        .detail(error.kind())
        .hint("Every runtime refuses an extension if its manifest can't be read.")
}

struct Reader<'t> {
    lines: Lines<'t>,
    /// Bytes of a byte order mark before what was parsed.
    skipped: usize,
    diagnostics: Vec<Diagnostic>,
    /// How many more there are, and how much the worst of them matters.
    more: Option<(u64, Severity)>,
}

impl Reader<'_> {
    fn diagnostic(
        &mut self,
        code: DiagnosticCode,
        at: usize,
        key: &str,
        severity: Severity,
        summary: impl Into<String>,
        fix: impl Into<String>,
    ) {
        if self.diagnostics.len() < MOST_REMARKS {
            let location = location::on(&self.lines, at + self.skipped, key);
            self.diagnostics.push(location.found(code, severity, summary).fix(fix));
            return;
        }
        let (count, worst) = self.more.unwrap_or((0, severity));
        self.more = Some((count + 1, worst.min(severity)));
    }

    /// All remarks, with one about those that are left out.
    fn finish(mut self, end: usize) -> Vec<Diagnostic> {
        if let Some((count, worst)) = self.more {
            let end = location::on(&self.lines, end, "");
            let summary =
                if count == 1 { "1 more problem is".to_owned() } else { format!("{count} more problems are") };
            self.diagnostics.push(
                end.found(DiagnosticCode::ProblemsNotShown, worst, format!("{summary} not shown"))
                    .fix("Fix the listed problems first."),
            );
        }
        self.diagnostics
    }

    /// What Porthole reads and a strict parser does not.
    fn strictly(&mut self, text: &str) {
        let strict = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let refused = parse_to_ast(text, &CollectOptions::default(), &strict).err();
        let refused = refused.map(|error| (error.range().start, error.kind().to_string()));
        let marked = (self.skipped > 0).then(|| (0, "it starts with a byte order mark".to_owned()));
        if let Some((at, why)) = refused.or(marked) {
            let diagnostic = location::on(&self.lines, at + self.skipped, "")
                .error(DiagnosticCode::ManifestNotStrict, format!("The manifest isn't strict JSON: {why}"))
                .effect(Runtime::RancherDesktop, Certainty::Source, "refuses the extension: it uses JSON.parse")
                .effect(Runtime::PodmanDesktop, Certainty::Source, "refuses the extension: it uses JSON.parse")
                .fix("Write strict JSON: no comments, no trailing commas, double quotes.");
            self.diagnostics.push(diagnostic);
        }
    }

    fn root(&mut self, root: &Object<'_>) -> Manifest {
        let mut manifest = Manifest::default();
        for prop in self.once(root, "") {
            match prop.name.as_str() {
                "icon" => manifest.icon = self.text_of(&prop.value, "icon"),
                "ui" => manifest.tab = self.object(&prop.value, "ui").and_then(|ui| self.ui(ui, &mut manifest.unknown)),
                "vm" => {
                    manifest.backend = self.object(&prop.value, "vm").map(|vm| self.vm(vm, &mut manifest.unknown));
                }
                "host" => {
                    if let Some(host) = self.object(&prop.value, "host") {
                        manifest.binaries = self.host(host, &mut manifest.unknown);
                    }
                }
                _ => self.unknown(prop, "", &mut manifest.unknown),
            }
        }
        manifest
    }

    fn ui(&mut self, ui: &Object<'_>, unknown: &mut Vec<String>) -> Option<Tab> {
        let tabs = self.once(ui, "ui");
        // `ui.backend` is where an older format had it, beside the tab.
        let (backends, tabs): (Vec<_>, Vec<_>) = tabs.into_iter().partition(|prop| prop.name.as_str() == "backend");
        let chosen = tabs.iter().find(|prop| prop.name.as_str() == "dashboard-tab").or(tabs.first());
        for other in tabs.iter().filter(|tab| chosen.is_none_or(|chosen| chosen.range != tab.range)) {
            let has_root = matches!(&other.value, Value::Object(tab) if tab.get("root").is_some());
            if has_root {
                self.unknown(other, "ui", unknown);
                continue;
            }
            let key = joined("ui", other.name.as_str());
            let diagnostic = location::on(&self.lines, other.range.start + self.skipped, &key)
                .error(DiagnosticCode::SecondTab, format!("`{key}` is a second tab, without a `root`"))
                .effect(Runtime::RancherDesktop, Certainty::Source, TAKEN_FOR_A_TAB)
                .fix("Remove it: only dashboard-tab is shown.");
            self.diagnostics.push(diagnostic);
            unknown.push(key);
        }
        let mut tab = chosen.and_then(|prop| {
            let name = prop.name.as_str();
            if name != "dashboard-tab" {
                self.diagnostic(
                    DiagnosticCode::TabName,
                    prop.range.start,
                    &format!("ui.{name}"),
                    Severity::Warning,
                    format!("The tab is named `{name}` instead of `dashboard-tab`"),
                    "Rename it to dashboard-tab, the only documented extension point.",
                );
            }
            self.object(&prop.value, &format!("ui.{name}")).map(|tab| self.tab(tab, &format!("ui.{name}"), unknown))
        });
        for backend in backends {
            let object = self.object(&backend.value, "ui.backend");
            let socket = object.and_then(|object| self.socket(object, "ui.backend", unknown));
            let diagnostic = location::on(&self.lines, backend.range.start + self.skipped, "ui.backend")
                .error(DiagnosticCode::BackendOutsideTab, "`backend` is outside the tab")
                .effect(Runtime::RancherDesktop, Certainty::Source, TAKEN_FOR_A_TAB)
                .fix("Move it to ui[\"dashboard-tab\"].backend, or remove it: vm.exposes.socket is enough.");
            self.diagnostics.push(diagnostic);
            let tab = tab.get_or_insert_default();
            tab.socket = tab.socket.take().or(socket);
        }
        tab
    }

    fn tab(&mut self, object: &Object<'_>, path: &str, unknown: &mut Vec<String>) -> Tab {
        let mut tab = Tab::default();
        for prop in self.once(object, path) {
            let key = format!("{path}.{}", prop.name.as_str());
            match prop.name.as_str() {
                "title" => tab.title = self.text_of(&prop.value, &key),
                "root" => tab.root = self.text_of(&prop.value, &key),
                "src" => tab.src = self.text_of(&prop.value, &key),
                "backend" => {
                    tab.socket = self.object(&prop.value, &key).and_then(|backend| self.socket(backend, &key, unknown));
                }
                _ => self.unknown(prop, path, unknown),
            }
        }
        tab
    }

    fn vm(&mut self, vm: &Object<'_>, unknown: &mut Vec<String>) -> Backend {
        let mut backend = Backend::default();
        for prop in self.once(vm, "vm") {
            match prop.name.as_str() {
                "image" => backend.image = self.text_of(&prop.value, "vm.image"),
                "composefile" => backend.composefile = self.text_of(&prop.value, "vm.composefile"),
                "exposes" => {
                    let exposes = self.object(&prop.value, "vm.exposes");
                    backend.socket = exposes.and_then(|exposes| self.socket(exposes, "vm.exposes", unknown));
                }
                _ => self.unknown(prop, "vm", unknown),
            }
        }
        backend
    }

    fn socket(&mut self, object: &Object<'_>, path: &str, unknown: &mut Vec<String>) -> Option<Named> {
        let mut socket = None;
        for prop in self.once(object, path) {
            match prop.name.as_str() {
                "socket" => socket = self.text_of(&prop.value, &format!("{path}.socket")),
                _ => self.unknown(prop, path, unknown),
            }
        }
        socket
    }

    fn host(&mut self, host: &Object<'_>, unknown: &mut Vec<String>) -> Vec<Binary> {
        let mut binaries = Vec::new();
        for prop in self.once(host, "host") {
            match prop.name.as_str() {
                "binaries" => {}
                // What Rancher Desktop 1.17 and newer run when they install the extension and when they quit.
                "x-rd-install" | "x-rd-shutdown" => continue,
                _ => {
                    self.unknown(prop, "host", unknown);
                    continue;
                }
            }
            let Some(list) = self.list(&prop.value, "host.binaries") else { continue };
            for (n, entry) in list.elements.iter().enumerate() {
                let path = format!("host.binaries[{n}]");
                let Some(platforms) = self.object(entry, &path) else { continue };
                self.platforms(platforms, &path, &mut binaries, unknown);
                if binaries.len() > MOST_BINARIES {
                    binaries.truncate(MOST_BINARIES);
                    let summary = format!("Only the first {MOST_BINARIES} programs for hosts are read");
                    self.diagnostic(
                        DiagnosticCode::TooManyPrograms,
                        entry.range().start,
                        &path,
                        Severity::Warning,
                        summary,
                        "Name fewer programs.",
                    );
                    return binaries;
                }
            }
        }
        binaries
    }

    fn platforms(&mut self, object: &Object<'_>, path: &str, binaries: &mut Vec<Binary>, unknown: &mut Vec<String>) {
        for prop in self.once(object, path) {
            let known = Platform::KEYS.into_iter().find(|(key, _)| *key == prop.name.as_str());
            let Some((key, platform)) = known else {
                self.unknown(prop, path, unknown);
                continue;
            };
            let path = format!("{path}.{key}");
            let Some(list) = self.list(&prop.value, &path) else { continue };
            for (n, entry) in list.elements.iter().enumerate() {
                let path = format!("{path}[{n}]");
                let Some(file) = self.object(entry, &path) else { continue };
                if binaries.len() > MOST_BINARIES {
                    return;
                }
                let named = self.once(file, &path).into_iter().find(|prop| prop.name.as_str() == "path");
                let Some(named) = named else {
                    let fix = "Write {\"path\": \"/file/in/the/image\"}.";
                    self.diagnostic(
                        DiagnosticCode::ProgramPathMissing,
                        entry.range().start,
                        &path,
                        Severity::Error,
                        "The entry has no `path`",
                        fix,
                    );
                    continue;
                };
                if let Some(file) = self.text_of(&named.value, &format!("{path}.path")) {
                    binaries.push(Binary { platform, path: file });
                }
            }
        }
    }

    /// The entries of an object, the last one of each name: that is what every parser takes.
    fn once<'o, 'a>(&mut self, object: &'o Object<'a>, path: &str) -> Vec<&'o ObjectProp<'a>> {
        let mut kept: Vec<Option<&ObjectProp<'_>>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for prop in &object.properties {
            if let Some(before) = places.insert(prop.name.as_str(), kept.len()) {
                let key = joined(path, prop.name.as_str());
                let summary = format!("Duplicate key `{key}`: the first value is ignored");
                self.diagnostic(
                    DiagnosticCode::DuplicateKey,
                    prop.range.start,
                    &key,
                    Severity::Warning,
                    summary,
                    "Keep one of them.",
                );
                kept[before] = None;
            }
            kept.push(Some(prop));
        }
        kept.into_iter().flatten().collect()
    }

    fn text_of(&mut self, value: &Value<'_>, key: &str) -> Option<Named> {
        match value {
            Value::StringLit(text) => Some(Named { text: text.value.to_string(), at: text.range.start + self.skipped }),
            _ => self.not_a(value, key, "a string"),
        }
    }

    fn object<'o, 'a>(&mut self, value: &'o Value<'a>, key: &str) -> Option<&'o Object<'a>> {
        match value {
            Value::Object(object) => Some(object),
            _ => self.not_a(value, key, "an object"),
        }
    }

    fn list<'o, 'a>(&mut self, value: &'o Value<'a>, key: &str) -> Option<&'o Array<'a>> {
        match value {
            Value::Array(list) => Some(list),
            _ => self.not_a(value, key, "an array"),
        }
    }

    fn not_a<T>(&mut self, value: &Value<'_>, key: &str, wanted: &str) -> Option<T> {
        let found = match value {
            Value::StringLit(_) => "a string",
            Value::NumberLit(_) => "a number",
            Value::BooleanLit(_) => "true or false",
            Value::Object(_) => "an object",
            Value::Array(_) => "an array",
            Value::NullKeyword(_) => "null",
        };
        let fix = format!("Write {wanted}, or remove `{key}`.");
        self.diagnostic(
            DiagnosticCode::WrongType,
            value.range().start,
            key,
            Severity::Error,
            format!("`{key}` is {found}, not {wanted}"),
            fix,
        );
        None
    }

    fn unknown(&mut self, prop: &ObjectProp<'_>, path: &str, unknown: &mut Vec<String>) {
        let name = prop.name.as_str();
        if self.more.is_some() {
            // Nothing of it is shown.
            return self.diagnostic(DiagnosticCode::KeyUnknown, prop.range.start, "", Severity::Note, "", "");
        }
        let key = joined(path, name);
        let old = OLD.iter().find(|(old, _)| *old == name);
        let (code, severity, summary, fix) = match (old, near(name)) {
            (Some((_, instead)), _) => (
                DiagnosticCode::KeyOutdated,
                Severity::Note,
                format!("`{key}` belongs to an older format"),
                (*instead).to_owned(),
            ),
            // What the author means has no effect.
            (None, Some(known)) => (
                DiagnosticCode::KeyMisspelled,
                Severity::Warning,
                format!("Unknown key `{key}`"),
                format!("Did you mean `{known}`? Keys are case-sensitive."),
            ),
            (None, None) => (
                DiagnosticCode::KeyUnknown,
                Severity::Note,
                format!("Unknown key `{key}`"),
                "Remove it. It has no effect.".to_owned(),
            ),
        };
        self.diagnostic(code, prop.range.start, &key, severity, summary, fix);
        unknown.push(key);
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The known key that the author may mean.
fn near(name: &str) -> Option<&'static str> {
    const KNOWN: [&str; 18] = [
        "icon",
        "ui",
        "vm",
        "host",
        "dashboard-tab",
        "title",
        "root",
        "src",
        "backend",
        "socket",
        "image",
        "composefile",
        "exposes",
        "binaries",
        "path",
        "windows",
        "darwin",
        "linux",
    ];
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
    KNOWN.into_iter().find(|known| {
        let (known, name) = (plain(known), plain(name));
        known == name || format!("{known}s") == name || known == format!("{name}s")
    })
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;

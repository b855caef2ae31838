//! The types of the page are those of the crates: `make types` writes them, this test fails on drift.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use porthole_app::page_window::{PageWindowClosed, PageWindowState};
use porthole_app::{
    PathKind, ReplayChoices, StoredPlaces,
    bootstrap::Bootstrap,
    dropped::Dropped,
    permission::{GrantedContent, PendingEnd, Proposed, ProposedState},
    settings::Settings,
};
use porthole_base::error::Error;
use porthole_engine::{Container, Context, ContextExtensions, target::Target};
use porthole_extension::{
    ExtensionSource, Misses, OpenExtension, OpenedPage, PackageCommand, ProjectStep, StartPlan, routes::Routes,
};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{ExchangeEvent, Request},
};
use porthole_output::{
    BodyKind, Filtered, Fold, Hit, JsonNode, LogQuery, LogSummary, Query, SaveContent, SavedFile, View, Window,
};
use porthole_process::{Command, RunEvent, Signal, TerminalSize};
use porthole_sdk::{
    code::{Form, Pasted},
    diagnostic::Diagnostic,
    draft::Draft,
    functions::{ARGUMENT_CHECKS, ArgumentCheck, ClientRules, FUNCTIONS, NOT_A_LINE, SdkFunction, WRONG_TYPE},
    permission::{CallKind, Permission, Scope},
    runtime::Runtime,
    sdk_call::Sdk,
    sdk_result::{Callbacks, SdkResult},
    variables::UsedVariable,
};
use porthole_timeline::{
    Call, Changes, HistoryFilter, HistoryFrom, HistoryList, HistoryNames, Origin, Preview, TapPlace, TerminalPiece,
    compare::{Capture, Rules, ShownComparison},
    replay::{ReplayList, ReplayState},
    session::{ExportFormat, ExportPreview, SessionRules, redact::RedactOptions},
};
use ts_rs::{Config, TS};

macro_rules! signatures {
    ($($(#[doc = $doc:literal])* $name:ident($($arg:ident: $ty:ty),*) -> $answer:ty $(, $also:ident)?;)*) => {
        /// Writes the types that commands take and give, and the list of commands itself.
        fn generate(cfg: &Config) {
            Error::export_all(cfg).unwrap();
            Container::export_all(cfg).unwrap();
            ContextExtensions::export_all(cfg).unwrap();
            Diagnostic::export_all(cfg).unwrap();
            Form::export_all(cfg).unwrap();
            SdkResult::export_all(cfg).unwrap();
            Dropped::export_all(cfg).unwrap();
            Hit::export_all(cfg).unwrap();
            LogSummary::export_all(cfg).unwrap();
            PageWindowState::export_all(cfg).unwrap();
            RedactOptions::export_all(cfg).unwrap();
            ExchangeEvent::export_all(cfg).unwrap();
            RunEvent::export_all(cfg).unwrap();
            UsedVariable::export_all(cfg).unwrap();
            GrantedContent::export_all(cfg).unwrap();
            Routes::export_all(cfg).unwrap();
            ReplayState::export_all(cfg).unwrap();
            Capture::export_all(cfg).unwrap();
            $($(<$ty as TS>::export_all(cfg).ok();)* <$answer as TS>::export_all(cfg).ok();)*
            let (mut body, mut signatures) = (String::new(), String::new());
            $(
                let doc: &[&str] = &[$($doc.trim()),*];
                writeln!(body, "  /** {} */", doc.join("
   * ")).unwrap();
                let args: &[(&str, String)] = &[$((stringify!($arg), <$ty as TS>::name(cfg))),*];
                let args = args.iter().map(|(name, ty)| format!("{name}: {ty}")).collect::<Vec<_>>().join("; ");
                let answer = <$answer as TS>::name(cfg);
                let answer = if answer == "null" { "void" } else { &answer };
                writeln!(body, "  {}: {{ args: {{ {args} }}; answer: {answer} }};", stringify!($name)).unwrap();
                writeln!(signatures, "{args} {answer}").unwrap();
            )*
            let names = fs::read_dir(cfg.out_dir()).unwrap().map(|entry| {
                entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()
            });
            let mut imports: Vec<String> = names
                .filter(|name| signatures.split(|c: char| !c.is_alphanumeric()).any(|word| word == name))
                .map(|name| format!("import type {{ {name} }} from \"./{name}\";
"))
                .collect();
            imports.sort();
            let text = format!(
                "// Made from the application's list of commands by `make types`. Do not edit.
{}
export interface Commands {{
{body}}}
",
                imports.concat(),
            );
            fs::write(cfg.out_dir().join("Commands.ts"), text).unwrap();
            generate_functions(cfg);
        }
    };
}

porthole_app::commands!(signatures);

/// Writes the functions of `ddClient`, from which `ui/src/sdk` builds it.
fn generate_functions(cfg: &Config) {
    SdkFunction::export_all(cfg).unwrap();
    ArgumentCheck::export_all(cfg).unwrap();
    ClientRules::export_all(cfg).unwrap();
    let rows = |rows: &mut dyn Iterator<Item = String>| {
        rows.map(|row| {
            format!(
                "  {row},
"
            )
        })
        .collect::<String>()
    };
    let functions = rows(&mut FUNCTIONS.iter().map(|row| serde_json::to_string(row).unwrap()));
    let checks = rows(&mut ARGUMENT_CHECKS.iter().map(|row| serde_json::to_string(row).unwrap()));
    let runtimes =
        rows(&mut Runtime::ALL.into_iter().map(|runtime| {
            format!("\"{}\": {}", runtime.key(), serde_json::to_string(&runtime.client_rules()).unwrap())
        }));
    let text = format!(
        r#"// Made from porthole-sdk's table of functions by `make types`. Do not edit.
import type {{ ArgumentCheck }} from "./ArgumentCheck";
import type {{ ClientRules }} from "./ClientRules";
import type {{ Runtime }} from "./Runtime";
import type {{ SdkFunction }} from "./SdkFunction";

export const FUNCTIONS = [
{functions}] as const satisfies readonly SdkFunction[];

export const ARGUMENT_CHECKS: readonly ArgumentCheck[] = [
{checks}];

export const RUNTIMES: Readonly<Record<Runtime, ClientRules>> = {{
{runtimes}}};

export const WRONG_TYPE = {};
export const NOT_A_LINE = {};
"#,
        serde_json::to_string(WRONG_TYPE).unwrap(),
        serde_json::to_string(NOT_A_LINE).unwrap(),
    );
    fs::write(cfg.out_dir().join("functions.ts"), text).unwrap();
}

fn files(directory: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(directory) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_pages_types_are_those_of_the_core() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/ipc/generated");
    let config = |dir: &Path| Config::new().with_large_int("number").with_out_dir(dir);
    if std::env::var_os("PORTHOLE_WRITE_TYPES").is_some() {
        fs::remove_dir_all(&kept).ok();
        generate(&config(&kept));
    }
    let fresh = tempfile::tempdir().unwrap();
    generate(&config(fresh.path()));
    let (kept, fresh) = (files(&kept), files(fresh.path()));
    let stale: Vec<_> = fresh.keys().chain(kept.keys()).filter(|name| fresh.get(*name) != kept.get(*name)).collect();
    assert!(stale.is_empty(), "out of date, run `make types`: {stale:?}");
}

/// Two types of one name are one file, of which the last written stands: that happened twice.
#[test]
fn no_two_types_that_cross_to_the_page_have_one_name() {
    let mut seen = BTreeMap::<String, String>::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            if entry.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            let derived = text.split("#[derive(").skip(1);
            for item in derived.filter(|item| item.split(')').next().is_some_and(|all| all.ends_with("TS"))) {
                let Some((_, rest)) = item.split_once(
                    "
pub ",
                ) else {
                    continue;
                };
                let name = rest.split(|c: char| !c.is_alphanumeric()).nth(1).unwrap_or_default();
                let place = entry.display().to_string();
                if let Some(other) = seen.insert(name.to_owned(), place.clone()) {
                    panic!("{name} is in {other} and in {place}");
                }
            }
        }
    }
    assert!(seen.len() > 100, "{seen:?}");
}

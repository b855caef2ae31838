//! `porthole-cli session rules`: what a replay of a session lets differ.

use std::path::PathBuf;

use clap::Args;
use porthole_base::error::{Code, Error, Result};
use porthole_timeline::{
    compare::{Allow, Capture, Rules},
    replay::check_captures,
    session::{Session, change_rules, rules_of},
};
use serde::de::DeserializeOwned;

use crate::{say, session_file::absolute};

#[derive(Args)]
pub struct Arguments {
    /// The session file
    file: PathBuf,
    /// Let this differ (can be repeated): {"kind":"header","name":"Date"}, {"kind":"path","path":"$..id"},
    /// {"kind":"type","path":"$.at"}, {"kind":"range","path":"$.n","min":0,"max":9},
    /// {"kind":"matches","path":"$.id","pattern":"[0-9a-f]+"} or {"kind":"lines","pattern":"^took "}
    #[arg(long, value_name = "RULE", value_parser = read::<Allow>)]
    allow: Vec<Allow>,
    /// Take a value from the response of a call and use it in later calls (can be repeated):
    /// {"name":"id","call":1,"path":"$.id"} replaces {{id}}, and the recorded value where it is a whole word
    #[arg(long, value_name = "CAPTURE", value_parser = read::<Capture>)]
    capture: Vec<Capture>,
    /// Remove the rules that are there first
    #[arg(long)]
    clear: bool,
}

fn read<T: DeserializeOwned>(text: &str) -> std::result::Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Changes the rules of a session, if the arguments say so, and prints them.
pub fn rules(arguments: &Arguments) -> Result<()> {
    let path = absolute(&arguments.file)?;
    let mut rules = Rules::default();
    if arguments.clear || !arguments.allow.is_empty() || !arguments.capture.is_empty() {
        change_rules(&path, |session| {
            rules = changed(session, arguments)?;
            let is_same = !arguments.clear && rules_of(session)? == rules;
            let written = (!is_same).then(|| serde_json::to_value(&rules)).transpose();
            written.map_err(unwritable)
        })?;
    } else {
        rules = rules_of(&Session::open(&path)?)?;
    }
    let text = serde_json::to_string_pretty(&rules).map_err(unwritable)?;
    say::out(&text)
}

fn changed(session: &Session, arguments: &Arguments) -> Result<Rules> {
    let mut rules = if arguments.clear { Rules::default() } else { rules_of(session)? };
    let before = rules.clone();
    rules.allow.extend(arguments.allow.iter().filter(|rule| !before.allow.contains(rule)).cloned());
    rules.capture.extend(arguments.capture.iter().filter(|capture| !before.capture.contains(capture)).cloned());
    rules.check()?;
    check_captures(&rules.capture, session.calls().len())?;
    Ok(rules)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(Code::Internal, "Can't write the rules").detail(error)
}

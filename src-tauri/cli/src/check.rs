//! `porthole-cli check`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use porthole_core::{
    extension::{self, Checked, ImagePath, Remark, Weight},
    terminal::line,
};

use crate::{NOTHING, say};

#[derive(Args)]
pub struct Arguments {
    /// The extension's folder, or its metadata.json
    path: PathBuf,
    /// Print what was read and all diagnostics as JSON
    #[arg(long)]
    json: bool,
}

/// How many of the manifest's paths are listed.
const PATHS: usize = 20;

/// Exit 0 when there are no errors, 1 when there are, 3 when the manifest cannot be read.
pub fn check(arguments: &Arguments) -> ExitCode {
    let Checked { manifest, remarks, paths, .. } = match extension::check_folder(&arguments.path) {
        Ok(checked) => checked,
        Err(error) => {
            say::complain(&error);
            return ExitCode::from(NOTHING);
        }
    };
    if arguments.json {
        if let Err(error) = say::json(&serde_json::json!({ "manifest": manifest, "remarks": remarks, "paths": paths }))
        {
            return unprinted(error);
        }
    } else {
        let name = if arguments.path.is_dir() { arguments.path.join(extension::FILE) } else { arguments.path.clone() };
        let file = name.display().to_string();
        let folder = name.parent().unwrap_or(Path::new(""));
        let path = |remark: &Remark| match &remark.file {
            Some(named) => folder.join(named).display().to_string(),
            None => file.clone(),
        };
        let mut text: String = remarks.iter().map(|remark| paragraph(&path(remark), remark)).collect();
        let broken = remarks.iter().filter(|remark| remark.weight == Weight::Broken).count();
        for ImagePath { path, status, .. } in paths.iter().take(PATHS) {
            text.push_str(&format!("{}: {}\n", line(path), line(status)));
        }
        if paths.len() > PATHS {
            text.push_str(&format!("{} more paths: see --json\n", paths.len() - PATHS));
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let all = remarks.len();
        text.push_str(&format!("{all} diagnostic{}, {broken} error{}", plural(all), plural(broken)));
        if let Err(error) = say::out(&text) {
            return unprinted(std::io::Error::other(error));
        }
    }
    let broken = remarks.iter().any(|remark| remark.weight == Weight::Broken);
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn unprinted(error: std::io::Error) -> ExitCode {
    say::note(&format!("Can't write to stdout: {error}"));
    ExitCode::from(NOTHING)
}

/// Each word of an extension's files stays on the line that it's on.
fn paragraph(file: &str, remark: &Remark) -> String {
    let word = match remark.weight {
        Weight::Broken => "error",
        Weight::Odd => "warning",
        Weight::Idle => "note",
    };
    let key = if remark.key.is_empty() { String::new() } else { format!(" {}", remark.key) };
    let mut text = format!("{}:{}:{}:{} ({word})\n", line(file), remark.line, remark.column, line(&key));
    text.push_str(&format!("  {}\n", line(&remark.wrong)));
    for effect in &remark.effects {
        let certainty = format!("{:?}", effect.certainty).to_lowercase();
        text.push_str(&format!("  {} {} ({certainty})\n", effect.runtime, line(&effect.text)));
    }
    text.push_str(&format!("  {}\n", line(&remark.mend)));
    text
}

//! `porthole-cli check`.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use porthole_core::extension::{self, Checked, Remark, Weight};

use crate::{NOTHING, complain};

#[derive(Args)]
pub struct Arguments {
    /// The extension's folder, or its metadata.json
    path: PathBuf,
    /// Print what was read and what is said against it as JSON
    #[arg(long)]
    json: bool,
}

/// Exit 0 when nothing is broken, 1 when something is, 3 when the manifest cannot be read.
pub fn check(arguments: &Arguments) -> ExitCode {
    let Checked { manifest, remarks, .. } = match extension::check_folder(&arguments.path) {
        Ok(checked) => checked,
        Err(error) => {
            complain(&error);
            return ExitCode::from(NOTHING);
        }
    };
    if arguments.json {
        println!("{}", serde_json::json!({ "manifest": manifest, "remarks": remarks }));
    } else {
        let name = if arguments.path.is_dir() { arguments.path.join(extension::FILE) } else { arguments.path.clone() };
        for remark in &remarks {
            tell(&name.display().to_string(), remark);
        }
        let broken = remarks.iter().filter(|remark| remark.weight == Weight::Broken).count();
        println!("{} remarks, {broken} of them about what does not work", remarks.len());
    }
    let broken = remarks.iter().any(|remark| remark.weight == Weight::Broken);
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn tell(file: &str, remark: &Remark) {
    let word = match remark.weight {
        Weight::Broken => "broken",
        Weight::Odd => "odd",
        Weight::Idle => "idle",
    };
    let key = if remark.key.is_empty() { String::new() } else { format!(" {}", remark.key) };
    println!("{file}:{}:{}:{key} ({word})", remark.line, remark.column);
    println!("  {}", remark.wrong);
    for effect in &remark.effects {
        println!("  {} {} ({})", effect.runtime, effect.text, format!("{:?}", effect.certainty).to_lowercase());
    }
    println!("  {}", remark.mend);
}

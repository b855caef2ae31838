//! `porthole-cli check`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use porthole_app::session::{Session, TEMPORARY};
use porthole_base::{error::Result, private, reference::ImageRef, terminal::line};
use porthole_engine::{Address, Engine, EngineEnvironment, reaper::Reaper};
use porthole_extension as extension;
use porthole_extension::{BuiltImage, Checked, ImagePath};
use porthole_sdk::diagnostic::{Diagnostic, Location, Severity};

use crate::{NOTHING, say};

#[derive(Args)]
pub struct Arguments {
    /// Extension folder, or path to metadata.json
    path: PathBuf,
    /// Check the paths in this image (default: the image that the Makefile or the Dockerfile's labels identify)
    #[arg(long, value_name = "NAME")]
    image: Option<ImageRef>,
    /// Print the parsed manifest and all findings as JSON
    #[arg(long)]
    json: bool,
}

/// How many of the manifest's paths are listed.
const PATHS: usize = 20;

/// Exit 0 when there are no errors, 1 when there are, 3 when the manifest cannot be read.
pub async fn check(arguments: &Arguments) -> ExitCode {
    let by_dockerfile = match extension::check_folder(&arguments.path) {
        Ok(checked) => checked,
        Err(error) => return say::failed(&error),
    };
    let in_image = checked_in_image(arguments).await.unwrap_or_else(|error| {
        say::complain(&error);
        None
    });
    let Checked { manifest, diagnostics, paths, image, .. } = in_image.unwrap_or(by_dockerfile);
    if arguments.json {
        let all = serde_json::json!({ "manifest": manifest, "remarks": diagnostics, "paths": paths, "image": image });
        if let Err(error) = say::json(&all) {
            return unprinted(error);
        }
    } else {
        let name = if arguments.path.is_dir() { arguments.path.join(extension::FILE) } else { arguments.path.clone() };
        let file = name.display().to_string();
        let folder = name.parent().unwrap_or(Path::new(""));
        let path = |diagnostic: &Diagnostic| match diagnostic.location.as_ref().and_then(|place| place.file.as_ref()) {
            Some(named) => folder.join(named).display().to_string(),
            None => file.clone(),
        };
        let mut text: String = diagnostics.iter().map(|diagnostic| paragraph(&path(diagnostic), diagnostic)).collect();
        let broken = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        if let Some(image) = &image {
            text.push_str(&looked_into(image));
        }
        for ImagePath { path, status, .. } in paths.iter().take(PATHS) {
            text.push_str(&format!("{}: {}\n", line(path), line(status)));
        }
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        if paths.len() > PATHS {
            let more = paths.len() - PATHS;
            text.push_str(&format!("{more} more path{}: use --json to list all\n", plural(more)));
        }
        let all = diagnostics.len();
        text.push_str(&format!("{all} finding{}, {broken} error{}", plural(all), plural(broken)));
        if let Err(error) = say::out(&text) {
            return unprinted(std::io::Error::other(error));
        }
    }
    let broken = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What is found in the image that the folder builds, where a local engine responds and has it. A user who names the image
/// learns why it isn't looked into.
async fn checked_in_image(arguments: &Arguments) -> Result<Option<Checked>> {
    let image = arguments.image.as_ref();
    let address = EngineEnvironment::of_this_process().resolve(None);
    if image.is_none() && address.as_ref().is_ok_and(Address::is_remote) {
        return Ok(None);
    }
    let engine = match async { Engine::connect(address?).await }.await {
        Ok(engine) => engine,
        Err(_) if image.is_none() => return Ok(None),
        Err(error) => return Err(error),
    };
    let scratch = Session::begin(&std::env::temp_dir(), TEMPORARY)
        .map_err(|error| private::temporary_files_failed("Can't create a directory for the image's files", &error))?;
    // It removes the container that the image is read through when this process is killed.
    let reaper = Arc::new(Reaper::start());
    extension::check_with_image(&arguments.path, image, &engine, scratch.path(), Some(reaper)).await
}

/// Which image the paths were checked in, and whether it is older than its sources.
fn looked_into(image: &BuiltImage) -> String {
    let created = image.created.as_ref().map(|created| format!(", created {created} UTC")).unwrap_or_default();
    let changed =
        image.changed.as_ref().map(|changed| format!("; {changed} was changed after that")).unwrap_or_default();
    format!("Checked in the image {}{}{}\n", line(&image.name), line(&created), line(&changed))
}

fn unprinted(error: std::io::Error) -> ExitCode {
    say::note(&format!("Can't write to stdout: {error}"));
    ExitCode::from(NOTHING)
}

/// Each word of an extension's files stays on the line that it's on.
fn paragraph(file: &str, diagnostic: &Diagnostic) -> String {
    let place = diagnostic.location.as_ref().map(|Location { line, column, .. }| format!(":{line}:{column}"));
    let key = if diagnostic.key().is_empty() { String::new() } else { format!(" {}", diagnostic.key()) };
    let (place, severity) = (place.unwrap_or_default(), diagnostic.severity.name());
    let mut text = format!("{}{place}:{} ({severity})\n", line(file), line(&key));
    text.push_str(&format!("  {}\n", line(&diagnostic.summary)));
    for effect in &diagnostic.effects {
        let certainty = format!("{:?}", effect.certainty).to_lowercase();
        text.push_str(&format!("  {} {} ({certainty})\n", effect.runtime, line(&effect.text)));
    }
    if !diagnostic.fix.is_empty() {
        text.push_str(&format!("  {}\n", line(&diagnostic.fix)));
    }
    text
}

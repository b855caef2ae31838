//! Lists every command for Tauri's access control and allows the window, and nothing else, to call
//! it; the page's own window those that are marked for it. A command that is not listed could be called by any
//! page of a custom scheme.

use std::{fs, path::Path};

include!("app/src/commands.rs");

macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident($($arg:ident: $ty:ty),*) -> $answer:ty $(, $also:ident)?;)*) => {
        &[$((stringify!($name), &[$(stringify!($also))?])),*]
    };
}

/// Each command, and which window may use it besides the main one.
const COMMANDS: &[(&str, &[&str])] = commands!(names);
const CAPABILITIES: &str = "gen/capabilities";

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=app/src/commands.rs");
    let names: &'static [&'static str] = COMMANDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().leak();
    allow("main", names.iter().copied())?;
    allow("page", COMMANDS.iter().filter(|(_, also)| also.contains(&"page")).map(|(name, _)| *name))?;
    // One of a window that is no more would go on allowing what it allowed.
    for file in fs::read_dir(CAPABILITIES)?.flatten().map(|file| file.path()) {
        if !["main.json", "page.json"].iter().any(|name| file.ends_with(name)) {
            fs::remove_file(file)?;
        }
    }
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./gen/capabilities/*.json")
        .app_manifest(tauri_build::AppManifest::new().commands(names));
    tauri_build::try_build(attributes).map_err(std::io::Error::other)
}

/// Writes what a window may use.
fn allow<'a>(window: &str, commands: impl Iterator<Item = &'a str>) -> std::io::Result<()> {
    let permissions: Vec<String> = commands.map(|name| format!("\"allow-{}\"", name.replace('_', "-"))).collect();
    let capability = format!(
        "{{\n  \"identifier\": \"{window}\",\n  \"windows\": [\"{window}\"],\n  \"permissions\": [{}]\n}}\n",
        permissions.join(", ")
    );
    let file = Path::new(CAPABILITIES).join(format!("{window}.json"));
    // Written only when it differs: Cargo would build everything again.
    if fs::read_to_string(&file).ok().as_deref() != Some(&capability) {
        fs::create_dir_all(CAPABILITIES)?;
        fs::write(&file, capability)?;
    }
    Ok(())
}

//! Lists every command for Tauri's access control and allows the window, and nothing else, to call
//! it. A command that is not listed could be called by any page of a custom scheme.

use std::{fs, path::Path};

include!("core/src/commands.rs");

macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident($($arg:ident: $ty:ty),*) -> $answer:ty;)*) => {
        &[$(stringify!($name)),*]
    };
}

const COMMANDS: &[&str] = commands!(names);
const CAPABILITIES: &str = "gen/capabilities";

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=core/src/commands.rs");
    let permissions: Vec<String> =
        COMMANDS.iter().map(|name| format!("\"allow-{}\"", name.replace('_', "-"))).collect();
    let capability = format!(
        "{{\n  \"identifier\": \"window\",\n  \"windows\": [\"main\"],\n  \"permissions\": [{}]\n}}\n",
        permissions.join(", ")
    );
    let file = Path::new(CAPABILITIES).join("window.json");
    // Written only when it differs: Cargo would build everything again.
    if fs::read_to_string(&file).ok().as_deref() != Some(&capability) {
        fs::create_dir_all(CAPABILITIES)?;
        fs::write(&file, capability)?;
    }
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./gen/capabilities/*.json")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    tauri_build::try_build(attributes).map_err(std::io::Error::other)
}

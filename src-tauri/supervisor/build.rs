//! Builds the supervisor, static and for Linux, and puts it beside the library, which embeds it.
//!
//! `PORTHOLE_SUPERVISOR_PROGRAM` names a file to embed instead, for cross builds. Without a program Porthole still
//! builds: commands are then ended by their process group alone, and the facts of each run say so.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

const GIVEN: &str = "PORTHOLE_SUPERVISOR_PROGRAM";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=program");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let program = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("porthole-supervisor");
    let made = match env::var_os(GIVEN).map(PathBuf::from).filter(|path| path.is_file()) {
        Some(given) => {
            println!("cargo::rerun-if-changed={}", given.display());
            fs::copy(given, &program).map(drop).map_err(|error| error.to_string())
        }
        None if variable("CARGO_CFG_TARGET_OS") == "linux" => compile(&program),
        None => Err(String::new()),
    };
    if let Err(why) = made {
        fs::write(&program, [])?;
        if !why.is_empty() {
            println!("cargo::warning=no supervisor: a command that leaves its process group can't be stopped: {why}");
        }
    }
    Ok(())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Static, so that neither the command's environment (`LD_PRELOAD`) nor a missing library can change it, and so that
/// it starts in a fraction of a millisecond.
fn compile(program: &Path) -> Result<(), String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-name", "porthole_supervisor_program", "--crate-type", "bin"]);
    rustc.args(["--target", &variable("TARGET"), "-C", "target-feature=+crt-static"]);
    rustc.args(["-C", "opt-level=s", "-C", "panic=abort", "-C", "lto=fat", "-C", "codegen-units=1"]);
    rustc.args(["-C", "strip=symbols"]);
    rustc.arg("--remap-path-prefix").arg(format!("{}=.", variable("CARGO_MANIFEST_DIR")));
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={}", linker.to_string_lossy()));
    }
    let made = rustc.arg("-o").arg(program).arg("program/main.rs").output().map_err(|error| error.to_string())?;
    if made.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&made.stderr);
    let first = words.lines().find(|line| line.starts_with("error")).unwrap_or("rustc failed");
    Err(format!("{first} (a static C library may be missing: `glibc-static` on Fedora)"))
}

//! How the build scripts of `relay` and `supervisor` make their programs: static, for Linux, and without dependencies.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// Puts a program at a path: the file that was given, or what `program/main.rs` compiles to where `is_built` says that it
/// can. Otherwise an empty file represents the program. Tells why it couldn't be made, if it was tried.
pub fn make(program: &Path, given: Option<PathBuf>, is_built: bool, crate_name: &str) -> io::Result<Option<String>> {
    let made = match given {
        Some(given) => {
            println!("cargo::rerun-if-changed={}", given.display());
            fs::copy(given, program).map(drop).map_err(|error| error.to_string())
        }
        None if is_built => compile(program, crate_name),
        None => {
            fs::write(program, [])?;
            return Ok(None);
        }
    };
    if made.is_err() {
        fs::write(program, [])?;
    }
    Ok(made.err())
}

/// A variable of cargo's.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Static, so that neither an environment (`LD_PRELOAD`) nor a missing library can change it, and so that it starts in a
/// fraction of a millisecond.
fn compile(program: &Path, crate_name: &str) -> Result<(), String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-name", crate_name, "--crate-type", "bin"]);
    rustc.args(["--target", &variable("TARGET"), "-C", "target-feature=+crt-static"]);
    rustc.args(["-C", "opt-level=s", "-C", "panic=abort", "-C", "lto=fat", "-C", "codegen-units=1"]);
    rustc.args(["-C", "strip=symbols"]);
    // The same program from every machine: the relay's image is named after its bytes.
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

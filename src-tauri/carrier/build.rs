//! Builds the program that is carried into containers, static and for Linux, and lays it beside the
//! library, which embeds it.
//!
//! Where this is not built on Linux, or for the other architecture, the program comes from elsewhere:
//! `PORTHOLE_CARRIER_PROGRAMS` names a directory with `porthole-carrier-x86_64` and
//! `porthole-carrier-aarch64`, or with one of them. One that is missing is no reason not to build Porthole:
//! it says so when somebody needs it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// The architectures that engines have, in Rust's words.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];
const GIVEN: &str = "PORTHOLE_CARRIER_PROGRAMS";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=program");
    println!("cargo::rerun-if-changed=src/words.rs");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let given = env::var_os(GIVEN).map(PathBuf::from);
    for architecture in ARCHITECTURES {
        let name = format!("porthole-carrier-{architecture}");
        let program = out.join(&name);
        let source = given.as_ref().map(|given| given.join(&name)).filter(|path| path.is_file());
        let made = match source {
            Some(source) => {
                println!("cargo::rerun-if-changed={}", source.display());
                fs::copy(source, &program).map(drop).map_err(|error| error.to_string())
            }
            None if variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ARCH") == architecture => {
                compile(&program)
            }
            None => Err(String::new()),
        };
        if let Err(why) = made {
            // An empty file stands for a program that is not there.
            fs::write(&program, [])?;
            if !why.is_empty() {
                println!("cargo::warning=no {name}, so `container://` endpoints will not work: {why}");
            }
        }
    }
    Ok(())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// One file of source, no dependencies, no libraries at run time: the image has nothing else.
fn compile(program: &Path) -> Result<(), String> {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition", "2024", "--crate-name", "porthole_carrier_program", "--crate-type", "bin"]);
    rustc.args(["--target", &variable("TARGET"), "-C", "target-feature=+crt-static"]);
    rustc.args(["-C", "opt-level=s", "-C", "panic=abort", "-C", "lto=fat", "-C", "codegen-units=1"]);
    rustc.args(["-C", "strip=symbols"]);
    // The same program from every machine: its image is named after its bytes.
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

//! Builds the program that is carried into containers, static and for Linux, and lays it beside the
//! library, which embeds it.
//!
//! Where this is not built on Linux, or for the other architecture, the program comes from elsewhere:
//! `PORTHOLE_RELAY_PROGRAMS` names a directory with `porthole-relay-x86_64` and
//! `porthole-relay-aarch64`, or with one of them. One that is missing is no reason not to build Porthole:
//! it says so when it is needed.

#[path = "../static_program.rs"]
mod static_program;

use std::{env, io, path::PathBuf};

use static_program::{make, variable};

/// The architectures that engines have, in Rust's words.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];
const GIVEN: &str = "PORTHOLE_RELAY_PROGRAMS";

fn main() -> io::Result<()> {
    for source in ["program", "src", "build.rs", "../static_program.rs"] {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let out = PathBuf::from(variable("OUT_DIR"));
    let directory = env::var_os(GIVEN).map(PathBuf::from);
    for architecture in ARCHITECTURES {
        let name = format!("porthole-relay-{architecture}");
        let given = directory.as_ref().map(|directory| directory.join(&name)).filter(|path| path.is_file());
        let is_built = variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ARCH") == architecture;
        if let Some(why) = make(&out.join(&name), given, is_built, "porthole_relay_program")? {
            println!("cargo::warning=no {name}, so `container://` endpoints will not work: {why}");
        }
    }
    Ok(())
}

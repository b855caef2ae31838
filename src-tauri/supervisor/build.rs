//! Builds the supervisor, static and for Linux, and puts it beside the library, which embeds it.
//!
//! `PORTHOLE_SUPERVISOR_PROGRAM` names a file to embed instead, for cross builds. Without a program Porthole still
//! builds: commands are then ended by their process group alone, and the facts of each run say so.

#[path = "../static_program.rs"]
mod static_program;

use std::{env, io, path::PathBuf};

use static_program::{make, variable};

const GIVEN: &str = "PORTHOLE_SUPERVISOR_PROGRAM";

fn main() -> io::Result<()> {
    for source in ["program", "build.rs", "../static_program.rs"] {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let program = PathBuf::from(variable("OUT_DIR")).join("porthole-supervisor");
    let given = env::var_os(GIVEN).map(PathBuf::from).filter(|path| path.is_file());
    let is_built = variable("CARGO_CFG_TARGET_OS") == "linux";
    if let Some(why) = make(&program, given, is_built, "porthole_supervisor_program")? {
        println!("cargo::warning=no supervisor: a command that leaves its process group can't be stopped: {why}");
    }
    Ok(())
}

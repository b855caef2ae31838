//! `porthole-cli`: the core without a window, for scripts and for machines with no display.

mod check;
mod exec;
mod findings;
mod received;
mod request;
mod sink;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use porthole_core::{demo::Demo, error::Error, handles, run};

/// No response came, or the command could not be run: the exit code for scripts.
const NOTHING: u8 = 3;

/// Requests to a container extension's backend and commands beside it, without a window.
#[derive(Parser)]
#[command(name = "porthole-cli", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send a request; its body goes to stdout untouched. Exit 0 on 2xx, 1 on another status, 3
    /// when no whole response came.
    Request(request::Arguments),
    /// Run a command on the host or in a container; its streams and exit code are this one's.
    Exec(exec::Arguments),
    /// Check an extension's manifest and the files that it names. Exit 1 when something is broken.
    Check(check::Arguments),
    /// Serve the demo backend and print its endpoint.
    Demo,
}

fn main() -> ExitCode {
    if run::serve_if_asked() {
        return ExitCode::SUCCESS;
    }
    handles::raise();
    let filter = tracing_subscriber::EnvFilter::try_from_env("PORTHOLE_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("porthole-cli: no runtime: {error}");
            return ExitCode::from(NOTHING);
        }
    };
    let code = runtime.block_on(async {
        match arguments.command {
            Command::Request(arguments) => request::request(arguments).await,
            Command::Exec(arguments) => exec::exec(arguments).await,
            Command::Check(arguments) => check::check(&arguments),
            Command::Demo => demo().await,
        }
    });
    // A read of stdin or a file that still blocks must not hold the exit up.
    runtime.shutdown_background();
    code
}

async fn demo() -> ExitCode {
    let directory = match sink::private_directory() {
        Ok(directory) => directory,
        Err(error) => {
            eprintln!("porthole-cli: no private directory for the socket: {error}");
            return ExitCode::from(NOTHING);
        }
    };
    let ended = match Demo::start(directory.path()).await {
        Ok(demo) => {
            println!("{}", demo.endpoint());
            sink::interrupted().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("porthole-cli: the demo backend cannot listen: {error}");
            ExitCode::from(NOTHING)
        }
    };
    drop(directory);
    ended
}

/// Says on stderr what failed, where, and what to try.
fn complain(error: &Error) {
    eprintln!("porthole-cli: {}", error.message);
    if let Some(detail) = &error.detail {
        eprintln!("  {detail}");
    }
    if let Some(hint) = &error.hint {
        eprintln!("  {hint}");
    }
}

//! `porthole-cli`: the core without a window, for scripts and for machines with no display.

// All that is printed goes through `say`, which decides what is escaped.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod check;
mod exec;
mod findings;
mod received;
mod request;
mod say;
mod signals;
mod sink;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use porthole_core::{demo::Demo, handles, private, run, terminal};
use signals::Signals;

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
    /// Send a request; its body goes to stdout untouched, or with its control characters escaped where that is a
    /// terminal. Exit 0 on 2xx, 1 on another status, 3 when no whole response came.
    Request(request::Arguments),
    /// Run a command on the host or in a container; its streams and exit code are this one's. What it writes to a
    /// terminal passes as it is, as if you ran it there.
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
    private::keep_owner_rights();
    let filter = tracing_subscriber::EnvFilter::try_from_env("PORTHOLE_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(terminal::stderr).init();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say::note(&format!("no runtime: {error}"));
            return ExitCode::from(NOTHING);
        }
    };
    let code = runtime.block_on(async {
        // It only reads: the system's own way to end a process is the best for it.
        if let Command::Check(arguments) = &arguments.command {
            return check::check(arguments).await;
        }
        let signals = Signals::listen();
        let heard = signals.clone();
        let code = match arguments.command {
            Command::Request(arguments) => request::request(arguments, heard).await,
            Command::Exec(arguments) => exec::exec(arguments, heard).await,
            Command::Demo => demo(heard).await,
            Command::Check(arguments) => check::check(&arguments).await,
        };
        // Whoever ended it sees that, whatever became of what it did.
        signals.exit_code().map_or(code, ExitCode::from)
    });
    // A read of stdin or a file that still blocks must not hold the exit up.
    runtime.shutdown_background();
    code
}

async fn demo(mut signals: Signals) -> ExitCode {
    let directory = match private::temporary_directory("porthole-") {
        Ok(directory) => directory,
        Err(error) => {
            let parent = std::env::temp_dir();
            say::note(&format!("Can't make a directory in {} for the socket: {error}. Set TMPDIR.", parent.display()));
            return ExitCode::from(NOTHING);
        }
    };
    let ended = match Demo::start(directory.path()).await {
        Ok(demo) => match say::out(&demo.endpoint().to_string()) {
            Ok(()) => {
                signals.next().await;
                ExitCode::SUCCESS
            }
            Err(error) => {
                say::complain(&error);
                ExitCode::from(NOTHING)
            }
        },
        Err(error) => {
            say::note(&format!("The demo backend can't listen in {}: {error}", directory.path().display()));
            ExitCode::from(NOTHING)
        }
    };
    drop(directory);
    ended
}

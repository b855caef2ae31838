//! `porthole-cli`: the application without a window, for scripts and for machines with no display.

// All that is printed goes through `say`, which decides what is escaped.
#![deny(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod call;
mod check;
mod consent;
mod diff;
mod differences;
mod exec;
mod findings;
mod follow;
mod host;
mod mock;
mod open;
mod plans;
mod replay;
mod request;
mod rules;
mod say;
mod scratch;
mod sdk_result;
mod session;
mod session_file;
mod signals;
mod sink;
mod start_plan;
mod tap;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use porthole_app::{
    demo::Demo,
    session::{Session, TEMPORARY},
};
use porthole_base::{handles, private, terminal};
use porthole_engine::reaper;
use signals::Signals;

/// No response came, or the command could not be run: the exit code for scripts.
const NOTHING: u8 = 3;

/// Inspect the backend of a container extension from a terminal or a script.
#[derive(Parser)]
#[command(name = "porthole-cli", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send an HTTP request to the backend and print the response body.
    ///
    /// The body is written to stdout unchanged. If stdout is a terminal, control characters are escaped.
    ///
    /// Exit code: 0 for a 2xx status, 1 for any other status, 2 for invalid arguments, 3 if no
    /// complete response arrived.
    Request(request::Arguments),
    /// Run a command on the host or in a container.
    ///
    /// The command's stdout and stderr are passed through unchanged.
    ///
    /// Exit code: the command's own, 128 plus the signal number if a signal ended it, 126 if the program can't be
    /// executed, 127 if it isn't found, 2 for invalid arguments, 3 for any other failure.
    Exec(exec::Arguments),
    /// Check an extension's metadata.json and the files it refers to.
    ///
    /// Nothing is started. If a local engine has the image that the folder builds, the paths are checked in that image.
    ///
    /// Exit code: 0 if there are no errors, 1 if there are, 2 for invalid arguments, 3 if the manifest can't be read.
    Check(check::Arguments),
    /// Make a call on ddClient as an extension's code does, and print what the code receives.
    ///
    /// The call is planned and made as on the selected runtime. If it starts a program on this machine or writes
    /// to an engine's socket, it needs your confirmation: on the terminal, or with --yes.
    ///
    /// Exit code: 0 if the code receives a value, or if a streamed command exits with 0; 1 if the code receives an error;
    /// 3 if the call wasn't made or no complete response arrived.
    Call(call::Arguments),
    /// Open an extension, start its backend and print its logs until Ctrl-C.
    ///
    /// Opening only reads. Starting the backend needs your confirmation: the plan is printed, and you confirm it on the
    /// terminal or with --yes. Ctrl-C or SIGTERM stops the backend and removes it. If the backend is
    /// already running, its logs are printed and it keeps running.
    ///
    /// Exit code: 0 if the extension has no backend, 1 if the backend ended by itself, 3 if it wasn't started, 128 plus
    /// the signal number if a signal ended porthole-cli.
    Open(open::Arguments),
    /// Show, convert and redact session files.
    Session(session::Arguments),
    /// Compare the calls of two sessions, in order.
    ///
    /// The rules of the first session define the allowed differences. `-` marks the first session and `+` the second.
    ///
    /// Exit code: 0 if nothing differs, 1 if something does, 2 for invalid arguments, 3 if a file can't be read.
    Diff(diff::Arguments),
    /// Make the calls of a session again and compare each with its recording.
    ///
    /// Without --allow-host, host commands, calls that send files and requests to an engine are skipped; without
    /// --container, so are commands in a container.
    ///
    /// Exit code: 0 if nothing differs, 1 if something does, a call can't be made or every call was skipped, 2 for invalid
    /// arguments, 3 if no call is selected or a file can't be read or written, 128 plus the signal number if a signal
    /// ended porthole-cli. With --update, a difference isn't a failure.
    Replay(replay::Arguments),
    /// Serve the responses of a session on a socket or port, as they were recorded, until Ctrl-C.
    ///
    /// A response has the bytes, header lines and pace of its recording; one that was cut off is cut off again. The nth
    /// request with the same method, path, query and body gets the nth response, and further ones get the last. Any other
    /// request gets status 501 with the closest recorded call. The mock prints its address when it starts listening, and
    /// each request to stderr.
    ///
    /// Exit code: 2 for invalid arguments, 3 if the session can't be read or the address can't be listened on, 128 plus
    /// the signal number if a signal ended porthole-cli.
    Mock(mock::Arguments),
    /// Record the requests between a desktop and the backend, until Ctrl-C.
    ///
    /// Bytes are forwarded unchanged and at once, including those of another protocol after an upgrade. Without --listen,
    /// the backend's own socket is moved aside and put back at the end; after a kill -9, the next start puts it back. If
    /// the socket is in a container, a helper container does this, also after a kill -9. Bytes that aren't HTTP/1, or that
    /// arrive faster than Porthole can record, are forwarded too; the recorded call says how many are missing.
    ///
    /// Exit code: 3 if Porthole can't listen, can't put the socket back or can't write the session, 128 plus the signal
    /// number if a signal ended the recording.
    Tap(tap::Arguments),
    /// Start the demo backend, print its endpoint and wait for Ctrl-C.
    Demo,
}

fn main() -> ExitCode {
    if reaper::serve_if_asked() {
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
            say::note(&format!("Can't start: {error}"));
            return ExitCode::from(NOTHING);
        }
    };
    let code = runtime.block_on(async {
        // It only reads: the system's own way to end a process is the best for it.
        if let Command::Check(arguments) = &arguments.command {
            return check::check(arguments).await;
        }
        let arguments = match arguments.command {
            Command::Session(arguments) => return session::session(arguments).await,
            command => Arguments { command },
        };
        let signals = Signals::listen();
        let heard = signals.clone();
        let code = match arguments.command {
            Command::Request(arguments) => request::request(arguments, heard).await,
            Command::Exec(arguments) => exec::exec(arguments, heard).await,
            Command::Call(arguments) => call::call(arguments, heard).await,
            Command::Open(arguments) => open::open(arguments, heard).await,
            Command::Diff(arguments) => diff::diff(arguments).await,
            Command::Replay(arguments) => replay::replay(arguments, heard).await,
            Command::Mock(arguments) => mock::mock(arguments, heard).await,
            // A signal is its usual end: what couldn't be put back or written counts more.
            Command::Tap(arguments) => return tap::tap(arguments, heard).await,
            Command::Demo => demo(heard).await,
            Command::Check(arguments) => check::check(&arguments).await,
            Command::Session(arguments) => session::session(arguments).await,
        };
        // The signal decides the exit code, whatever the command returned.
        signals.exit_code().map_or(code, ExitCode::from)
    });
    // A read of stdin or a file that still blocks must not hold the exit up.
    runtime.shutdown_background();
    code
}

async fn demo(mut signals: Signals) -> ExitCode {
    let directory = match Session::begin(&std::env::temp_dir(), TEMPORARY) {
        Ok(directory) => directory,
        Err(error) => {
            let parent = std::env::temp_dir();
            say::note(&format!(
                "Can't create a directory in {} for the socket: {error}. Set TMPDIR.",
                parent.display()
            ));
            return ExitCode::from(NOTHING);
        }
    };
    let ended = match Demo::start(directory.path()).await {
        Ok(demo) => match say::out(&demo.endpoint().to_string()) {
            Ok(()) => {
                signals.next().await;
                ExitCode::SUCCESS
            }
            Err(error) => say::failed(&error),
        },
        Err(error) => {
            say::note(&format!("The demo backend can't listen in {}: {error}", directory.path().display()));
            ExitCode::from(NOTHING)
        }
    };
    drop(directory);
    ended
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// After a change: `INSTA_UPDATE=always cargo test -p porthole-cli texts_of_help`, and read what `git diff` shows.
    #[test]
    fn texts_of_help() {
        let mut whole = Arguments::command().term_width(100);
        whole.build();
        let mut text = whole.render_long_help().to_string();
        add_help_below(&mut whole, "", &mut text);
        insta::assert_snapshot!(text);
    }

    fn add_help_below(command: &mut clap::Command, path: &str, text: &mut String) {
        for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            let path = format!("{path}{}", command.get_name());
            let help = command.render_long_help();
            text.push_str(&format!("\n== {path}\n\n{help}"));
            add_help_below(command, &format!("{path} "), text);
        }
    }
}

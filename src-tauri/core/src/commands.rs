// The one list of what the window may ask of the shell. From it come the Tauri commands and their
// registration (`src-tauri/src/ipc.rs`), the permissions (`src-tauri/build.rs`), and the types of
// the page (`ui/src/ipc/generated`). To add a command, add it here and write the method of the
// same name in `src-tauri/src/answers.rs`; nothing else.
//
// A plain comment, because the build script includes this file as it stands.

/// Hands the list to the macro named.
#[macro_export]
macro_rules! commands {
    ($with:ident) => {
        $with! {
            /// What the page needs before it draws anything.
            opening() -> Opening;
            /// Waits until something changed after `since`, at most half a minute and not more
            /// often than thirty times a second, and tells what.
            changes(since: u64) -> Changes;
            /// All facts of a Call.
            call(id: u32) -> Call;
            /// Lines of a Call's output or body.
            lines(id: u32, view: View, from: u64, count: u32) -> Window;
            /// Sends a request to the target's endpoint; answers at once with the Call's number.
            send(request: Request) -> u32;
            /// Runs a command in its place; answers at once with the Call's number.
            run(command: Command) -> u32;
            /// Cancels a request, or kills a run.
            cancel(id: u32) -> ();
            /// Sends a signal to a run's process group.
            stop(id: u32, signal: Signal) -> ();
            /// Removes ended Calls and their files.
            clear() -> ();
            /// Makes this the target.
            set_target(target: Target) -> Target;
            /// Reads an endpoint in any form that people paste, and says what is wrong with it.
            read_endpoint(text: String) -> Endpoint;
            /// The containers of the engine, running ones first.
            containers() -> Vec<Container>;
            /// Splits a pasted command line into arguments, as a POSIX shell would, running none.
            split_words(text: String) -> Vec<String>;
            /// Remembers these settings.
            save_settings(settings: Settings) -> ();
        }
    };
}

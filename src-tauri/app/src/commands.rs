// The one list of what the window may ask of the application. From it come the Tauri commands and their
// registration (`src-tauri/src/commands.rs`), the permissions (`src-tauri/build.rs`), and the types of
// the page (`ui/src/ipc/generated`). To add a command, add it here and write the method of the
// same name on `Application`; nothing else. `, page` after the answer lets the page's own
// window use it too, which otherwise may use none.
//
// A plain comment, because the build script includes this file as written.

/// Hands the list to the macro named.
#[macro_export]
macro_rules! commands {
    ($with:ident) => {
        $with! {
            /// What the page needs before it draws anything.
            bootstrap() -> Bootstrap;
            /// Waits until something changed after `since`, at most half a minute and not more
            /// often than thirty times a second, and tells what.
            changes(since: u64) -> Changes, page;
            /// All facts of a Call.
            call(id: u32) -> Call;
            /// Rows of a Call's output or body; `ansi` tells whether terminal codes are followed or shown.
            lines(id: u32, view: View, from: u64, count: u32, ansi: bool) -> Window;
            /// Shows the text of a Call in this charset, or in the one that is found when none is given.
            set_charset(id: u32, charset: Option<String>) -> ();
            /// Shows a Call's body as sent, or with its content encoding undone.
            set_as_sent(id: u32, sent: bool) -> ();
            /// Shows a Call's body as this kind, or as the one that is found when none is given.
            set_body_kind(id: u32, kind: Option<BodyKind>) -> ();
            /// What of a Call's body is shown as a picture or a page.
            preview(id: u32) -> Preview;
            /// Opens a Call's body with the program that the system has for it.
            open_body(id: u32) -> ();
            /// The number of the first row of a view that came at this time or later, in microseconds
            /// since the Call began.
            row_at_time(id: u32, view: View, time: u64) -> u64;
            /// The exact text of the lines from one to another, which is not among them; bytes that
            /// are no text become U+FFFD. Refused when it is too long for a clipboard.
            exact(id: u32, view: View, from: u64, to: u64) -> String;
            /// Folds or unfolds indented JSON, or a row of a log, at the row with this number (`n`, not its place).
            fold(id: u32, view: View, line: u64, fold: Fold) -> ();
            /// Selects values of a Call's JSON body by a path (RFC 9535), in place of the filter before; answers when
            /// all are found. They are the rows of the view `filtered`.
            filter(id: u32, path: String) -> Filtered;
            /// Cancels the filter and forgets what it selected.
            filter_end() -> ();
            /// Shows a Call's lines as a log, in place of the log before. They are the rows of the view `log`.
            log(id: u32, query: LogQuery) -> ();
            /// How many lines of each level the log of a Call has, and where its errors are, in this number of parts.
            log_summary(id: u32, parts: u32) -> LogSummary;
            /// The row of the error after or before a row of the log, or at the other end when there is none.
            log_error(id: u32, row: u64, after: bool) -> Option<u64>;
            /// The row of a line in the log. What hides it is opened; of a line that the filter leaves out it is the row before.
            log_row(id: u32, line: u64) -> u64;
            /// Opens a web page (http or https) in the browser.
            open_link(url: String) -> ();
            /// Opens a file of source code in the open extension's folder; answers false where there is none.
            open_source(file: String) -> bool;
            /// The value on the row of indented JSON with this number (`n`, not its place).
            json_node(id: u32, view: View, line: u64) -> JsonNode;
            /// The bytes of that value, unchanged. Refused when it is too long for a clipboard.
            json_value(id: u32, view: View, line: u64) -> String;
            /// Searches a Call's lines, also those that arrive later, and ends the previous search.
            search(id: u32, query: Query) -> ();
            /// Stops the search; what it found stays.
            search_stop() -> ();
            /// Forgets the search and what it found.
            search_end() -> ();
            /// The hit after or before this line, or at the other end when there is none. In indented JSON it is the one
            /// after or before a column of the line, and what hides it is unfolded.
            hit(line: u64, column: Option<u64>, after: bool) -> Option<Hit>;
            /// A path that something could be saved to.
            save_place(id: u32, what: SaveContent) -> String;
            /// Saves to a file, and answers when it is written. One that is there is kept unless it is
            /// to be replaced.
            save(id: u32, what: SaveContent, path: String, replace: bool) -> SavedFile;
            /// Stops saving and removes what was written so far.
            save_stop() -> ();
            /// Adds the calls of a session file, or of an HTTP archive, to the timeline; answers with the session's number.
            open_session(path: String) -> u32;
            /// Removes the calls of a session from the timeline; nothing of its file changes.
            close_session(session: u32) -> ();
            /// Serves a session of the timeline on a private socket and makes that the target, with recorded commands in
            /// place of real ones. The mock before it ends.
            serve_mock(session: u32) -> Target;
            /// Changes how many times as fast as recorded the running mock is, 0 for all at once.
            set_mock_speed(speed: f64) -> ();
            /// Ends the mock; answers with what is inspected then.
            stop_mock() -> Target;
            /// What is taken out of an export unless the user says otherwise.
            export_options() -> RedactOptions;
            /// A path that an export could be written to.
            export_place(format: ExportFormat) -> String;
            /// What an export of these calls, or of all, would write, and what it would take out.
            export_preview(ids: Option<Vec<u32>>, redact: Option<RedactOptions>) -> ExportPreview;
            /// Writes these calls, or all, to a file, and answers when it is written. One that is there is kept unless it
            /// is to be replaced. `save_stop` stops it.
            export(ids: Option<Vec<u32>>, format: ExportFormat, redact: Option<RedactOptions>, path: String, replace: bool) -> SavedFile;
            /// A Call as Markdown, for an issue tracker.
            markdown(id: u32) -> String;
            /// What differs between two Calls by the rules of the session that one is from, in place of the comparison
            /// before.
            compare(first: u32, second: u32) -> ShownComparison;
            /// Stops comparing.
            compare_stop() -> ();
            /// Makes the calls of an open session again on the target and compares each with its recording, in place of the
            /// replay before.
            replay(session: u32, choices: ReplayChoices) -> ();
            /// Stops the replay, and the call that it waits for.
            replay_stop() -> ();
            /// Results of the replay from one on: of all calls, or only of those that differ or failed.
            replay_results(from: u32, count: u32, failed: bool) -> ReplayList;
            /// What may differ when a session is replayed, and what later calls take from earlier ones.
            session_rules(session: u32) -> SessionRules;
            /// Replaces that, in the session file too.
            set_session_rules(session: u32, rules: Rules) -> ();
            /// Keeps a Call's output for the next start, or lets it go.
            keep(id: u32, kept: bool) -> ();
            /// Sends a request to the target's endpoint; answers at once with the Call's number.
            send(request: Request) -> u32;
            /// Runs a command in its place; answers at once with the Call's number.
            run(command: Command) -> u32;
            /// Opens a terminal in a command's place, with the shell that is there unless the command names a program; answers
            /// with the Call's number.
            terminal_open(command: Command) -> u32;
            /// Types these bytes into a terminal. Answers when they are taken, which a program that reads nothing delays.
            terminal_write(id: u32, bytes: Vec<u8>) -> ();
            /// Gives a terminal another size.
            terminal_resize(id: u32, size: TerminalSize) -> ();
            /// The bytes of a terminal from this one on: waits half a minute for some. All before them were drawn.
            terminal_read(id: u32, from: u64) -> TerminalPiece;
            /// Proposes a call of code: it is planned, and then started, refused, or waits for the user as a pending call.
            propose(sdk: Sdk, origin: Origin) -> Proposed, page;
            /// Waits until a pending call is decided, and tells how.
            decision(pending: u32) -> ProposedState, page;
            /// Approves the pending call in the prompt, which is started exactly as planned.
            approve(pending: u32, scope: Scope) -> (), page;
            /// Denies a pending call, which is recorded.
            deny(pending: u32) -> (), page;
            /// Tells what became of a pending call that no longer waits for the user.
            pending_end(pending: u32) -> PendingEnd, page;
            /// Withdraws the pending calls of code that has ended.
            withdraw(origin: Origin) -> (), page;
            /// Decides what the open page may do, for as long as the extension's content is the same.
            set_permission(of: CallKind, permission: Permission) -> (), page;
            /// Forgets what was decided for the open page.
            reset_permissions() -> (), page;
            /// Lets the console ask again, where it was allowed something for the session.
            revoke_console() -> ();
            /// The variables that a draft uses, with their values in the active environment.
            used_variables(composed: Draft) -> Vec<UsedVariable>;
            /// Reads an OpenAPI document from a file, in the place of the one that is open.
            open_routes(path: String) -> Routes;
            /// Looks for an OpenAPI document in the open extension's folder, and then at the usual paths of the backend.
            find_routes() -> Routes;
            /// The routes of the document that is open.
            routes() -> Option<Routes>;
            /// The request of a route of this document, filled with its examples.
            route(document: u32, number: u32) -> Request;
            /// Closes the document.
            close_routes() -> ();
            /// Does again exactly what a Call did, or was to do, and answers at once with the new Call's
            /// number.
            repeat(id: u32) -> u32;
            /// What the code that asked for a Call receives, whole, when it has ended.
            sdk_result(id: u32) -> SdkResult, page;
            /// The callbacks from this one on, whole: answers when there is one, or no more will come.
            next_callbacks(id: u32, from: u64) -> Callbacks, page;
            /// What code receives for a Call on each Runtime, as it is shown.
            sdk_results(id: u32) -> Vec<SdkResult>;
            /// The callbacks of a Call on a Runtime, as they are shown.
            callbacks(id: u32, runtime: Runtime, split: bool, from: u64, count: u32) -> Callbacks;
            /// What is to be said about a Call.
            diagnostics(id: u32) -> Vec<Diagnostic>;
            /// A request or command as code to copy.
            code(composed: Draft) -> Vec<Form>;
            /// Reads a pasted `curl` or `docker exec` line.
            paste(text: String) -> Pasted;
            /// Cancels a request, or kills a run.
            cancel(id: u32) -> (), page;
            /// Sends a signal to a run's process group.
            stop(id: u32, signal: Signal) -> (), page;
            /// Removes ended Calls but for pinned ones; their files follow when it can't be undone any more.
            clear() -> ();
            /// Removes those of these Calls that have ended, pinned ones too.
            delete(ids: Vec<u32>) -> ();
            /// Puts back what was removed.
            undo_removal(removal: u32) -> ();
            /// Stops the time in which a removal can be undone while the user looks at it, or has it begin again.
            hold_removal(removal: u32, held: bool) -> ();
            /// Deletes what was removed now.
            end_removal(removal: u32) -> ();
            /// Calls of the history, the newest first: as many as wanted from a place on.
            history_list(filter: HistoryFilter, from: HistoryFrom, count: u32) -> HistoryList;
            /// What calls of the history can be filtered by.
            history_names() -> HistoryNames;
            /// Puts a call of the history into the timeline; answers with its number there.
            history_open(row: i64) -> u32;
            /// Pins a call of the history, or lets it go.
            history_pin(row: i64, pinned: bool) -> ();
            /// Removes calls of the history, from the timeline too; it can be undone for some seconds.
            history_delete(rows: Vec<i64>) -> ();
            /// Removes all calls that are neither pinned nor going on, for good.
            history_clear() -> ();
            /// Searches the outputs of calls of the history, the newest first, in place of the search before.
            history_search(filter: HistoryFilter, text: String) -> ();
            /// Stops that search; what it found stays.
            history_search_stop() -> ();
            /// Calls that it found, from the nth on.
            history_found(from: u32, count: u32) -> HistoryList;
            /// Makes this the target.
            set_target(target: Target) -> Target;
            /// What would be moved to record what a desktop sends to the target's backend; an error where it can't be.
            tap_plan() -> TapPlace;
            /// Moves the backend's socket as shown, and records what goes through its place.
            start_tap(place: TapPlace) -> TapPlace;
            /// Puts the backend's socket back, and ends the recording.
            stop_tap() -> ();
            /// Reads an endpoint in any form that people paste, and says what is wrong with it.
            read_endpoint(text: String) -> Endpoint;
            /// Every engine that the docker CLI knows of, by its context, without connecting to any.
            contexts() -> Vec<Context>;
            /// The containers of the engine of a context, or of the one in use; running ones first.
            containers(engine: Option<String>) -> Vec<Container>;
            /// The extensions that run on the engine of every context. All are queried at the same time, for a few
            /// seconds.
            extensions() -> Vec<ContextExtensions>;
            /// Splits a pasted command line into arguments, as a POSIX shell would, running none.
            split_words(text: String) -> Vec<String>;
            /// Opens an extension in the place of the one that is open, on the engine of a docker context,
            /// and makes it the target.
            open_extension(source: ExtensionSource, engine: Option<String>) -> OpenExtension;
            /// The extension that is open.
            extension() -> Option<OpenExtension>;
            /// Attaches to its backend where that runs already. Nothing is started.
            attach_backend() -> OpenExtension;
            /// Works out what starting its backend would do and what it asks of the machine; nothing is started. `again`:
            /// its image is built also when it is there.
            start_plan(again: bool) -> StartPlan;
            /// Starts its backend as the plan with this number says, and answers when that is done. The plan must be the
            /// one that was worked out last.
            start_backend(plan: u32) -> OpenExtension;
            /// Lets compose see these variables of Porthole's environment for the extension with this content, and no
            /// others.
            allow_variables(content: String, names: Vec<String>) -> ();
            /// Takes the author's own process for its backend.
            use_native(endpoint: Endpoint) -> OpenExtension;
            /// Stops what Porthole started, and lets go of what it did not.
            stop_backend() -> OpenExtension;
            /// Closes the extension, its backend and its page; answers with what is inspected then.
            close_extension() -> Target;
            /// Follows the logs of a container of its backend; answers at once with the Call's number.
            follow_logs(container: String) -> u32;
            /// Opens the page of an extension's folder, in the place of the one that is open, with a `ddClient` for this
            /// Runtime. It is loaded from `server` if given, else from the build's output folder if `built`, else from
            /// the manifest's folder.
            open_page(folder: String, server: Option<String>, built: bool, runtime: Runtime) -> OpenedPage, page;
            /// Runs a command of the open page's project, if the project still is as `shown`; answers at once with the
            /// Call's number.
            run_project_step(step: ProjectStep, shown: PackageCommand) -> u32;
            /// The files that the open page asked for in vain since it was loaded last.
            missed_files() -> Misses, page;
            /// Clears what the page of another extension or server has stored. Its frame must be gone, and the
            /// next one is loaded when this is done.
            separate_storage() -> (), page;
            /// Whether a development server has a page to show now.
            look_at_server(server: String) -> (), page;
            /// Loads the page of a development server although another program than before listens there.
            accept_server(server: String) -> (), page;
            /// Closes the page: nothing of it is answered any more.
            close_page() -> ();
            /// Shows the page that is open in its own window.
            open_page_window(opened: OpenedPage) -> ();
            /// What the page's own window shows, while it is there.
            page_window_state() -> Option<PageWindowState>, page;
            /// Waits until the page's own window is gone, and tells how it went.
            page_window_closed() -> PageWindowClosed;
            /// Closes the page's own window, for the page to be shown in the main one.
            close_page_window() -> (), page;
            /// Remembers these settings, but for the target, which is remembered when it is set.
            save_settings(settings: Settings) -> ();
            /// What was dropped on the window last, once.
            take_dropped() -> Option<Dropped>;
            /// Opens Porthole's log with the program that the desktop has for it.
            open_log() -> ();
            /// Shows a message of the desktop's, while the window is in the background.
            notify(title: String, body: String) -> ();
            /// Lets the user choose a file or a directory in a dialog of the system; none if nothing was chosen.
            choose_path(kind: PathKind, title: String) -> Option<String>;
            /// Lets the user choose where a file is written, in a dialog of the system that begins with `suggested`; none if
            /// nothing was chosen. The dialog asks before an existing file is chosen.
            choose_new_file(title: String, suggested: String) -> Option<String>;
            /// The text on the clipboard; none where there is none, or this system gives it to the window alone.
            clipboard_text() -> Option<String>, page;
            /// Where Porthole keeps its files.
            stored_places() -> StoredPlaces;
            /// What extensions may do from one start to the next, by their content.
            granted() -> Vec<GrantedContent>;
            /// Forgets what was allowed to the extension with this content.
            revoke(content: String) -> ();
            /// Removes all calls that have ended, pinned ones too, all that was allowed, and what pages have stored. It can't be
            /// undone.
            forget_all() -> ();
            /// Says in the window's title what is inspected and what is running.
            set_title(title: String) -> ();
            /// Draws the window's content at this size, in percent.
            set_zoom(percent: u32) -> ();
            /// Gives the window the whole screen, or takes it back; answers whether it has it now.
            toggle_full_screen() -> bool;
        }
    };
}

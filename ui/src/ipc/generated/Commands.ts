// Made from the application's list of commands by `make types`. Do not edit.
import type { BodyKind } from "./BodyKind";
import type { Bootstrap } from "./Bootstrap";
import type { Call } from "./Call";
import type { CallKind } from "./CallKind";
import type { Callbacks } from "./Callbacks";
import type { Changes } from "./Changes";
import type { Command } from "./Command";
import type { Container } from "./Container";
import type { Context } from "./Context";
import type { ContextExtensions } from "./ContextExtensions";
import type { Diagnostic } from "./Diagnostic";
import type { Draft } from "./Draft";
import type { Dropped } from "./Dropped";
import type { Endpoint } from "./Endpoint";
import type { ExportFormat } from "./ExportFormat";
import type { ExportPreview } from "./ExportPreview";
import type { ExtensionSource } from "./ExtensionSource";
import type { Filtered } from "./Filtered";
import type { Fold } from "./Fold";
import type { Form } from "./Form";
import type { GrantedContent } from "./GrantedContent";
import type { HistoryFilter } from "./HistoryFilter";
import type { HistoryFrom } from "./HistoryFrom";
import type { HistoryList } from "./HistoryList";
import type { HistoryNames } from "./HistoryNames";
import type { Hit } from "./Hit";
import type { JsonNode } from "./JsonNode";
import type { LogQuery } from "./LogQuery";
import type { LogSummary } from "./LogSummary";
import type { Misses } from "./Misses";
import type { OpenExtension } from "./OpenExtension";
import type { OpenedPage } from "./OpenedPage";
import type { Origin } from "./Origin";
import type { PackageCommand } from "./PackageCommand";
import type { PageWindowClosed } from "./PageWindowClosed";
import type { PageWindowState } from "./PageWindowState";
import type { Pasted } from "./Pasted";
import type { PathKind } from "./PathKind";
import type { PendingEnd } from "./PendingEnd";
import type { Permission } from "./Permission";
import type { Preview } from "./Preview";
import type { ProjectStep } from "./ProjectStep";
import type { Proposed } from "./Proposed";
import type { ProposedState } from "./ProposedState";
import type { Query } from "./Query";
import type { RedactOptions } from "./RedactOptions";
import type { ReplayChoices } from "./ReplayChoices";
import type { ReplayList } from "./ReplayList";
import type { Request } from "./Request";
import type { Routes } from "./Routes";
import type { Rules } from "./Rules";
import type { Runtime } from "./Runtime";
import type { SaveContent } from "./SaveContent";
import type { SavedFile } from "./SavedFile";
import type { Scope } from "./Scope";
import type { Sdk } from "./Sdk";
import type { SdkResult } from "./SdkResult";
import type { SessionRules } from "./SessionRules";
import type { Settings } from "./Settings";
import type { ShownComparison } from "./ShownComparison";
import type { Signal } from "./Signal";
import type { StartPlan } from "./StartPlan";
import type { StoredPlaces } from "./StoredPlaces";
import type { TapPlace } from "./TapPlace";
import type { Target } from "./Target";
import type { TerminalPiece } from "./TerminalPiece";
import type { TerminalSize } from "./TerminalSize";
import type { UsedVariable } from "./UsedVariable";
import type { View } from "./View";
import type { Window } from "./Window";

export interface Commands {
  /** What the page needs before it draws anything. */
  bootstrap: { args: {  }; answer: Bootstrap };
  /** Waits until something changed after `since`, at most half a minute and not more
   * often than thirty times a second, and tells what. */
  changes: { args: { since: number }; answer: Changes };
  /** All facts of a Call. */
  call: { args: { id: number }; answer: Call };
  /** Rows of a Call's output or body; `ansi` tells whether terminal codes are followed or shown. */
  lines: { args: { id: number; view: View; from: number; count: number; ansi: boolean }; answer: Window };
  /** Shows the text of a Call in this charset, or in the one that is found when none is given. */
  set_charset: { args: { id: number; charset: string | null }; answer: void };
  /** Shows a Call's body as sent, or with its content encoding undone. */
  set_as_sent: { args: { id: number; sent: boolean }; answer: void };
  /** Shows a Call's body as this kind, or as the one that is found when none is given. */
  set_body_kind: { args: { id: number; kind: BodyKind | null }; answer: void };
  /** What of a Call's body is shown as a picture or a page. */
  preview: { args: { id: number }; answer: Preview };
  /** Opens a Call's body with the program that the system has for it. */
  open_body: { args: { id: number }; answer: void };
  /** The number of the first row of a view that came at this time or later, in microseconds
   * since the Call began. */
  row_at_time: { args: { id: number; view: View; time: number }; answer: number };
  /** The exact text of the lines from one to another, which is not among them; bytes that
   * are no text become U+FFFD. Refused when it is too long for a clipboard. */
  exact: { args: { id: number; view: View; from: number; to: number }; answer: string };
  /** Folds or unfolds indented JSON, or a row of a log, at the row with this number (`n`, not its place). */
  fold: { args: { id: number; view: View; line: number; fold: Fold }; answer: void };
  /** Selects values of a Call's JSON body by a path (RFC 9535), in place of the filter before; answers when
   * all are found. They are the rows of the view `filtered`. */
  filter: { args: { id: number; path: string }; answer: Filtered };
  /** Cancels the filter and forgets what it selected. */
  filter_end: { args: {  }; answer: void };
  /** Shows a Call's lines as a log, in place of the log before. They are the rows of the view `log`. */
  log: { args: { id: number; query: LogQuery }; answer: void };
  /** How many lines of each level the log of a Call has, and where its errors are, in this number of parts. */
  log_summary: { args: { id: number; parts: number }; answer: LogSummary };
  /** The row of the error after or before a row of the log, or at the other end when there is none. */
  log_error: { args: { id: number; row: number; after: boolean }; answer: number | null };
  /** The row of a line in the log. What hides it is opened; of a line that the filter leaves out it is the row before. */
  log_row: { args: { id: number; line: number }; answer: number };
  /** Opens a web page (http or https) in the browser. */
  open_link: { args: { url: string }; answer: void };
  /** Opens a file of source code in the open extension's folder; answers false where there is none. */
  open_source: { args: { file: string }; answer: boolean };
  /** The value on the row of indented JSON with this number (`n`, not its place). */
  json_node: { args: { id: number; view: View; line: number }; answer: JsonNode };
  /** The bytes of that value, unchanged. Refused when it is too long for a clipboard. */
  json_value: { args: { id: number; view: View; line: number }; answer: string };
  /** Searches a Call's lines, also those that arrive later, and ends the previous search. */
  search: { args: { id: number; query: Query }; answer: void };
  /** Stops the search; what it found stays. */
  search_stop: { args: {  }; answer: void };
  /** Forgets the search and what it found. */
  search_end: { args: {  }; answer: void };
  /** The hit after or before this line, or at the other end when there is none. In indented JSON it is the one
   * after or before a column of the line, and what hides it is unfolded. */
  hit: { args: { line: number; column: number | null; after: boolean }; answer: Hit | null };
  /** A path that something could be saved to. */
  save_place: { args: { id: number; what: SaveContent }; answer: string };
  /** Saves to a file, and answers when it is written. One that is there is kept unless it is
   * to be replaced. */
  save: { args: { id: number; what: SaveContent; path: string; replace: boolean }; answer: SavedFile };
  /** Stops saving and removes what was written so far. */
  save_stop: { args: {  }; answer: void };
  /** Adds the calls of a session file, or of an HTTP archive, to the timeline; answers with the session's number. */
  open_session: { args: { path: string }; answer: number };
  /** Removes the calls of a session from the timeline; nothing of its file changes. */
  close_session: { args: { session: number }; answer: void };
  /** Serves a session of the timeline on a private socket and makes that the target, with recorded commands in
   * place of real ones. The mock before it ends. */
  serve_mock: { args: { session: number }; answer: Target };
  /** Changes how many times as fast as recorded the running mock is, 0 for all at once. */
  set_mock_speed: { args: { speed: number }; answer: void };
  /** Ends the mock; answers with what is inspected then. */
  stop_mock: { args: {  }; answer: Target };
  /** What is taken out of an export unless the user says otherwise. */
  export_options: { args: {  }; answer: RedactOptions };
  /** A path that an export could be written to. */
  export_place: { args: { format: ExportFormat }; answer: string };
  /** What an export of these calls, or of all, would write, and what it would take out. */
  export_preview: { args: { ids: Array<number> | null; redact: RedactOptions | null }; answer: ExportPreview };
  /** Writes these calls, or all, to a file, and answers when it is written. One that is there is kept unless it
   * is to be replaced. `save_stop` stops it. */
  export: { args: { ids: Array<number> | null; format: ExportFormat; redact: RedactOptions | null; path: string; replace: boolean }; answer: SavedFile };
  /** A Call as Markdown, for an issue tracker. */
  markdown: { args: { id: number }; answer: string };
  /** What differs between two Calls by the rules of the session that one is from, in place of the comparison
   * before. */
  compare: { args: { first: number; second: number }; answer: ShownComparison };
  /** Stops comparing. */
  compare_stop: { args: {  }; answer: void };
  /** Makes the calls of an open session again on the target and compares each with its recording, in place of the
   * replay before. */
  replay: { args: { session: number; choices: ReplayChoices }; answer: void };
  /** Stops the replay, and the call that it waits for. */
  replay_stop: { args: {  }; answer: void };
  /** Results of the replay from one on: of all calls, or only of those that differ or failed. */
  replay_results: { args: { from: number; count: number; failed: boolean }; answer: ReplayList };
  /** What may differ when a session is replayed, and what later calls take from earlier ones. */
  session_rules: { args: { session: number }; answer: SessionRules };
  /** Replaces that, in the session file too. */
  set_session_rules: { args: { session: number; rules: Rules }; answer: void };
  /** Keeps a Call's output for the next start, or lets it go. */
  keep: { args: { id: number; kept: boolean }; answer: void };
  /** Sends a request to the target's endpoint; answers at once with the Call's number. */
  send: { args: { request: Request }; answer: number };
  /** Runs a command in its place; answers at once with the Call's number. */
  run: { args: { command: Command }; answer: number };
  /** Opens a terminal in a command's place, with the shell that is there unless the command names a program; answers
   * with the Call's number. */
  terminal_open: { args: { command: Command }; answer: number };
  /** Types these bytes into a terminal. Answers when they are taken, which a program that reads nothing delays. */
  terminal_write: { args: { id: number; bytes: Array<number> }; answer: void };
  /** Gives a terminal another size. */
  terminal_resize: { args: { id: number; size: TerminalSize }; answer: void };
  /** The bytes of a terminal from this one on: waits half a minute for some. All before them were drawn. */
  terminal_read: { args: { id: number; from: number }; answer: TerminalPiece };
  /** Proposes a call of code: it is planned, and then started, refused, or waits for the user as a pending call. */
  propose: { args: { sdk: Sdk; origin: Origin }; answer: Proposed };
  /** Waits until a pending call is decided, and tells how. */
  decision: { args: { pending: number }; answer: ProposedState };
  /** Approves the pending call in the prompt, which is started exactly as planned. */
  approve: { args: { pending: number; scope: Scope }; answer: void };
  /** Denies a pending call, which is recorded. */
  deny: { args: { pending: number }; answer: void };
  /** Tells what became of a pending call that no longer waits for the user. */
  pending_end: { args: { pending: number }; answer: PendingEnd };
  /** Withdraws the pending calls of code that has ended. */
  withdraw: { args: { origin: Origin }; answer: void };
  /** Decides what the open page may do, for as long as the extension's content is the same. */
  set_permission: { args: { of: CallKind; permission: Permission }; answer: void };
  /** Forgets what was decided for the open page. */
  reset_permissions: { args: {  }; answer: void };
  /** Lets the console ask again, where it was allowed something for the session. */
  revoke_console: { args: {  }; answer: void };
  /** The variables that a draft uses, with their values in the active environment. */
  used_variables: { args: { composed: Draft }; answer: Array<UsedVariable> };
  /** Reads an OpenAPI document from a file, in the place of the one that is open. */
  open_routes: { args: { path: string }; answer: Routes };
  /** Looks for an OpenAPI document in the open extension's folder, and then at the usual paths of the backend. */
  find_routes: { args: {  }; answer: Routes };
  /** The routes of the document that is open. */
  routes: { args: {  }; answer: Routes | null };
  /** The request of a route of this document, filled with its examples. */
  route: { args: { document: number; number: number }; answer: Request };
  /** Closes the document. */
  close_routes: { args: {  }; answer: void };
  /** Does again exactly what a Call did, or was to do, and answers at once with the new Call's
   * number. */
  repeat: { args: { id: number }; answer: number };
  /** What the code that asked for a Call receives, whole, when it has ended. */
  sdk_result: { args: { id: number }; answer: SdkResult };
  /** The callbacks from this one on, whole: answers when there is one, or no more will come. */
  next_callbacks: { args: { id: number; from: number }; answer: Callbacks };
  /** What code receives for a Call on each Runtime, as it is shown. */
  sdk_results: { args: { id: number }; answer: Array<SdkResult> };
  /** The callbacks of a Call on a Runtime, as they are shown. */
  callbacks: { args: { id: number; runtime: Runtime; split: boolean; from: number; count: number }; answer: Callbacks };
  /** What is to be said about a Call. */
  diagnostics: { args: { id: number }; answer: Array<Diagnostic> };
  /** A request or command as code to copy. */
  code: { args: { composed: Draft }; answer: Array<Form> };
  /** Reads a pasted `curl` or `docker exec` line. */
  paste: { args: { text: string }; answer: Pasted };
  /** Cancels a request, or kills a run. */
  cancel: { args: { id: number }; answer: void };
  /** Sends a signal to a run's process group. */
  stop: { args: { id: number; signal: Signal }; answer: void };
  /** Removes ended Calls but for pinned ones; their files follow when it can't be undone any more. */
  clear: { args: {  }; answer: void };
  /** Removes those of these Calls that have ended, pinned ones too. */
  delete: { args: { ids: Array<number> }; answer: void };
  /** Puts back what was removed. */
  undo_removal: { args: { removal: number }; answer: void };
  /** Stops the time in which a removal can be undone while the user looks at it, or has it begin again. */
  hold_removal: { args: { removal: number; held: boolean }; answer: void };
  /** Deletes what was removed now. */
  end_removal: { args: { removal: number }; answer: void };
  /** Calls of the history, the newest first: as many as wanted from a place on. */
  history_list: { args: { filter: HistoryFilter; from: HistoryFrom; count: number }; answer: HistoryList };
  /** What calls of the history can be filtered by. */
  history_names: { args: {  }; answer: HistoryNames };
  /** Puts a call of the history into the timeline; answers with its number there. */
  history_open: { args: { row: number }; answer: number };
  /** Pins a call of the history, or lets it go. */
  history_pin: { args: { row: number; pinned: boolean }; answer: void };
  /** Removes calls of the history, from the timeline too; it can be undone for some seconds. */
  history_delete: { args: { rows: Array<number> }; answer: void };
  /** Removes all calls that are neither pinned nor going on, for good. */
  history_clear: { args: {  }; answer: void };
  /** Searches the outputs of calls of the history, the newest first, in place of the search before. */
  history_search: { args: { filter: HistoryFilter; text: string }; answer: void };
  /** Stops that search; what it found stays. */
  history_search_stop: { args: {  }; answer: void };
  /** Calls that it found, from the nth on. */
  history_found: { args: { from: number; count: number }; answer: HistoryList };
  /** Makes this the target. */
  set_target: { args: { target: Target }; answer: Target };
  /** What would be moved to record what a desktop sends to the target's backend; an error where it can't be. */
  tap_plan: { args: {  }; answer: TapPlace };
  /** Moves the backend's socket as shown, and records what goes through its place. */
  start_tap: { args: { place: TapPlace }; answer: TapPlace };
  /** Puts the backend's socket back, and ends the recording. */
  stop_tap: { args: {  }; answer: void };
  /** Reads an endpoint in any form that people paste, and says what is wrong with it. */
  read_endpoint: { args: { text: string }; answer: Endpoint };
  /** Every engine that the docker CLI knows of, by its context, without connecting to any. */
  contexts: { args: {  }; answer: Array<Context> };
  /** The containers of the engine of a context, or of the one in use; running ones first. */
  containers: { args: { engine: string | null }; answer: Array<Container> };
  /** The extensions that run on the engine of every context. All are queried at the same time, for a few
   * seconds. */
  extensions: { args: {  }; answer: Array<ContextExtensions> };
  /** Splits a pasted command line into arguments, as a POSIX shell would, running none. */
  split_words: { args: { text: string }; answer: Array<string> };
  /** Opens an extension in the place of the one that is open, on the engine of a docker context,
   * and makes it the target. */
  open_extension: { args: { source: ExtensionSource; engine: string | null }; answer: OpenExtension };
  /** The extension that is open. */
  extension: { args: {  }; answer: OpenExtension | null };
  /** Attaches to its backend where that runs already. Nothing is started. */
  attach_backend: { args: {  }; answer: OpenExtension };
  /** Works out what starting its backend would do and what it asks of the machine; nothing is started. `again`:
   * its image is built also when it is there. */
  start_plan: { args: { again: boolean }; answer: StartPlan };
  /** Starts its backend as the plan with this number says, and answers when that is done. The plan must be the
   * one that was worked out last. */
  start_backend: { args: { plan: number }; answer: OpenExtension };
  /** Lets compose see these variables of Porthole's environment for the extension with this content, and no
   * others. */
  allow_variables: { args: { content: string; names: Array<string> }; answer: void };
  /** Takes the author's own process for its backend. */
  use_native: { args: { endpoint: Endpoint }; answer: OpenExtension };
  /** Stops what Porthole started, and lets go of what it did not. */
  stop_backend: { args: {  }; answer: OpenExtension };
  /** Closes the extension, its backend and its page; answers with what is inspected then. */
  close_extension: { args: {  }; answer: Target };
  /** Follows the logs of a container of its backend; answers at once with the Call's number. */
  follow_logs: { args: { container: string }; answer: number };
  /** Opens the page of an extension's folder, in the place of the one that is open, with a `ddClient` for this
   * Runtime. It is loaded from `server` if given, else from the build's output folder if `built`, else from
   * the manifest's folder. */
  open_page: { args: { folder: string; server: string | null; built: boolean; runtime: Runtime }; answer: OpenedPage };
  /** Runs a command of the open page's project, if the project still is as `shown`; answers at once with the
   * Call's number. */
  run_project_step: { args: { step: ProjectStep; shown: PackageCommand }; answer: number };
  /** The files that the open page asked for in vain since it was loaded last. */
  missed_files: { args: {  }; answer: Misses };
  /** Clears what the page of another extension or server has stored. Its frame must be gone, and the
   * next one is loaded when this is done. */
  separate_storage: { args: {  }; answer: void };
  /** Whether a development server has a page to show now. */
  look_at_server: { args: { server: string }; answer: void };
  /** Loads the page of a development server although another program than before listens there. */
  accept_server: { args: { server: string }; answer: void };
  /** Closes the page: nothing of it is answered any more. */
  close_page: { args: {  }; answer: void };
  /** Shows the page that is open in its own window. */
  open_page_window: { args: { opened: OpenedPage }; answer: void };
  /** What the page's own window shows, while it is there. */
  page_window_state: { args: {  }; answer: PageWindowState | null };
  /** Waits until the page's own window is gone, and tells how it went. */
  page_window_closed: { args: {  }; answer: PageWindowClosed };
  /** Closes the page's own window, for the page to be shown in the main one. */
  close_page_window: { args: {  }; answer: void };
  /** Remembers these settings, but for the target, which is remembered when it is set. */
  save_settings: { args: { settings: Settings }; answer: void };
  /** What was dropped on the window last, once. */
  take_dropped: { args: {  }; answer: Dropped | null };
  /** Opens Porthole's log with the program that the desktop has for it. */
  open_log: { args: {  }; answer: void };
  /** Shows a message of the desktop's, while the window is in the background. */
  notify: { args: { title: string; body: string }; answer: void };
  /** Lets the user choose a file or a directory in a dialog of the system; none if nothing was chosen. */
  choose_path: { args: { kind: PathKind; title: string }; answer: string | null };
  /** Lets the user choose where a file is written, in a dialog of the system that begins with `suggested`; none if
   * nothing was chosen. The dialog asks before an existing file is chosen. */
  choose_new_file: { args: { title: string; suggested: string }; answer: string | null };
  /** The text on the clipboard; none where there is none, or this system gives it to the window alone. */
  clipboard_text: { args: {  }; answer: string | null };
  /** Where Porthole keeps its files. */
  stored_places: { args: {  }; answer: StoredPlaces };
  /** What extensions may do from one start to the next, by their content. */
  granted: { args: {  }; answer: Array<GrantedContent> };
  /** Forgets what was allowed to the extension with this content. */
  revoke: { args: { content: string }; answer: void };
  /** Removes all calls that have ended, pinned ones too, all that was allowed, and what pages have stored. It can't be
   * undone. */
  forget_all: { args: {  }; answer: void };
  /** Says in the window's title what is inspected and what is running. */
  set_title: { args: { title: string }; answer: void };
  /** Draws the window's content at this size, in percent. */
  set_zoom: { args: { percent: number }; answer: void };
  /** Gives the window the whole screen, or takes it back; answers whether it has it now. */
  toggle_full_screen: { args: {  }; answer: boolean };
}

import type { Code } from "../../ipc/generated/Code"
import type { Ending } from "../../ipc/generated/Ending"
import type { Outcome } from "../../ipc/generated/Outcome"

/** How a badge looks; its words always say the same, so colour is never the only carrier. */
export type Tone = "ok" | "bad" | "busy" | "part" | "quiet"

export interface BadgeWords {
  text: string
  tone: Tone
}

/** Whether something more may happen to a Call. */
export function isLive(outcome: Outcome): boolean {
  return ["pending", "receiving", "running", "draining"].includes(outcome.kind)
}

/** Whether the filter *Failed* shows a Call. */
export function isFailure(outcome: Outcome): boolean {
  return badge(outcome).tone === "bad"
}

/** The user decided that nothing is done. */
export const isNotDone = (code: Code): boolean => code === "recorded_only" || code === "not_allowed"

/** The few words that a badge has room for. */
export function badge(outcome: Outcome): BadgeWords {
  switch (outcome.kind) {
    case "pending":
      return { text: "pending", tone: "busy" }
    case "running":
      return { text: "running", tone: "busy" }
    case "receiving":
      return { text: `${outcome.status} …`, tone: "part" }
    case "draining":
      return { text: `${ended(outcome.ending).text} …`, tone: "part" }
    case "status":
      return status(outcome.status, outcome.reason)
    case "ended":
      return ended(outcome.ending)
    case "failed":
      return { text: failed(outcome.code), tone: isNotDone(outcome.code) ? "quiet" : "bad" }
    case "cancelled":
      return { text: "canceled", tone: "quiet" }
  }
}

/** The reason is the backend's own text and may be long: a column has room for `200 OK`. */
function status(code: number, reason: string): BadgeWords {
  const tone: Tone = code >= 400 ? "bad" : code >= 300 ? "quiet" : "ok"
  const brief = reason.length > 0 && reason.length <= 8
  return { text: brief ? `${code} ${reason}` : String(code), tone }
}

function ended(ending: Ending): BadgeWords {
  if (ending.kind === "signaled") return { text: ending.name, tone: "bad" }
  return { text: `exit ${ending.code}`, tone: ending.code === 0 ? "ok" : "bad" }
}

const failures: Record<Code, string> = {
  endpoint_invalid: "invalid endpoint",
  endpoint_path_too_long: "path too long",
  endpoint_missing: "no socket",
  endpoint_not_socket: "not a socket",
  endpoint_denied: "denied",
  endpoint_refused: "refused",
  endpoint_unknown_host: "unknown host",
  endpoint_unsupported: "unsupported",
  address_in_use: "address in use",
  listen_failed: "can't listen",
  request_invalid: "invalid request",
  body_file_unreadable: "body file unreadable",
  connect_failed: "not connected",
  connect_timeout: "timed out",
  send_failed: "not sent",
  closed_before_response: "closed",
  bad_response: "not HTTP",
  body_cut: "incomplete",
  timed_out: "timed out",
  cancelled: "canceled",
  tap_unavailable: "can't listen",
  tap_move_failed: "not moved",
  client_closed: "client disconnected",
  request_unreadable: "not HTTP",
  recording_cut: "not recorded",
  command_invalid: "invalid command",
  program_not_found: "not found",
  program_not_executable: "not executable",
  script_carriage_return: "invalid script",
  batch_argument_invalid: "invalid argument",
  path_through_proc: "invalid path",
  cwd_invalid: "invalid cwd",
  stdin_unreadable: "invalid stdin",
  terminal_unavailable: "no terminal",
  spawn_failed: "not started",
  stop_failed: "not stopped",
  engine_address_invalid: "invalid engine",
  engine_unavailable: "engine not responding",
  engine_refused: "engine refused",
  engine_unexpected: "invalid engine response",
  command_lost: "result unknown",
  helper_failed: "helper failed",
  engine_lost: "engine lost",
  container_not_found: "no container",
  container_not_running: "not running",
  container_paused: "paused",
  response_too_large: "too large",
  too_many_open_files: "too many open files",
  spill_failed: "disk error",
  output_unreadable: "output unreadable",
  stdout_failed: "stdout closed",
  quota_reached: "quota reached",
  not_json: "not JSON",
  line_not_found: "line not found",
  no_bracket: "nothing to fold",
  too_many_folds: "too many folds",
  path_invalid: "invalid path",
  path_too_large: "value too large to compare",
  copy_too_large: "too large to copy",
  value_too_large: "too large",
  search_invalid: "invalid search",
  open_failed: "not opened",
  decoding_failed: "broken encoding",
  decoding_limit: "decoding limit",
  coding_unsupported: "unsupported encoding",
  charset_unknown: "unknown charset",
  search_missing: "no search",
  file_exists: "file exists",
  save_failed: "not saved",
  save_path_invalid: "invalid path",
  pin_failed: "not pinned",
  pinned_unreadable: "not readable",
  session_unreadable: "not readable",
  session_invalid: "not a session",
  session_too_new: "newer version",
  session_too_large: "session too large",
  session_in_use: "file in use",
  session_changed: "file changed",
  har_invalid: "not a HAR file",
  history_failed: "no history",
  history_damaged: "history damaged",
  history_in_use: "history in use",
  temporary_files_failed: "no temporary files",
  unpack_failed: "not unpacked",
  image_too_large: "image too large",
  scripts_too_long: "scripts too long",
  image_not_found: "image not found",
  image_name_invalid: "invalid image name",
  container_name_invalid: "invalid container name",
  page_server_changed: "different program",
  start_plan_changed: "changed since shown",
  project_changed: "changed since shown",
  archive_unreadable: "invalid image",
  image_not_made: "build failed",
  compose_missing: "no compose",
  compose_unreadable: "invalid compose file",
  compose_failed: "compose failed",
  backend_ended: "backend ended",
  manifest_unreadable: "manifest unreadable",
  page_missing: "no page",
  backend_down: "backend down",
  extension_closed: "no extension",
  page_ended: "page ended",
  page_cut_off: "page disconnected",
  demo_failed: "no demo backend",
  window_lost: "window lost",
  page_server_invalid: "invalid server",
  page_server_silent: "no server",
  page_server_no_page: "no page",
  paste_unknown: "not understood",
  rule_invalid: "invalid rule",
  runtime_refuses: "refused",
  recorded_only: "recorded",
  not_allowed: "not allowed",
  backend_missing: "no backend",
  pending_not_found: "not pending",
  prompt_too_new: "not approved",
  scope_not_offered: "not approved",
  program_changed: "program changed",
  too_many_pending: "too many waiting",
  not_recorded: "not recorded",
  call_not_found: "call not found",
  removal_over: "too late",
  variable_unknown: "unknown variable",
  routes_unreadable: "document unreadable",
  routes_not_found: "no routes",
  settings_failed: "settings not saved",
  data_dir_unusable: "no data directory",
  home_missing: "no home directory",
  random_unavailable: "no random numbers",
  already_running: "already running",
  internal: "internal error",
  display_unavailable: "no display",
}

/** A newer shell may know a code that this page does not: its own name is then the best word. */
function failed(code: Code): string {
  return failures[code] ?? (code as string).replaceAll("_", " ")
}

import { expect, test } from "vitest"
import type { Code } from "../src/ipc/generated/Code"
import type { Outcome } from "../src/ipc/generated/Outcome"
import { badge, isFailure, isLive } from "../src/model/timeline/outcome"

const exited = (code: number) => ({ kind: "exited", code }) as const
const term = { kind: "signaled", signal: 15, name: "SIGTERM" } as const

test.each<[Outcome, string, string]>([
  [{ kind: "pending" }, "pending", "busy"],
  [{ kind: "running" }, "running", "busy"],
  [{ kind: "receiving", status: 200 }, "200 …", "part"],
  [{ kind: "draining", ending: exited(0) }, "exit 0 …", "part"],
  [{ kind: "status", status: 200, reason: "OK" }, "200 OK", "ok"],
  [{ kind: "status", status: 204, reason: "" }, "204", "ok"],
  [{ kind: "status", status: 304, reason: "Not Modified" }, "304", "quiet"],
  [{ kind: "status", status: 500, reason: "Internal Server Error" }, "500", "bad"],
  [{ kind: "ended", ending: exited(0) }, "exit 0", "ok"],
  [{ kind: "ended", ending: exited(3) }, "exit 3", "bad"],
  [{ kind: "ended", ending: term }, "SIGTERM", "bad"],
  [{ kind: "failed", code: "endpoint_refused" }, "refused", "bad"],
  [{ kind: "failed", code: "recorded_only" }, "recorded", "quiet"],
  [{ kind: "failed", code: "not_allowed" }, "not allowed", "quiet"],
  [{ kind: "failed", code: "body_cut" }, "incomplete", "bad"],
  [{ kind: "failed", code: "of_tomorrow" as never }, "of tomorrow", "bad"],
  [{ kind: "cancelled" }, "canceled", "quiet"],
])("the badge of %j says %s", (outcome, text, tone) => {
  expect(badge(outcome)).toEqual({ text, tone })
})

test("live and failed are told apart", () => {
  expect(isLive({ kind: "draining", ending: term })).toBe(true)
  expect(isLive({ kind: "status", status: 200, reason: "" })).toBe(false)
  expect(isFailure({ kind: "cancelled" })).toBe(false)
  expect(isFailure({ kind: "ended", ending: term })).toBe(true)
})

test("codes with meanings of their own have words of their own", () => {
  const text = (code: Code) => badge({ kind: "failed", code }).text
  expect(text("spill_failed")).toBe("disk error")
  expect(text("output_unreadable")).toBe("output unreadable")
  expect(text("stdout_failed")).toBe("stdout closed")
  expect(text("quota_reached")).toBe("quota reached")
  expect(text("pin_failed")).toBe("not pinned")
  expect(text("pinned_unreadable")).toBe("not readable")
  expect(text("save_failed")).toBe("not saved")
  expect(text("save_path_invalid")).toBe("invalid path")
  expect(text("temporary_files_failed")).toBe("no temporary files")
  expect(text("unpack_failed")).toBe("not unpacked")
  expect(text("endpoint_invalid")).toBe("invalid endpoint")
  expect(text("demo_failed")).toBe("no demo backend")
  expect(text("not_json")).toBe("not JSON")
  expect(text("line_not_found")).toBe("line not found")
  expect(text("no_bracket")).toBe("nothing to fold")
  expect(text("too_many_folds")).toBe("too many folds")
  expect(text("copy_too_large")).toBe("too large to copy")
  expect(text("value_too_large")).toBe("too large")
  expect(text("image_too_large")).toBe("image too large")
  expect(text("scripts_too_long")).toBe("scripts too long")
  expect(text("page_cut_off")).toBe("page disconnected")
  expect(text("engine_refused")).toBe("engine refused")
  expect(text("engine_unexpected")).toBe("invalid engine response")
  expect(text("command_lost")).toBe("result unknown")
  expect(text("helper_failed")).toBe("helper failed")
  expect(text("internal")).toBe("internal error")
})

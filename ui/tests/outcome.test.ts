import { expect, test } from "vitest"
import type { Outcome } from "../src/ipc/generated/Outcome"
import { badge, isFailure, isLive } from "../src/model/outcome"

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
  [{ kind: "failed", code: "body_cut" }, "cut", "bad"],
  [{ kind: "failed", code: "of_tomorrow" as never }, "of tomorrow", "bad"],
  [{ kind: "cancelled" }, "cancelled", "quiet"],
])("the badge of %j says %s", (outcome, text, tone) => {
  expect(badge(outcome)).toEqual({ text, tone })
})

test("live and failed are told apart", () => {
  expect(isLive({ kind: "draining", ending: term })).toBe(true)
  expect(isLive({ kind: "status", status: 200, reason: "" })).toBe(false)
  expect(isFailure({ kind: "cancelled" })).toBe(false)
  expect(isFailure({ kind: "ended", ending: term })).toBe(true)
})

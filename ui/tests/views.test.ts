import { expect, test } from "vitest"
import { bytesOf, choicesFor, rowName, shownView, totalOf, usualView } from "../src/model/output/views"
import { summary } from "./fake"

const values = (more: Parameters<typeof summary>[1]) => choicesFor(summary(1, more)).map(({ value }) => value)

test("what a response says that it is decides which views there are and which is first", () => {
  expect(values({ body: "json" })).toEqual(["pretty", "stdout", "hex", "chunks"])
  expect(values({ body: "events" })).toEqual(["events", "stdout", "hex", "chunks"])
  expect(values({ body: "json_lines" })).toEqual(["events", "log", "stdout", "hex", "chunks"])
  expect(values({ body: "text" })).toEqual(["stdout", "log", "hex", "chunks"])
  expect(values({ body: "bytes" })).toEqual(["stdout", "hex", "chunks"])
  expect(values({ body: "protocol" })).toEqual(["chunks", "stdout", "hex"])
  expect(usualView("protocol")).toBe("chunks")
  expect(values({ http: false })).toEqual(["both", "stdout", "stderr", "log", "chunks", "hex"])
  expect((["json", "events", "json_lines", "bytes", "text", undefined] as const).map(usualView)).toEqual([
    "pretty",
    "events",
    "events",
    "hex",
    "stdout",
    "stdout",
  ])
})

test("JSON is indented when it is whole, and it is said why not before", () => {
  const json = (outcome: ReturnType<typeof summary>["outcome"]) => summary(1, { body: "json", outcome })
  const arriving = json({ kind: "receiving", status: 200 })
  expect(shownView(arriving, "pretty", false)).toBe("stdout")
  expect(choicesFor(arriving)[0]!.not).toBe("The body is still arriving.")
  expect(shownView(json({ kind: "status", status: 200, reason: "" }), "pretty", false)).toBe("pretty")
  expect(shownView(json({ kind: "failed", code: "body_cut" }), "pretty", false)).toBe("stdout")
})

test("bytes are those of stderr when that was chosen last", () => {
  const run = summary(1, { http: false })
  expect([shownView(run, "hex", false), shownView(run, "hex", true)]).toEqual(["hex", "hex_stderr"])
  expect(shownView(summary(1), "hex", true)).toBe("hex")
})

test("totals come from the counts where they can", () => {
  const row = summary(1, {
    http: false,
    counts: { stdout: { bytes: 33, lines: 3 }, stderr: { bytes: 16, lines: 2 }, chunks: 4 },
  })
  const totals = (["both", "stdout", "stderr", "chunks", "hex", "hex_stderr", "hits"] as const).map((view) =>
    totalOf(row, view, 9),
  )
  expect(totals).toEqual([5, 3, 2, 4, 3, 1, 9])
  expect([totalOf(row, "pretty", 0), totalOf(row, "events", 0)]).toEqual([undefined, undefined])
  expect((["both", "stderr", "hex"] as const).map((view) => bytesOf(row, view))).toEqual([49, 16, 33])
})

test("rows have names", () => {
  expect([
    rowName("chunks", undefined),
    rowName("events", "events"),
    rowName("events", "json_lines"),
  ]).toEqual(["chunk", "event", "record"])
})

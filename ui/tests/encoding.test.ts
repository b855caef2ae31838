import { expect, test } from "vitest"
import type { Summary } from "../src/ipc/generated/Summary"
import { bannerOf } from "../src/model/output/encoding"
import { formatText, formatValue } from "../src/model/output/formats"
import { partsOf } from "../src/model/output/saving.svelte"
import { Output } from "../src/model/output/output.svelte"
import { FakeShell, settle, summary } from "./fake"

const counts = { stdout: { bytes: 423, lines: 2 }, stderr: { bytes: 0, lines: 0 }, chunks: 1 }
const gzip: Summary = summary(1, { http: true, body: "json", counts, encoded: { by: "gzip", asSent: false } })

test("the banner says what was sent, what was decoded, and how to see the other", () => {
  expect(bannerOf(gzip, { sent: 423, bytes: 4800 })).toEqual({
    text: "Decoded from gzip: 423 B sent, 4.8 kB decoded",
    problem: undefined,
    hint: undefined,
    action: "Show as sent",
  })
  expect(bannerOf(gzip, undefined)?.text).toBe("Decoding gzip…")
  expect(bannerOf({ ...gzip, encoded: { by: "br, gzip", asSent: true } }, undefined)).toEqual({
    text: "Shown as sent: 423 B of br, gzip",
    action: "Decode",
  })
  expect(bannerOf(summary(2), undefined)).toBeUndefined()
})

test("the banner says why decoding stopped, or can't begin", () => {
  const message = "The gzip data ends too early"
  const stopped = bannerOf(gzip, { sent: 423, bytes: 90, problem: { code: "decoding_failed", message } })
  expect([stopped?.problem, stopped?.action]).toEqual([message, "Show as sent"])
  const refused = { code: "coding_unsupported", message: "Shown as sent: `x` isn't supported" } as const
  const unsupported = bannerOf({ ...gzip, encoded: { by: "x", asSent: false, refused } }, undefined)
  expect([unsupported?.problem, unsupported?.action]).toEqual(["Shown as sent: x isn't supported", undefined])
})

test("both forms of an encoded body can be saved", () => {
  expect(partsOf(gzip, undefined, 0).map(({ text }) => text)).toEqual([
    "The body, decoded",
    "The body as sent (gzip)",
    "Chunks, as JSON lines",
  ])
})

test("the format that was found is named, and one that was chosen is marked", () => {
  expect([formatText(gzip), formatValue(gzip)]).toEqual(["JSON", "automatic"])
  const chosen = { ...gzip, body: "bytes", bodyChosen: true } as const
  expect([formatText(chosen), formatValue(chosen)]).toEqual(["Hex", "bytes"])
  expect(formatText({ ...gzip, body: "bytes" })).toBe("Binary")
})

test("a format that is chosen is shown in its usual view, and the rows are others then", async () => {
  const nothing = async () => undefined as never
  const shell = new FakeShell({
    lines: async () => ({ from: 0, total: 0, lines: [] }),
    set_body_kind: nothing,
    set_as_sent: nothing,
  })
  const output = new Output(shell)
  output.see(gzip)
  output.choose("stdout")
  await output.setFormat("json")
  expect(output.view).toBe("pretty")
  expect(shell.asked.at(-1)).toEqual({ name: "set_body_kind", args: { id: 1, kind: "json" } })
  const before = output.lines.look?.form
  output.see({ ...gzip, body: "events", bodyChosen: true })
  await settle()
  expect(output.view).toBe("events")
  expect(output.lines.look?.form).not.toBe(before)
  // Only the answer can tell how many rows a decoded body has.
  output.choose("hex")
  expect(output.lines.look?.total).toBeUndefined()
  await output.setFormat("automatic")
  expect(shell.asked.at(-1)?.args).toEqual({ id: 1, kind: null })
  await output.setAsSent(true)
  expect(shell.asked.at(-1)).toEqual({ name: "set_as_sent", args: { id: 1, sent: true } })
})

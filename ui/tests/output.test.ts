import { beforeEach, expect, test } from "vitest"
import type { Window } from "../src/ipc/generated/Window"
import { Output } from "../src/model/output/output.svelte"
import { FakeShell, line, settle, summary } from "./fake"

let output: Output
let shell: FakeShell
let answer: (view: string) => Partial<Window>

beforeEach(() => {
  answer = () => ({})
  shell = new FakeShell({
    lines: async ({ view, from }) => ({ from, total: 50, lines: [line(from)], ...answer(view) }),
    fold: async () => {},
  })
  output = new Output(shell)
  output.lines.fit(10)
})

const views = () =>
  shell.asked.filter(({ name }) => name === "lines").map(({ args }) => (args as { view: string }).view)

test("a body begins with the view of its kind, and what is chosen stays for that kind", () => {
  output.see(summary(1, { body: "json" }))
  expect(output.view).toBe("pretty")
  output.choose("chunks")
  output.see(summary(2, { body: "events" }))
  expect(output.view).toBe("events")
  output.see(summary(3, { body: "json" }))
  expect(output.view).toBe("chunks")
})

test("a JSON body is raw while it arrives and indented when it is whole", () => {
  output.see(summary(1, { body: "json", outcome: { kind: "receiving", status: 200 } }))
  expect([output.view, output.shown]).toEqual(["stdout", "stdout"])
  output.see(summary(1, { body: "json" }))
  expect(output.view).toBe("pretty")
})

test("bytes of the stream that was chosen last", () => {
  output.see(summary(1, { http: false }))
  output.choose("stderr")
  output.choose("hex")
  expect([output.view, output.shown, output.linesView]).toEqual(["hex_stderr", "hex", "stderr"])
})

test("each view is come back to where it was left, for this call", async () => {
  const counts = { stdout: { bytes: 900, lines: 500 }, stderr: { bytes: 0, lines: 0 }, chunks: 90 }
  output.see(summary(1, { http: false, counts }))
  output.lines.scrollTo(123)
  output.choose("chunks")
  output.lines.scrollTo(17)
  output.choose("both")
  expect([output.lines.first, output.lines.following]).toEqual([123, false])
  output.choose("chunks")
  expect(output.lines.first).toBe(17)
  output.see(summary(2, { http: false, counts }))
  expect(output.lines.following).toBe(true)
})

test("a body that is no JSON at all is shown as it came, with the reason", async () => {
  const problem = { code: "not_json", message: "expected a value" } as const
  answer = (view) => (view === "pretty" ? { total: 0, lines: [], problem } : {})
  output.see(summary(1, { body: "json" }))
  await settle()
  expect(output.view).toBe("stdout")
  expect(output.problem?.message).toBe("expected a value")
  expect(views().at(-1)).toBe("stdout")
  output.choose("stdout")
  expect(output.problem).toBeUndefined()
})

test("JSON that ends in the middle is shown as far as it goes, with the reason", async () => {
  const problem = { code: "not_json", message: "it ends in a string" } as const
  answer = () => ({ problem })
  output.see(summary(1, { body: "json" }))
  await settle()
  expect([output.view, output.problem?.message]).toEqual(["pretty", "it ends in a string"])
})

test("after folding the window is asked for again, from the beginning when all is folded", async () => {
  output.see(summary(1, { body: "json" }))
  await settle()
  output.lines.scrollTo(20)
  await settle()
  const before = views().length
  await output.fold(21, "close")
  expect(views().length).toBeGreaterThan(before)
  expect(output.lines.first).toBe(20)
  await output.fold(0, "close_inside")
  expect(output.lines.first).toBe(0)
})

import { beforeEach, expect, test, vi } from "vitest"
import type { LogQuery } from "../src/ipc/generated/LogQuery"
import { LogFilter } from "../src/model/output/log-filter.svelte"
import { Output } from "../src/model/output/output.svelte"
import { FakeShell, line, settle, summary } from "./fake"

let shell: FakeShell
let output: Output
let filter: LogFilter

const rows = Array.from({ length: 8 }, (_, n) => line(n))
const run = summary(1, { http: false })
const counted = { counts: [2, 1, 0, 0, 0, 5], marks: [], errors: 2, warnings: 1, total: 8 }

beforeEach(() => {
  vi.useRealTimers()
  shell = new FakeShell({
    lines: async ({ from, count }) => ({ from, total: 8, lines: rows.slice(from, from + count) }),
    log: async ({ query }) => {
      if (query.text === "level:loud") throw { code: "search_invalid", message: "`loud` isn't a level" }
    },
    log_summary: async () => counted,
    log_error: async ({ after }) => (after ? 5 : null),
  })
  output = new Output(shell)
  output.lines.fit(3)
  filter = new LogFilter(shell, output)
  output.see(run)
})

const queries = () =>
  shell.asked.filter(({ name }) => name === "log").map(({ args }) => (args as { query: LogQuery }).query)

test("the filter is applied when the log is shown, to the stream that was chosen last", async () => {
  filter.look()
  expect(queries()).toEqual([])
  output.choose("stderr")
  output.choose("log")
  filter.look()
  filter.look()
  await settle()
  expect(queries()).toEqual([{ view: "stderr", levels: [], text: "", fold: true }])
  expect(output.lines.look).toMatchObject({ view: "log", edition: 1 })
  expect(filter.summary).toEqual(counted)
})

test("levels are added, and each change has other rows", async () => {
  output.choose("log")
  filter.look()
  await settle()
  filter.toggle("error")
  filter.toggle("warning")
  await settle()
  filter.toggle("error")
  await settle()
  expect(queries().map(({ levels }) => levels)).toEqual([[], ["error"], ["error", "warning"], ["warning"]])
  // An answer that another one overtook shows nothing.
  expect(output.logEdition).toBe(3)
  expect(filter.filters).toBe(true)
  filter.clear()
  expect(filter.filters).toBe(false)
})

test("a filter that can't be read is said, and the rows stay", async () => {
  vi.useFakeTimers()
  output.choose("log")
  filter.type("level:loud")
  await vi.advanceTimersByTimeAsync(1_000)
  expect(filter.trouble?.message).toBe("`loud` isn't a level")
  expect(output.logEdition).toBe(0)
  filter.type("")
  await vi.advanceTimersByTimeAsync(1_000)
  expect(filter.trouble).toBe(undefined)
})

test("the next error is looked for behind what can be seen", async () => {
  output.choose("log")
  filter.look()
  await settle()
  output.lines.scrollTo(0)
  await filter.goToError(true)
  expect(output.lines.pointed).toBe(5)
  await filter.goToError(true)
  const rows = shell.asked
    .filter(({ name }) => name === "log_error")
    .map(({ args }) => (args as { row: number }).row)
  expect(rows).toEqual([Number.MAX_SAFE_INTEGER, 5])
})

import { beforeEach, expect, test } from "vitest"
import { readPosition } from "../src/model/output/go-to-position"
import { GoTo } from "../src/model/output/go-to.svelte"
import { Output } from "../src/model/output/output.svelte"
import { FakeShell, line, settle, summary } from "./fake"

const began = new Date(2026, 4, 3, 9, 40, 2, 500).getTime()
const position = (text: string, hex = false) => readPosition(text, began, hex)

test("lines, with and without commas", () => {
  expect([position("1234"), position("1,234"), position(" 12,345,678 ")]).toEqual([
    { kind: "line", line: 1233 },
    { kind: "line", line: 1233 },
    { kind: "line", line: 12_345_677 },
  ])
  expect([position("0"), position("1,23"), position("-4"), position("soon"), position("")]).toEqual(
    Array(5).fill(undefined),
  )
})

test("times since the start and of the day", () => {
  const times = ["+12.5s", "12.5s", "+12.5", "+1:02", "+1:00:01.5", "09:41:02", "09:41:02.5", "09:40:02"].map(
    (text) => position(text),
  )
  expect(times.map((time) => (time?.kind === "time" ? time.us / 1_000_000 : undefined))).toEqual([
    12.5, 12.5, 12.5, 62, 3601.5, 59.5, 60, 0,
  ])
  expect([position("25:00:00"), position("09:61:00"), position("1:02")]).toEqual(Array(3).fill(undefined))
})

test("a call that goes on over midnight has times of the next day", () => {
  const late = new Date(2026, 4, 3, 23, 59, 58).getTime()
  expect(readPosition("00:00:03", late, false)).toEqual({ kind: "time", us: 5_000_000 })
})

test("bytes have offsets", () => {
  expect([position("0x1f40", true), position("8000", true), position("end", true)]).toEqual([
    { kind: "offset", offset: 8000 },
    { kind: "offset", offset: 8000 },
    { kind: "end" },
  ])
  expect(position("0x1f40")).toBeUndefined()
})

let output: Output
let goTo: GoTo
let shell: FakeShell

beforeEach(() => {
  shell = new FakeShell({
    // Every line but each third one is folded away.
    lines: async ({ view, from, count }) => ({
      from,
      total: 1000,
      lines: Array.from({ length: Math.max(0, Math.min(count, 1000 - from)) }, (_, i) =>
        line(view === "pretty" ? (from + i) * 3 : from + i),
      ),
    }),
    row_at_time: async ({ time }) => time / 1_000_000,
  })
  output = new Output(shell)
  goTo = new GoTo(shell, output)
  output.lines.fit(10)
})

async function go(text: string) {
  goTo.show()
  goTo.text = text
  await goTo.go()
  await settle()
}

const run = summary(1, {
  http: false,
  counts: { stdout: { bytes: 9, lines: 1000 }, stderr: { bytes: 0, lines: 0 }, chunks: 1 },
})

test("it goes to a line, a time and the end, and closes", async () => {
  output.see(run)
  await settle()
  await go("500")
  expect([output.lines.pointed, output.lines.following, goTo.open]).toEqual([499, false, false])
  expect(output.lines.drawn.some(({ n }) => n === 499)).toBe(true)
  await go("+200s")
  expect(output.lines.pointed).toBe(200)
  await go("end")
  expect(output.lines.following).toBe(true)
})

test("what is not understood is said, and it stays open", async () => {
  output.see(run)
  await go("soon")
  expect(goTo.problem).toContain("Enter a line")
  expect(goTo.open).toBe(true)
})

test("where rows are left out, a line is found by its number", async () => {
  output.see(summary(2, { body: "json" }))
  await settle()
  await go("301")
  expect(output.lines.pointed).toBe(100)
  await go("+1s")
  expect(goTo.problem).toBe("This view has no times.")
})

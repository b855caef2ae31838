import { beforeEach, expect, test, vi } from "vitest"
import type { Hit } from "../src/ipc/generated/Hit"
import type { Query } from "../src/ipc/generated/Query"
import type { Searching } from "../src/ipc/generated/Searching"
import { Output } from "../src/model/output/output.svelte"
import { Search, wordsOf } from "../src/model/output/search.svelte"
import { FakeShell, line, settle, summary } from "./fake"

let output: Output
let search: Search
let shell: FakeShell
let hits: (args: { line: number; after: boolean }) => Hit | null
let refuse: boolean

const ended = { kind: "ended", ending: { kind: "exited", code: 0 } } as const
const counts = { stdout: { bytes: 9000, lines: 1000 }, stderr: { bytes: 90, lines: 10 }, chunks: 1 }
const run = summary(1, { http: false, outcome: ended, counts })
const live = summary(1, { http: false, outcome: { kind: "running" }, counts })

/** A hit in plain lines. */
function at(place: number, line: number): Hit {
  return { place, line, row: line, listed: place }
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  hits = ({ line, after }) => at(4, after ? Math.min(line + 10, 990) : line - 10)
  refuse = false
  shell = new FakeShell({
    lines: async ({ from, count }) => ({
      from,
      total: 1010,
      lines: Array.from({ length: Math.min(count, 1010 - from) }, (_, i) => line(from + i)),
    }),
    search: async () => {
      if (refuse) throw { code: "search_invalid", message: "unclosed group" }
    },
    search_end: async () => {},
    search_stop: async () => {},
    hit: async (args) => hits(args),
  })
  output = new Output(shell)
  search = new Search(shell, output)
  output.lines.fit(20)
  output.see(run)
  await settle()
})

const asked = (name: string) => shell.asked.filter((asked) => asked.name === name)
const query = () => (asked("search").at(-1)!.args as { query: Query }).query

async function look(text: string) {
  search.show()
  search.type(text)
  vi.advanceTimersByTime(200)
  await settle()
}

async function told(more: Partial<Searching> = {}) {
  search.see({
    call: 1,
    query: query(),
    hits: 12,
    lines: 12,
    progress: { done: 1, whole: 2 },
    state: "running",
    ...more,
  })
  await settle()
}

test("typing searches after a short pause, once, for a literal text", async () => {
  search.show()
  for (const text of ["w", "wa", "warn"]) {
    search.type(text)
    vi.advanceTimersByTime(100)
  }
  expect(asked("search")).toHaveLength(0)
  vi.advanceTimersByTime(100)
  await settle()
  expect(asked("search")).toHaveLength(1)
  expect(query()).toEqual({ view: "both", text: "warn", regex: false, matchCase: false, inverse: false })
  search.toggle("regex")
  await settle()
  expect(query().regex).toBe(true)
})

test("the first hit is gone to by itself, once", async () => {
  output.lines.scrollTo(100)
  await look("x")
  await told()
  expect(asked("hit")).toHaveLength(1)
  // The line at the top may be one itself.
  expect(asked("hit")[0]!.args).toEqual({ line: 99, column: null, after: true })
  expect(output.lines.pointed).toBe(109)
  await told({ hits: 20 })
  expect(asked("hit")).toHaveLength(1)
  expect(search.words).toBe("5 of 20…")
})

test("from the very beginning the first hit of all is meant", async () => {
  output.lines.scrollTo(0)
  await look("x")
  await told()
  expect((asked("hit")[0]!.args as { line: number }).line).toBeGreaterThan(1e15)
})

test("what is found before what is seen is gone to only when nothing was found after it", async () => {
  output.lines.scrollTo(500)
  hits = () => at(0, 30)
  await look("x")
  await told({ hits: 1 })
  await told({ hits: 2 })
  expect(search.current).toBeUndefined()
  expect(search.words).toBe("2 found…")
  hits = () => at(7, 600)
  await told({ hits: 8 })
  expect(search.words).toBe("8 of 8…")
  search.type("y")
  vi.advanceTimersByTime(200)
  await settle()
  hits = () => at(0, 30)
  await told({ hits: 1 })
  expect(search.current).toBeUndefined()
  await told({ hits: 1, state: "complete" })
  expect(search.words).toBe("1 of 1")
  expect(output.lines.pointed).toBe(30)
})

test("who follows what comes is not taken away from it: it is only counted", async () => {
  output.see(live)
  await look("x")
  await told({ hits: 7 })
  expect(asked("hit")).toHaveLength(0)
  expect(search.words).toBe("7 found…")
  search.next()
  await settle()
  expect(asked("hit")).toHaveLength(1)
  expect(output.lines.following).toBe(false)
})

test("next goes on from the hit that is seen, and from what is seen when it is not", async () => {
  await look("x")
  await told()
  const first = search.current!.line
  search.next()
  await settle()
  expect(asked("hit").at(-1)!.args).toEqual({ line: first, column: null, after: true })
  output.lines.scrollTo(500)
  search.next()
  await settle()
  expect(asked("hit").at(-1)!.args).toEqual({ line: 499, column: null, after: true })
  output.lines.scrollTo(200)
  search.previous()
  await settle()
  expect(asked("hit").at(-1)!.args).toEqual({ line: 220, column: null, after: false })
})

test("news of an older search, or of another call, is not taken for this one's", async () => {
  await look("x")
  const old = query()
  await look("xy")
  search.see({ call: 1, query: old, hits: 9, lines: 9, progress: { done: 1, whole: 1 }, state: "complete" })
  search.see({
    call: 2,
    query: query(),
    hits: 9,
    lines: 9,
    progress: { done: 1, whole: 1 },
    state: "complete",
  })
  expect(search.found).toBeUndefined()
})

test("what was typed while the hit of an older search was asked for is gone to as well", async () => {
  let answer: (hit: Hit) => void = () => {}
  const slow = new Promise<Hit>((done) => (answer = done))
  await look("war")
  shell.answers.hit = () => slow
  await told()
  // The older hit is still on its way when the next search is told of for the first and last time.
  await look("warn")
  await told({ state: "complete", progress: { done: 2, whole: 2 } })
  shell.answers.hit = async () => at(7, 500)
  answer(at(1, 100))
  await settle()
  expect(search.current).toEqual(at(7, 500))
})

test("an expression that cannot be read is said, and what is typed next clears it", async () => {
  refuse = true
  await look("(")
  expect(search.words).toBe("unclosed group")
  refuse = false
  await look("(x)")
  await told()
  expect(search.trouble).toBeUndefined()
})

test("only hits are rows of their own; a number leads back among all lines", async () => {
  await look("x")
  await told({ state: "complete" })
  search.showOnly(true)
  expect(output.view).toBe("hits")
  expect(output.lines.total).toBe(12)
  await told({ hits: 30, lines: 30 })
  expect(output.lines.total).toBe(30)
  search.leaveTo(321)
  expect([output.view, search.only, output.lines.pointed]).toEqual(["both", false, 321])
})

test("another call is searched for the same when it is selected", async () => {
  await look("x")
  output.see(summary(2, { http: true, body: "json" }))
  search.look()
  await settle()
  expect(asked("search").at(-1)!.args).toMatchObject({ id: 2, query: { view: "pretty", text: "x" } })
  expect(output.view).toBe("pretty")
  output.see(summary(3, { http: true, body: "events" }))
  search.look()
  await settle()
  expect(asked("search").at(-1)!.args).toMatchObject({ id: 3, query: { view: "stdout", text: "x" } })
  expect(output.view).toBe("stdout")
})

test("other streams are searched when they are chosen", async () => {
  await look("x")
  output.choose("stderr")
  search.look()
  await settle()
  expect(query().view).toBe("stderr")
})

test("in indented JSON each place is gone to, on the row where it is after folds were opened", async () => {
  output.see(summary(2, { body: "json", counts }))
  await settle()
  shell.answers.hit = async () => ({ place: 2, line: 700, row: 20, listed: 1, column: 5, mark: [9, 12] })
  await look("x")
  await told({ call: 2, hits: 3, lines: 2 })
  expect([output.view, output.lines.pointed, search.words]).toEqual(["pretty", 20, "3 of 3…"])
  search.next()
  await settle()
  expect(asked("hit").at(-1)!.args).toEqual({ line: 700, column: 5, after: true })
  search.showOnly(true)
  expect([output.view, output.lines.total, output.lines.pointed]).toEqual(["hits", 2, 1])
  search.leaveTo(700)
  await settle()
  expect(asked("hit").at(-1)!.args).toEqual({ line: 699, column: null, after: true })
  expect([output.view, output.lines.pointed]).toEqual(["pretty", 20])
})

test("closing forgets, and the view is the one before, where it was", async () => {
  output.see(summary(2, { body: "events", counts }))
  await settle()
  output.lines.scrollTo(40)
  await look("x")
  expect(output.view).toBe("stdout")
  output.lines.scrollTo(7)
  search.close()
  await settle()
  expect([output.view, output.lines.first, search.open]).toEqual(["events", 40, false])
  expect(asked("search_end").length).toBeGreaterThan(0)
})

test("the words", () => {
  const found = (more: Partial<Searching>): Searching => ({
    call: 1,
    query: query0,
    hits: 3402,
    lines: 3402,
    progress: { done: 0, whole: 1 },
    state: "complete",
    ...more,
  })
  const words = (more: Partial<Searching>, current?: Hit) => wordsOf("x", found(more), current, undefined)
  expect(words({}, at(11, 5))).toBe("12 of 3,402")
  expect(words({ state: "running" })).toBe("3,402 found…")
  expect(words({ state: "stopped" })).toBe("3,402 found, stopped")
  expect(words({ state: "waiting" })).toBe("3,402 found")
  expect(words({ hits: 0 })).toBe("none")
  expect(words({ hits: 0, state: "running" })).toBe("searching…")
  const trouble = { code: "search_missing", message: "It went." } as const
  expect(words({ state: "failed", trouble })).toBe("It went.")
  expect(wordsOf("", undefined, undefined, undefined)).toBe("")
})

const query0: Query = { view: "both", text: "x", regex: false, matchCase: false, inverse: false }

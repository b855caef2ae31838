import { beforeEach, expect, test, vi } from "vitest"
import type { Filtered } from "../src/ipc/generated/Filtered"
import { Copying } from "../src/model/output/copying.svelte"
import { JsonMenu } from "../src/model/output/json-menu.svelte"
import { Output } from "../src/model/output/output.svelte"
import { PathFilter, wordsOf } from "../src/model/output/path-filter.svelte"
import { Search } from "../src/model/output/search.svelte"
import { FakeShell, line, settle, summary } from "./fake"

let shell: FakeShell
let output: Output
let filter: PathFilter
let answer: (path: string) => Promise<Filtered>
const json = summary(1, { body: "json" })

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  answer = async () => ({ nodes: 3, cut: false })
  shell = new FakeShell({
    lines: async ({ from, count }) => ({
      from,
      total: 100,
      lines: Array.from({ length: Math.min(count, 100 - from) }, (_, i) => line(from + i)),
    }),
    filter: async ({ path }) => answer(path),
    filter_end: async () => {},
    search: async () => {},
    search_end: async () => {},
    fold: async () => {},
    json_node: async ({ line }) => ({ path: `$[${line}]`, access: `result[${line}]`, bytes: 1 }),
    json_value: async () => "1.0",
  })
  output = new Output(shell)
  filter = new PathFilter(shell, output)
  output.lines.fit(20)
  output.see(json)
  filter.look()
  await settle()
})

const asked = (name: string) => shell.asked.filter((asked) => asked.name === name)

async function type(text: string) {
  filter.type(text)
  vi.advanceTimersByTime(300)
  await settle()
}

test("a path is evaluated after a short pause, and its result is shown", async () => {
  for (const text of ["$", "$.a", "$.ab"]) filter.type(text)
  vi.advanceTimersByTime(300)
  await settle()
  expect(asked("filter").map(({ args }) => args)).toEqual([{ id: 1, path: "$.ab" }])
  expect([output.view, output.shown, filter.words]).toEqual(["filtered", "pretty", "3 values"])
  await output.fold(2, "close")
  expect(asked("fold").at(-1)!.args).toEqual({ id: 1, view: "filtered", line: 2, fold: "close" })
  await type("")
  expect([output.view, filter.words]).toEqual(["pretty", ""])
  expect(asked("filter_end")).toHaveLength(1)
})

test("what was found stays while the path is wrong", async () => {
  await type("$.a")
  answer = () => Promise.reject({ code: "path_invalid", message: "Expected a name (character 3)" })
  await type("$.")
  expect([output.view, filter.words]).toEqual(["filtered", "Expected a name (character 3)"])
})

test("an answer to an older path is of no use", async () => {
  const answers: ((filtered: Filtered) => void)[] = []
  answer = () => new Promise((done) => answers.push(done))
  await type("$.a")
  await type("$.b")
  answers[1]!({ nodes: 1, cut: false })
  await settle()
  answers[0]!({ nodes: 9, cut: false })
  await settle()
  expect(filter.words).toBe("1 value")
  await type("$.c")
  filter.clear()
  answers[2]!({ nodes: 9, cut: false })
  await settle()
  expect([output.view, filter.words]).toEqual(["pretty", ""])
})

test("another call is shown whole", async () => {
  await type("$.a")
  output.see(summary(2, { body: "json" }))
  filter.look()
  expect([output.view, filter.text]).toEqual(["pretty", ""])
})

test("a search looks through the rows that are shown, and anew when the filter changes", async () => {
  const search = new Search(shell, output)
  search.show()
  search.type("x")
  vi.advanceTimersByTime(300)
  await settle()
  expect(output.view).toBe("pretty")
  await type("$.a")
  search.look()
  await settle()
  await type("$.b")
  search.look()
  await settle()
  const views = asked("search").map(({ args }) => (args as { query: { view: string } }).query.view)
  expect(views).toEqual(["pretty", "filtered", "filtered"])
})

test("the menu of a value copies its path, its value and its access, and filters to it", async () => {
  const copied: string[] = []
  const copying = new Copying(shell, output, async (text) => void copied.push(text))
  const menu = new JsonMenu(shell, output, copying, filter)
  await menu.show(7, 10, 20)
  expect([menu.open, menu.at]).toEqual([true, { x: 10, y: 20 }])
  menu.copyPath()
  await menu.copyValue()
  menu.copyAccess()
  expect(copied).toEqual(["$[7]", "1.0", "result[7]"])
  menu.filterTo()
  await settle()
  expect([filter.text, output.view]).toEqual(["$[7]", "filtered"])
})

test("a result that is cut says so", () => {
  expect(wordsOf("$..*", false, { nodes: 100_000, cut: true }, undefined)).toContain("First 100,000 values")
  expect(wordsOf("$.x", false, { nodes: 0, cut: false }, undefined)).toBe("No values match")
  expect(wordsOf("$.x", true, undefined, undefined)).toBe("Filtering…")
})

import { expect, test } from "vitest"
import type { Summary } from "../src/ipc/generated/Summary"
import { ABOUT, COLUMNS, layOut, mostOf, nextSort, resizedAt } from "../src/model/timeline/columns"
import { originWords } from "../src/model/timeline/from"
import { grouped, groupWords, sorted } from "../src/model/timeline/order"
import { Selection } from "../src/model/timeline/selection.svelte"
import { axisOf, barOf, phaseWords, ticksOf } from "../src/model/timeline/waterfall"
import { CallActions } from "../src/model/timeline/call-actions.svelte"
import { Timeline } from "../src/model/timeline/timeline.svelte"
import { changes, FakeShell, summary } from "./fake"

const inGroup = (id: number, beganMs: number, number: number, more: Partial<Summary> = {}) =>
  summary(id, { origin: "page", group: { beganMs, number }, ...more })
const rows = [summary(1), inGroup(2, 10, 1), summary(3), inGroup(4, 10, 1), inGroup(5, 20, 2)]
const shape = (items: ReturnType<typeof grouped>) =>
  items.map((item) => (item.kind === "group" ? `${groupWords(item)}: ${item.calls}` : item.row.id))

test("calls of a page load are together below its header, and those of the composer by themselves", () => {
  expect(shape(grouped(rows, new Set()))).toEqual([1, "Page load 1: 2", 2, 4, 3, "Page load 2: 1", 5])
  expect(shape(grouped(rows, new Set(["page-10"])))).toEqual([1, "Page load 1: 2", 3, "Page load 2: 1", 5])
  const run = inGroup(6, 10, 4, { origin: "console" })
  expect(shape(grouped([run], new Set()))).toEqual(["Console run 4: 1", 6])
})

test("rows are sorted by a column, equal ones in the order of time, and without groups", () => {
  const by = [summary(1, { tookUs: 5 }), summary(2, { tookUs: 9 }), inGroup(3, 1, 1, { tookUs: 5 })]
  expect(shape(sorted(by, { by: "took", direction: "descending" }))).toEqual([2, 1, 3])
  expect(shape(sorted(by, { by: "took", direction: "ascending" }))).toEqual([1, 3, 2])
})

test("the third press on a header goes back to the order of time", () => {
  let sort = nextSort(undefined, "took")
  expect(sort).toEqual({ by: "took", direction: "descending" })
  sort = nextSort(sort, "took")
  expect(sort).toEqual({ by: "took", direction: "ascending" })
  expect(nextSort(sort, "took")).toBeUndefined()
  expect(nextSort(sort, "call")).toEqual({ by: "call", direction: "ascending" })
  // Upward is the order of time itself.
  expect(nextSort(nextSort(undefined, "time"), "time")).toBeUndefined()
})

test("the list follows its end only in the order of time", () => {
  const timeline = new Timeline(new FakeShell(), () => {})
  expect(timeline.followsEnd).toBe(true)
  timeline.sort = { by: "size", direction: "descending" }
  expect(timeline.followsEnd).toBe(false)
  timeline.sort = undefined
  expect(timeline.followsEnd).toBe(true)
})

const chosen: Record<string, number>[] = [{}, { from: 900, took: 500 }, { waterfall: 1, time: 0 }]

test("columns fill any width, and none is below its least", () => {
  for (let width = 320; width < 2400; width += 37) {
    for (const widths of chosen) {
      const drawn = layOut(width, widths, [])
      const sum = drawn.reduce((sum, column) => sum + column.width, 0)
      expect(sum, `${width}`).toBe(width)
      for (const { id, width } of drawn) expect(width, id).toBeGreaterThanOrEqual(ABOUT[id].min)
    }
  }
  expect(layOut(1400, {}, ["size", "call"]).map(({ id }) => id)).toEqual(
    COLUMNS.filter((id) => id !== "size"),
  )
  expect(layOut(500, {}, []).some(({ id }) => id === "waterfall")).toBe(false)
})

test("a line between columns resizes what isn't on the side of the call, as far as there is room", () => {
  const drawn = layOut(1400, {}, [])
  expect(drawn.map((_, at) => resizedAt(drawn, at)?.id)).toEqual([
    "time",
    "kind",
    "outcome",
    "waterfall",
    "took",
    "size",
    "from",
    undefined,
  ])
  const most = mostOf(drawn, "took")
  const wide = layOut(1400, { took: most }, [])
  expect(wide.find(({ id }) => id === "took")!.width).toBeLessThanOrEqual(most)
})

test("the place in the code is short, and whole where it has no file", () => {
  const from = (at: string) => originWords(summary(1, { origin: "page", at }))
  expect(from("ui/page.js:88:14")).toBe("page.js:88")
  expect(from("http://localhost:3000/src/App.tsx?t=17:3:1")).toBe("App.tsx:3")
  expect(from("/:12:3")).toBe("page:12")
  expect(from("anything")).toBe("anything")
  expect(originWords(summary(1))).toBe("composer")
})

const call = (id: number, beganMs: number, waitedUs: number | undefined, tookUs: number | undefined) => {
  const row = summary(id, { beganMs })
  delete row.tookUs
  if (waitedUs !== undefined) row.waitedUs = waitedUs
  if (tookUs !== undefined) row.tookUs = tookUs
  return row
}

test("the bars lie on one axis, with what was waited for and what came after it", () => {
  const [first, second] = [call(1, 1000, 20_000, 50_000), call(2, 1050, 30_000, 150_000)]
  const axis = axisOf([first, second], 0)
  expect(axis).toEqual({ fromMs: 1000, lengthMs: 200 })
  expect(barOf(second, axis, 0)).toEqual({
    from: 0.25,
    length: 0.75,
    pieces: [
      { part: "wait", share: 20 },
      { part: "work", share: 80 },
    ],
  })
  expect(phaseWords(second, 0)).toBe("Wait 30 ms, receive 120 ms")
})

test("a call that goes on grows with time, and one that failed before its first byte only waited", () => {
  const live = call(1, 1000, undefined, undefined)
  expect(axisOf([live], 1400).lengthMs).toBe(400)
  expect(axisOf([live], 2400).lengthMs).toBe(1400)
  expect(phaseWords(live, 1400)).toBe("Wait 400 ms")
  expect(phaseWords(call(2, 1000, undefined, 7000), 0)).toBe("Wait 7.0 ms")
  const run = { ...call(3, 1000, 2000, 9000), http: false }
  expect(phaseWords(run, 0)).toBe("Start 2.0 ms, run 7.0 ms")
})

test("the axis has a few round times, however long it is", () => {
  const texts = (lengthMs: number) => ticksOf({ fromMs: 0, lengthMs }, 400).map(({ text }) => text)
  expect(texts(200)).toEqual(["0", "50 ms", "100 ms", "150 ms", "200 ms"])
  expect(texts(12_000)).toEqual(["0", "5 s", "10 s"])
  for (let length = 1; length < 1e12; length *= 3) {
    const ticks = ticksOf({ fromMs: 0, lengthMs: length }, 400)
    expect(ticks.length, `${length}`).toBeLessThanOrEqual(6)
    expect(ticks.length, `${length}`).toBeGreaterThanOrEqual(2)
    expect(ticks.every(({ at }) => at >= 0 && at <= 1)).toBe(true)
  }
})

const ids = (selection: Selection) => [...selection.ids].toSorted((a, b) => a - b)

test("Ctrl adds rows, Shift selects all between, and headers aren't part of it", () => {
  const items = grouped(rows, new Set())
  const selection = new Selection(() => {})
  selection.select(1)
  selection.extend(items, 4)
  expect([ids(selection), selection.id]).toEqual([[1, 2, 4], 4])
  selection.extend(items, 2)
  expect([ids(selection), selection.id]).toEqual([[1, 2], 2])
  selection.toggle(5)
  expect([ids(selection), selection.id]).toEqual([[1, 2, 5], 5])
  selection.toggle(5)
  expect([ids(selection), selection.id]).toEqual([[1, 2], 2])
  selection.all(items)
  expect(ids(selection)).toEqual([1, 2, 3, 4, 5])
  selection.forget((id) => id < 4)
  expect([ids(selection), selection.id]).toEqual([[5], 5])
})

test("keys go through headers, and a range goes over them", () => {
  const items = grouped(rows, new Set())
  const selection = new Selection(() => {})
  selection.move(items, 1)
  expect(selection.id).toBe(1)
  selection.move(items, 1)
  expect([selection.group, selection.id]).toEqual(["page-10", 1])
  selection.move(items, 1)
  expect([selection.group, selection.id]).toEqual([undefined, 2])
  selection.select(1)
  selection.move(items, 1, true)
  expect([ids(selection), selection.group]).toEqual([[1, 2], undefined])
  selection.move(items, Infinity)
  expect(selection.id).toBe(5)
})

test("only calls that have ended are deleted, and what failed is said", async () => {
  const running = summary(2, { outcome: { kind: "running" } })
  const shell = new FakeShell({
    delete: async () => {
      throw { code: "internal", message: "no" }
    },
  })
  const calls = new CallActions(shell, async () => {})
  await calls.remove([running])
  expect(shell.asked).toEqual([])
  await calls.remove([summary(1), running])
  expect(shell.asked).toEqual([{ name: "delete", args: { ids: [1] } }])
  expect(calls.trouble?.message).toBe("no")
})

test("what was removed can be put back as long as the shell says so", () => {
  const timeline = new Timeline(new FakeShell(), () => {})
  timeline.apply(changes(1, { calls: [summary(1)] }))
  const removals = [{ number: 1, calls: 1, text: "/hello", deleted: false }]
  timeline.apply(changes(2, { cleared: { through: 1, except: [] }, removals }))
  expect([timeline.rows.length, timeline.removals]).toEqual([0, removals])
  timeline.apply(changes(3, { calls: [summary(1)] }))
  expect([timeline.rows.length, timeline.removals, timeline.isGone(1)]).toEqual([1, [], false])
})

test("a call is copied in the form that was asked for, or it is said why it can't be", async () => {
  const copied: string[] = []
  let forms = [{ kind: "curl" as const, text: "curl http://localhost/hello", notes: [] as string[] }]
  const call = { id: 1, origin: "composer", beganMs: 0, act: { kind: "exchange", request: {} } } as never
  const shell = new FakeShell({ call: async () => call, code: async () => forms })
  const calls = new CallActions(shell, async (text) => void copied.push(text))
  await calls.copyAs(1, "curl")
  expect(copied).toEqual(["curl http://localhost/hello"])
  forms = [{ kind: "curl", text: "", notes: ["The body is a file."] }]
  await calls.copyAs(1, "curl")
  expect([copied.length, calls.trouble?.hint]).toEqual([1, "The body is a file."])
})

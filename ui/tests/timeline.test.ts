import { expect, test } from "vitest"
import type { Changes } from "../src/ipc/generated/Changes"
import { merge, Timeline } from "../src/model/timeline/timeline.svelte"
import { changes, FakeShell, settle, summary } from "./fake"

const ids = (timeline: Timeline) => timeline.rows.map((row) => row.id)

test("changed rows take the place of those of their number, new ones come in order", () => {
  const rows = [summary(1), summary(3)]
  const changed = summary(3, { text: "/other" })
  const merged = merge(rows, [changed, summary(2), summary(4)])
  expect(merged.map((row) => row.id)).toEqual([1, 2, 3, 4])
  expect(merged[2]).toBe(changed)
  expect(merged[0]).toBe(rows[0])
})

test("cleared rows go, also when the same answer still tells of them", () => {
  const cleared = { through: 4, except: [2] }
  const rows = merge([summary(1), summary(2)], [summary(1), summary(5)], cleared)
  expect(rows.map((row) => row.id)).toEqual([2, 5])
})

test("one row among five thousand is found and replaced", () => {
  const rows = Array.from({ length: 5000 }, (_, i) => summary(i + 1))
  const merged = merge(rows, [summary(2500, { text: "/new" })])
  expect(merged[2499]!.text).toBe("/new")
  expect(merged).toHaveLength(5000)
})

test("one question is in flight, and each passes on the revision of the last answer", async () => {
  let answer: (changes: Changes) => void = () => {}
  const shell = new FakeShell({ changes: () => new Promise((done) => (answer = done)) })
  const timeline = new Timeline(shell, () => {})
  const watching = timeline.watch()
  expect(shell.asked.map((asked) => asked.args)).toEqual([{ since: 0 }])
  answer(changes(7, { calls: [summary(1)] }))
  await settle()
  expect(shell.asked.at(-1)!.args).toEqual({ since: 7 })
  expect(ids(timeline)).toEqual([1])
  timeline.stop()
  answer(changes(8, { calls: [summary(2)], cleared: { through: 1, except: [] } }))
  await watching
  expect(shell.asked).toHaveLength(2)
  expect(ids(timeline)).toEqual([2])
})

test("a shell that does not answer is said, waited for, and asked again", async () => {
  const waited: number[] = []
  let asked = 0
  const shell = new FakeShell({
    changes: async () => {
      asked += 1
      if (asked <= 4) throw { code: "spill_failed", message: "no disk" }
      timeline.stop()
      return changes(1)
    },
  })
  const timeline = new Timeline(shell, () => {})
  await timeline.watch(async (ms) => {
    waited.push(ms)
    expect(timeline.trouble?.message).toBe("no disk")
  })
  expect(waited).toEqual([250, 1_000, 3_000, 3_000])
  expect(timeline.trouble).toBeUndefined()
})

test("a call that was cleared is gone, one that has just begun is not", () => {
  const timeline = new Timeline(new FakeShell(), () => {})
  timeline.apply(changes(1, { calls: [summary(1), summary(2)] }))
  timeline.apply(changes(2, { cleared: { through: 2, except: [] } }))
  expect([1, 2, 3].map((id) => timeline.isGone(id))).toEqual([true, true, false])
})

test("a call that began and was cleared between two answers is gone, and a pinned one stays", () => {
  const timeline = new Timeline(new FakeShell(), () => {})
  timeline.apply(changes(1, { calls: [summary(1), summary(2)] }))
  timeline.apply(changes(9, { calls: [summary(6)], cleared: { through: 5, except: [2] } }))
  expect(ids(timeline)).toEqual([2, 6])
  expect([1, 2, 3, 4, 5, 6, 7].filter((id) => timeline.isGone(id))).toEqual([1, 3, 4, 5])
})

test("the filter is by kind and by text, and never reorders", () => {
  const timeline = new Timeline(new FakeShell(), () => {})
  const failed = { kind: "ended", ending: { kind: "exited", code: 3 } } as const
  const run = summary(2, { http: false, label: "host", text: "kubectl version", outcome: failed })
  timeline.apply(changes(1, { calls: [summary(1), run, summary(3, { label: "POST" })] }))
  const shown = () => timeline.shown.map((row) => row.id)
  expect(shown()).toEqual([1, 2, 3])
  timeline.kind = "http"
  expect(shown()).toEqual([1, 3])
  timeline.kind = "failed"
  expect(shown()).toEqual([2])
  timeline.kind = "all"
  timeline.text = "post /HELLO"
  expect(shown()).toEqual([3])
})

test("that a pinned call can't be read is shown until it is dismissed, and not again", () => {
  const timeline = new Timeline(new FakeShell({}), () => {})
  const kept_unread = { code: "pinned_unreadable", message: "A pinned call can't be read" } as const
  timeline.apply(changes(1, { kept_unread }))
  expect(timeline.unread).toEqual(kept_unread)
  timeline.unread = undefined
  timeline.apply(changes(2, { kept_unread }))
  expect(timeline.unread).toBeUndefined()
})

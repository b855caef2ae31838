import { describe, expect, it } from "vitest"
import { dayOf, days, HELD, NOTHING, PAGE, withNewer, withOlder } from "../src/model/history/pages"
import { historyRow } from "./fake"

const rows = (from: number, to: number) => Array.from({ length: from - to }, (_, at) => historyRow(from - at))

describe("the rows that are held", () => {
  it("are as many as before, however far the list is scrolled", () => {
    let held = NOTHING
    for (let from = 10_000; from > 0; from -= PAGE)
      held = withOlder(held, rows(from, from - PAGE), from > PAGE)
    expect(held.rows).toHaveLength(HELD)
    expect([held.rows[0]?.row, held.rows.at(-1)?.row]).toEqual([HELD, 1])
    expect([held.newer, held.older]).toEqual([true, false])
    for (let to = HELD; to < 10_000; to += PAGE)
      held = withNewer(held, rows(to + PAGE, to), to + PAGE < 10_000)
    expect([held.rows[0]?.row, held.rows.at(-1)?.row]).toEqual([10_000, 10_001 - HELD])
    expect([held.newer, held.older]).toEqual([false, true])
  })
})

describe("days", () => {
  const now = new Date(2026, 10, 30, 9).getTime()
  it("have names, and their calls in order", () => {
    const at = (...date: [number, number, number, number]) => new Date(...date).getTime()
    const times = [at(2026, 10, 30, 1), at(2026, 10, 29, 23), at(2026, 10, 29, 2), at(2025, 0, 2, 3)]
    const list = days(
      times.map((time, at) => historyRow(9 - at, { beganMs: time })),
      (ms) => dayOf(ms, now),
    )
    expect(list.map(({ day, calls }) => [day, calls.map(({ row }) => row)])).toEqual([
      ["Today", [9]],
      ["Yesterday", [8, 7]],
      ["Thu, Jan 2, 2025", [6]],
    ])
  })
})

import { describe, expect, it } from "vitest"
import type { HistoryFrom } from "../src/ipc/generated/HistoryFrom"
import type { HistoryList } from "../src/ipc/generated/HistoryList"
import type { HistorySearch } from "../src/ipc/generated/HistorySearch"
import { History } from "../src/model/history/history.svelte"
import { CallActions } from "../src/model/timeline/call-actions.svelte"
import { FakeShell, historyRow } from "./fake"

/** A history with calls from 1 to a number. */
function started(calls: number) {
  const list = (from: HistoryFrom, count: number): HistoryList => {
    const all = Array.from({ length: calls }, (_, at) => calls - at)
    const older = from.kind === "before" ? all.filter((row) => row < from.row) : all
    return { rows: older.slice(0, count).map((row) => historyRow(row)), more: older.length > count, calls }
  }
  const shell = new FakeShell({
    history_list: async ({ from, count }) => list(from, count),
    history_names: async () => ({ targets: ["host"], extensions: [] }),
    history_open: async ({ row }) => row + 1000,
    history_search: async () => undefined,
    history_found: async ({ from, count }) => list({ kind: "before", row: calls + 1 - from }, count),
  })
  const shown: number[] = []
  const history = new History(shell, (id) => shown.push(id), new CallActions(shell, async () => {}))
  const asked = () => shell.asked.filter(({ name }) => name === "history_list").length
  return { shell, history, shown, asked }
}

const settled = () => new Promise((resolve) => setTimeout(resolve))
const held = (history: History) => history.held.rows.map(({ row }) => row)

describe("the history", () => {
  it("is pulled when it is seen and when it changed, and stays where it is when others are looked at", async () => {
    const { history, asked } = started(250)
    history.see({ revision: 1, available: true })
    await settled()
    expect(asked()).toBe(0)
    history.show(true)
    await settled()
    expect([held(history).length, history.held.older, history.calls]).toEqual([100, true, 250])
    history.see({ revision: 1, available: true })
    await settled()
    expect(asked()).toBe(1)
    history.see({ revision: 2, available: true })
    await settled()
    expect(asked()).toBe(2)
    history.follow(false)
    await history.older()
    history.see({ revision: 3, available: true })
    await settled()
    expect([asked(), held(history).length]).toEqual([3, 200])
    history.follow(true)
    await settled()
    expect(held(history)).toHaveLength(100)
  })

  it("shows the call that was opened", async () => {
    const { history, shown } = started(3)
    await history.open(historyRow(2))
    expect(shown).toEqual([1002])
  })

  it("shows what is found in bodies while the search goes on", async () => {
    const { shell, history } = started(130)
    history.see({ revision: 1, available: true })
    history.show(true)
    history.text = "needle"
    history.setInBodies(true)
    await settled()
    const search = (found: number, more: Partial<HistorySearch> = {}) =>
      history.see({
        revision: 1,
        available: true,
        search: { text: "needle", looked: found, found, state: "running", ...more },
      })
    expect(held(history)).toEqual([])
    search(130)
    await settled()
    expect([held(history).length, history.held.older]).toEqual([100, true])
    await history.older()
    expect(held(history)).toHaveLength(130)
    // Another text: results of the one before aren't its own.
    history.text = "other"
    expect(history.search).toBeUndefined()
    history.setInBodies(false)
    await settled()
    expect(shell.asked.some(({ name }) => name === "history_search_stop")).toBe(true)
    expect(held(history)).toHaveLength(100)
  })
})

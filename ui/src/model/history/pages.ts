import type { HistoryRow } from "../../ipc/generated/HistoryRow"

/** Rows that are pulled at once, and how many are held: the list takes as much memory with a million calls as with these. */
export const PAGE = 100
export const HELD = 400

/** The rows that the list holds, the newest first, and whether there are more on each side. */
export interface Held {
  rows: readonly HistoryRow[]
  newer: boolean
  older: boolean
}

export const NOTHING: Held = { rows: [], newer: false, older: false }

/** Older rows come after those that are held; the newest go where there are too many. */
export function withOlder(held: Held, rows: readonly HistoryRow[], more: boolean): Held {
  const all = [...held.rows, ...rows]
  const excess = Math.max(0, all.length - HELD)
  return { rows: all.slice(excess), newer: held.newer || excess > 0, older: more }
}

/** Newer rows come before those that are held; the oldest go where there are too many. */
export function withNewer(held: Held, rows: readonly HistoryRow[], more: boolean): Held {
  const all = [...rows, ...held.rows]
  return { rows: all.slice(0, HELD), newer: more, older: held.older || all.length > HELD }
}

/** The calls of a day. */
export interface Day {
  day: string
  /** What tells it from other days in the list: a clock that was set back gives a day twice. */
  key: number
  calls: HistoryRow[]
}

/** The rows by day. */
export function days(rows: readonly HistoryRow[], dayOf: (ms: number) => string): Day[] {
  const all: Day[] = []
  for (const call of rows) {
    const day = dayOf(call.beganMs)
    const last = all.at(-1)
    if (last?.day === day) last.calls.push(call)
    else all.push({ day, key: call.row, calls: [call] })
  }
  return all
}

/** Today, yesterday, or the date. */
export function dayOf(ms: number, now: number): string {
  const start = (time: number, before: number) => {
    const date = new Date(time)
    return new Date(date.getFullYear(), date.getMonth(), date.getDate() - before).getTime()
  }
  const day = start(ms, 0)
  if (day === start(now, 0)) return "Today"
  if (day === start(now, 1)) return "Yesterday"
  return new Date(ms).toLocaleDateString("en-US", {
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
  })
}

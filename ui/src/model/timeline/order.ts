/** The rows of the timeline in the order in which they are drawn. */
import type { CallGroup } from "../../ipc/generated/CallGroup"
import type { Origin } from "../../ipc/generated/Origin"
import type { Summary } from "../../ipc/generated/Summary"
import { originWords } from "./from"
import { badge } from "./outcome"
import type { ColumnId, Sort } from "./columns"

/** The header of a page load, a console run, a replay or a session file. */
export interface GroupHead {
  kind: "group"
  key: string
  origin: Origin
  /** The page load, console run or replay. */
  group?: CallGroup
  /** The number of the session file. */
  session?: number
  /** How many of its calls are shown when it is expanded. */
  calls: number
  expanded: boolean
}

export interface CallItem {
  kind: "call"
  row: Summary
  /** The group that it is drawn in. */
  key?: string
}

export type Item = GroupHead | CallItem

/** What tells groups apart. */
export const groupKey = (row: Summary): string | undefined =>
  row.session !== undefined
    ? `session-${row.session}`
    : row.group === undefined
      ? undefined
      : `${row.origin}-${row.group.beganMs}`

/** Rows in the order of time, each page load, console run, replay and session file together where its first call is. */
export function grouped(rows: readonly Summary[], collapsed: ReadonlySet<string>): Item[] {
  const members = new Map<string, Summary[]>()
  const order: (Summary | string)[] = []
  for (const row of rows) {
    const key = groupKey(row)
    if (key === undefined) order.push(row)
    else {
      const known = members.get(key)
      if (known === undefined) {
        members.set(key, [row])
        order.push(key)
      } else known.push(row)
    }
  }
  return order.flatMap((one): Item[] => {
    if (typeof one !== "string") return [{ kind: "call", row: one }]
    const own = members.get(one) ?? []
    const first = own[0]
    if (first === undefined) return []
    const expanded = !collapsed.has(one)
    const { origin, group, session } = first
    const of = session !== undefined ? { session } : group !== undefined ? { group } : {}
    const head: Item = { kind: "group", key: one, origin, ...of, calls: own.length, expanded }
    return expanded ? [head, ...own.map((row): Item => ({ kind: "call", row, key: one }))] : [head]
  })
}

/** Rows in the order of a column. Those that are equal stay in the order of time. */
export function sorted(rows: readonly Summary[], { by, direction }: Sort): Item[] {
  const keyed = rows.map((row) => ({ row, key: KEYS[by](row) }))
  const sign = direction === "ascending" ? 1 : -1
  keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0))
  return keyed.map(({ row }) => ({ kind: "call", row }))
}

const bytesOf = (row: Summary) => row.counts.stdout.bytes + row.counts.stderr.bytes

const KEYS: Record<ColumnId, (row: Summary) => number | string> = {
  time: (row) => row.id,
  kind: (row) => row.label,
  call: (row) => row.text,
  outcome: (row) => badge(row.outcome).text,
  waterfall: (row) => row.beganMs,
  // A running call has no duration yet, and is sorted as the longest.
  took: (row) => row.tookUs ?? Infinity,
  size: bytesOf,
  from: (row) => originWords(row),
}

/** `Page load 3`. */
export function groupWords({ origin, group }: { origin: Origin; group?: CallGroup }): string {
  if (group === undefined) return ""
  const what = origin === "console" ? "Console run" : origin === "replay" ? "Replay" : "Page load"
  return `${what} ${group.number}`
}

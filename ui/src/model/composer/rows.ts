import type { OffRow } from "../../ipc/generated/OffRow"
import type { RowList } from "../../ipc/generated/RowList"

/** A row of a form: name and value, and whether it is switched off. */
export interface Pair {
  name: string
  value: string
  off?: boolean
}

/** What changes rows that are not a list of their own. */
export interface RowEdits {
  type: (at: number, part: "name" | "value", text: string) => void
  remove: (at: number) => void
  toggle: (at: number) => void
}

/** The rows that say something: the empty one at the end is there to be typed in. */
function said(rows: readonly Pair[]): Pair[] {
  return rows.filter((row) => row.name !== "" || row.value !== "")
}

/** The rows that are sent. */
export function filled(rows: readonly Pair[]): { name: string; value: string }[] {
  return said(rows)
    .filter((row) => row.off !== true)
    .map(({ name, value }) => ({ name, value }))
}

/** The rows that are switched off, with their places. */
export function offRows(rows: readonly Pair[]): { at: number; name: string; value: string }[] {
  return said(rows).flatMap(({ name, value, off }, at) => (off === true ? [{ at, name, value }] : []))
}

/** The same, of a list of a request. */
export function offOf(list: RowList, rows: readonly Pair[]): OffRow[] {
  return offRows(rows).map((row) => ({ list, ...row }))
}

/** Puts what is switched off among the rest, at its places. */
export function withOff<T, Off extends { at: number } = OffRow>(
  rows: readonly T[],
  off: readonly Off[],
  made: (off: Off) => T,
): T[] {
  const all = [...rows]
  for (const one of off.toSorted((a, b) => a.at - b.at)) {
    all.splice(Math.min(one.at, all.length), 0, made(one))
  }
  return all
}

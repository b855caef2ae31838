/** The columns of the timeline, and how wide they are. */

export const COLUMNS = ["time", "kind", "call", "outcome", "waterfall", "took", "size", "from"] as const
export type ColumnId = (typeof COLUMNS)[number]

export interface Column {
  title: string
  min: number
  /** The width that it has until the user chooses one. *Call* has what the others leave. */
  usual: number
  numeric?: boolean
  /** What the first press on its header does. */
  first: Direction
}

export type Direction = "ascending" | "descending"

export interface Sort {
  by: ColumnId
  direction: Direction
}

const CALL_MIN = 150

export const ABOUT: Readonly<Record<ColumnId, Column>> = {
  time: { title: "Time", min: 76, usual: 104, first: "descending" },
  kind: { title: "Kind", min: 48, usual: 64, first: "ascending" },
  call: { title: "Call", min: CALL_MIN, usual: 0, first: "ascending" },
  outcome: { title: "Outcome", min: 64, usual: 108, first: "ascending" },
  waterfall: { title: "Waterfall", min: 100, usual: 0, first: "ascending" },
  took: { title: "Duration", min: 64, usual: 82, numeric: true, first: "descending" },
  size: { title: "Size", min: 56, usual: 76, numeric: true, first: "descending" },
  from: { title: "From", min: 64, usual: 110, first: "ascending" },
}

/** What gives way first where there isn't room for all. */
const LEAVES: readonly ColumnId[] = ["from", "waterfall", "size", "took", "kind"]
/** Below this width, a bar is too short to compare. */
const WIDE = 860
const WATERFALL_SHARE = 0.34

export interface Drawn {
  id: ColumnId
  width: number
}

/** The columns that are drawn in this width, and the width of each. */
export function layOut(
  width: number,
  widths: Readonly<Record<string, number>>,
  hidden: readonly string[],
): Drawn[] {
  let ids: ColumnId[] = COLUMNS.filter((id) => id === "call" || !hidden.includes(id))
  if (width < WIDE) ids = ids.filter((id) => id !== "waterfall" && id !== "from")
  const least = () => ids.reduce((sum, id) => sum + ABOUT[id].min, 0)
  for (const leaving of LEAVES) {
    if (least() <= width) break
    ids = ids.filter((id) => id !== leaving)
  }
  const wanted = new Map(ids.map((id) => [id, Math.max(ABOUT[id].min, widths[id] ?? ABOUT[id].usual)]))
  const others = () => ids.reduce((sum, id) => sum + (id === "call" ? 0 : (wanted.get(id) ?? 0)), 0)
  if (wanted.has("waterfall") && widths.waterfall === undefined) {
    const rest = width - (others() - (wanted.get("waterfall") ?? 0))
    wanted.set("waterfall", Math.max(ABOUT.waterfall.min, Math.round(rest * WATERFALL_SHARE)))
  }
  // What the user made wider than there is room for gives way, each by the same part of what it has above its least.
  const excess = others() + CALL_MIN - width
  if (excess > 0) {
    const spare = (id: ColumnId) => (id === "call" ? 0 : (wanted.get(id) ?? 0) - ABOUT[id].min)
    const all = ids.reduce((sum, id) => sum + spare(id), 0)
    const part = all === 0 ? 0 : Math.min(1, excess / all)
    for (const id of ids) wanted.set(id, Math.floor((wanted.get(id) ?? 0) - spare(id) * part))
  }
  wanted.set("call", Math.max(CALL_MIN, width - others()))
  return ids.map((id) => ({ id, width: wanted.get(id) ?? 0 }))
}

/** The column that is resized at the line after a drawn one: what is on the side that *Call* isn't on. */
export function resizedAt(drawn: readonly Drawn[], at: number): { id: ColumnId; sign: 1 | -1 } | undefined {
  const call = drawn.findIndex(({ id }) => id === "call")
  const own = drawn[at]
  const next = drawn[at + 1]
  if (own === undefined || next === undefined) return undefined
  return at < call ? { id: own.id, sign: 1 } : { id: next.id, sign: -1 }
}

/** The widest that a column may become: *Call* keeps its least. */
export function mostOf(drawn: readonly Drawn[], id: ColumnId): number {
  const own = drawn.find((one) => one.id === id)?.width ?? 0
  const call = drawn.find((one) => one.id === "call")?.width ?? CALL_MIN
  return Math.max(ABOUT[id].min, own + call - CALL_MIN)
}

/** What the next press on a header makes of the order; nothing is the order of time. */
export function nextSort(sort: Sort | undefined, by: ColumnId): Sort | undefined {
  const first = ABOUT[by].first
  if (sort?.by !== by) return { by, direction: first }
  if (sort.direction !== first || by === "time") return undefined
  return { by, direction: first === "ascending" ? "descending" : "ascending" }
}

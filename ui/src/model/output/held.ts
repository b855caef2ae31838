import type { Line } from "../../ipc/generated/Line"

/** Rows that are here, from a number on. */
export interface Held<L extends Line = Line> {
  from: number
  lines: readonly L[]
  /** When the row before the first one came. */
  beforeUs?: number | undefined
}

export function held<L extends Line>(windows: readonly Held<L>[], n: number): L | undefined {
  for (const { from, lines } of windows) {
    const line = lines[n - from]
    if (line !== undefined) return line
  }
  return undefined
}

/** When the row before this one came, as far as that is known. */
export function beforeIn(windows: readonly Held[], n: number): number | undefined {
  const before = held(windows, n - 1)
  if (before !== undefined) return before.atUs
  return windows.find(({ from }) => from === n)?.beforeUs
}

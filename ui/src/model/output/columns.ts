import type { Line } from "../../ipc/generated/Line"

/** The widest column, in characters: the rest of a longer value is in its tooltip. */
const WIDEST = 40
const NARROWEST = 3

/** The widths of a table's columns after these rows: columns only become wider. */
export function widened(columns: readonly number[], lines: readonly Line[]): readonly number[] {
  let wider: number[] | undefined
  for (const { row } of lines) {
    if (row?.kind !== "cells") continue
    row.cells.forEach((cell, i) => {
      const width = Math.min(WIDEST, Math.max(NARROWEST, cell.length))
      if (width <= ((wider ?? columns)[i] ?? 0)) return
      wider ??= [...columns]
      wider[i] = width
    })
  }
  return wider ?? columns
}

/** Whether a value is a number, which is aligned with those above and below it. */
export function isNumeric(cell: string): boolean {
  return /^\s*[-+]?[\d.,']*\d%?\s*$/.test(cell)
}

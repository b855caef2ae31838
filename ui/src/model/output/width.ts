import type { Line } from "../../ipc/generated/Line"

/** Room for what is before or after the text of a row: badges, what was cut off. */
function besides({ row, cut }: Line): number {
  const after = cut ? 30 : 0
  switch (row?.kind) {
    case undefined:
      return after
    case "markup":
    case "field":
    case "frame":
      return after
    case "log":
      return after + (row.folded > 0 ? 24 : 12)
    // Each column has room beside its value.
    case "cells":
      return row.cells.reduce((sum, cell) => sum + Math.min(40, cell.length) + 3, 20)
    case "json":
      return after + (row.folded > 0 ? 24 : 0)
    case "record":
      return after + (row.problem === undefined ? 0 : row.problem.length + 14)
    case "event":
      return after + row.name.length + (row.id?.length ?? 0) + 30
    case "chunk":
      return after + 54
  }
}

// Of East Asian scripts and pictures each character is two cells wide.
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\ud800-\udbff][\udc00-\udfff]/g

/** How many cells of a fixed-width font a row takes, or `most` when that is more. */
export function cellsOf(line: Line, most: number): number {
  const beside = besides(line)
  const { text } = line
  // Tabs and wide characters make it at most eight times as wide: mostly there is nothing to count.
  if (text.length + beside <= most && !/[^\x20-\x7e]/.test(text)) return most
  let cells = text.length + beside
  for (const found of text.matchAll(wide)) cells += found[0].length === 1 ? 1 : 0
  for (const _ of text.matchAll(/\t/g)) cells += 7
  return Math.max(most, cells)
}

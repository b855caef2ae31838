import type { Span } from "../../model/output/marked-rows.svelte"
import type { Porthole } from "../../model/porthole.svelte"

/** Copies what is marked, else what is selected, else what can be seen. */
export function copyLog({ marks, copying }: Porthole): void {
  const log = document.getElementById("log")
  if (log === null) return
  if (marks.span !== undefined) return void copying.rows(marks.span)
  const selection = getSelection()
  if (selection && !selection.isCollapsed && log.contains(selection.anchorNode)) {
    const touched = rowsOf(log).filter((row) => selection.containsNode(row, true))
    // A part of one row is copied as the selection has it; of several rows, their exact text.
    if (touched.length < 2) return void copying.text(selection.toString())
    return void copying.rows(spanOf(touched))
  }
  const seen = seenRows()
  if (seen.length > 0) void copying.rows(spanOf(seen))
}

/** The rows of the log that can be seen: some more are drawn. */
export function seenRows(): HTMLElement[] {
  const log = document.getElementById("log")
  if (log === null) return []
  const { top, bottom } = log.getBoundingClientRect()
  return rowsOf(log).filter((row) => {
    const box = row.getBoundingClientRect()
    return box.bottom > top + 1 && box.top < bottom - 1
  })
}

function rowsOf(log: HTMLElement): HTMLElement[] {
  return [...log.querySelectorAll<HTMLElement>(".line")]
}

function spanOf(rows: readonly HTMLElement[]): Span {
  const numbers = rows.map((row) => Number(row.dataset.row))
  return { from: Math.min(...numbers), to: Math.max(...numbers) + 1 }
}

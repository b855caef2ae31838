import { tick } from "svelte"
import type { MenuEntry } from "../../components/context-menu"
import type { Porthole } from "../../model/porthole.svelte"
import { many } from "../../model/text/numbers"
import { hasTimes, isHex } from "../../model/output/views"
import { copyLog } from "./copy-log"
import { linkEntries } from "./link-entries"

/** What can be done with a row of an output, or with the rows that are marked. */
export function logEntries(porthole: Porthole, target: Element): MenuEntry[][] {
  const { output, copying, marks, goTo } = porthole
  const { view, lines } = output
  if (output.row === undefined || output.row.counts.chunks === 0) return []
  const element = target.closest<HTMLElement>(".line")
  const row =
    element === null ? (marks.span?.from ?? lines.pointed ?? lines.first) : Number(element.dataset.row)
  const drawn = lines.drawn.find(({ n }) => n === row)?.line
  const marked = marks.span !== undefined && marks.has(row) ? marks.span.to - marks.span.from : 0
  const copies: MenuEntry[] = []
  if (marked > 1) {
    copies.push({
      id: "log-copy-marked",
      text: `Copy ${many(marked, "line")}`,
      keys: "Ctrl C",
      choose: () => copyLog(porthole),
    })
  } else if (drawn !== undefined) {
    copies.push({ id: "log-copy-line", text: "Copy line", choose: () => void copying.text(drawn.text) })
    if (!isHex(view)) {
      const span = { from: row, to: row + 1 }
      copies.push({ id: "log-copy-sent", text: "Copy as sent", choose: () => void copying.rows(span) })
    }
  }
  const marking: MenuEntry[] =
    isHex(view) || view === "hits"
      ? []
      : [{ id: "log-mark", text: "Mark this line", choose: () => marks.mark(row) }]
  if (marks.span !== undefined)
    marking.push({ id: "log-unmark", text: "Remove the marks", keys: "Esc", choose: () => marks.clear() })
  const go: MenuEntry = {
    id: "log-go-to",
    text: hasTimes(view) ? "Go to a line or time…" : "Go to…",
    keys: "Ctrl G",
    choose: () => {
      goTo.show()
      void tick().then(() => document.getElementById("jump-text")?.focus())
    },
  }
  return [...(drawn === undefined ? [] : linkEntries(porthole, [drawn])), copies, marking, [go]]
}

import { tick } from "svelte"
import type { MenuEntry } from "../../components/context-menu"
import type { Porthole } from "../../model/porthole.svelte"
import { quoted } from "../../model/timeline/filter"

/** The longest selection that is searched for: more isn't found by anyone. */
const LONGEST = 1_000

/** What can be done with a selected text besides copying it. */
export function selectionEntries(porthole: Porthole, text: string, target: Element): MenuEntry[] {
  const line = text.trim()
  if (line === "" || line.includes("\n") || line.length > LONGEST) return []
  const { search, detail, timeline, selected } = porthole
  const entries: MenuEntry[] = []
  if (selected !== undefined && target.closest("#detail") !== null) {
    entries.push({
      id: "selection-search",
      text: "Search for it in this output",
      choose: () => {
        detail.tab = "output"
        search.show()
        search.type(line)
        void tick().then(() => document.getElementById("search-text")?.focus())
      },
    })
  }
  entries.push({
    id: "selection-filter",
    text: "Filter the timeline for it",
    choose: () => (timeline.text = quoted(line)),
  })
  return entries
}

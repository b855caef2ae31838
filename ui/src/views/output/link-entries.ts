import type { MenuEntry } from "../../components/context-menu"
import type { Line } from "../../ipc/generated/Line"
import type { Link } from "../../model/output/links"
import { linksOf } from "../../model/output/pieces"
import type { Porthole } from "../../model/porthole.svelte"
import { visibleText } from "../../model/text/visible"
import { seenRows } from "./copy-log"

/** A menu with more isn't read by anyone. */
const MOST = 12
/** Characters of a link in a menu. Where it leads is at the beginning of a URL, and at the end of a path. */
const LONGEST = 64

/** What can be done with the links in some rows, a group for each. The same link is in it once. */
export function linkEntries(porthole: Porthole, rows: readonly Line[]): MenuEntry[][] {
  const links = new Map<string, Link>()
  for (const row of rows) {
    for (const link of linksOf(row)) {
      if (links.size < MOST) links.set(link.copied, links.get(link.copied) ?? link)
    }
  }
  return [...links.values()].map((link, at) => entriesOf(porthole, link, at))
}

/** The menu of all links that can be seen now. */
export function seenLinkEntries(porthole: Porthole): MenuEntry[][] {
  const seen = new Set(seenRows().map(({ dataset }) => Number(dataset.row)))
  const rows = porthole.output.lines.drawn.flatMap(({ n, line }) => (line && seen.has(n) ? [line] : []))
  const groups = linkEntries(porthole, rows)
  if (groups.length > 0) return groups
  return [[{ id: "no-links", text: "No links in the visible lines", disabled: true, choose: () => {} }]]
}

function entriesOf({ links, copying, page }: Porthole, link: Link, at: number): MenuEntry[] {
  const copy = (text: string): MenuEntry => ({
    id: `link-copy-${at}`,
    text: `Copy ${shortened(text, link.kind)}`,
    choose: () => void copying.text(link.copied),
  })
  const open: MenuEntry = {
    id: `link-open-${at}`,
    text: `Open ${shortened(link.kind === "url" ? new URL(link.target).href : link.target, link.kind)}`,
    choose: () => void links.open(link),
  }
  // Only files of an open extension are opened.
  if (link.kind === "file" && page.opened === undefined) return [copy(link.copied)]
  return [open, link.kind === "url" ? { ...copy(""), text: "Copy link address" } : copy(link.copied)]
}

function shortened(text: string, kind: Link["kind"]): string {
  const shown = visibleText(text, "kept")
  if (shown.length <= LONGEST) return shown
  return kind === "url" ? `${shown.slice(0, LONGEST)}…` : `…${shown.slice(-LONGEST)}`
}

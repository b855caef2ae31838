import fuzzysort from "fuzzysort"
import type { Outcome } from "../../ipc/generated/Outcome"
import type { Intent } from "./shortcuts"

/** Something that can be found and chosen in the palette. */
export interface Entry {
  id: string
  group: "Saved" | "Routes" | "Calls" | "Actions" | "Runtimes" | "Targets"
  text: string
  /** The method or place before it. */
  verb?: string
  outcome?: Outcome
  /** At the end of its row. */
  aside?: string
  /** The shortcut that does the same. */
  intent?: Intent
  choose: () => void
}

/** This many of a group are shown. */
const MOST = 6
/** And this many when nothing is typed: a beginning, not a list of everything. */
const MOST_UNASKED = 4

/** What the palette shows for what is typed. */
export class Palette {
  text = $state("")
  #at = $state(0)
  #entries: () => readonly Entry[]

  shown = $derived.by(() => matching(this.#entries(), this.text))

  constructor(entries: () => readonly Entry[]) {
    this.#entries = entries
  }

  /** The one that Enter chooses. */
  get at(): number {
    return Math.min(this.#at, Math.max(0, this.shown.length - 1))
  }

  type(text: string): void {
    this.text = text
    this.#at = 0
  }

  /** Goes down or up, around the ends. */
  move(by: number): void {
    const count = this.shown.length
    if (count > 0) this.#at = (this.at + by + count) % count
  }

  point(at: number): void {
    this.#at = at
  }
}

/** The entries that match, the best of each group first; the group of the best match comes first. */
export function matching(entries: readonly Entry[], text: string): Entry[] {
  const groups = [...new Set(entries.map(({ group }) => group))].map((group) =>
    entries.filter((entry) => entry.group === group),
  )
  if (text.trim() === "") return groups.flatMap((all) => all.slice(0, MOST_UNASKED))
  const found = groups.map((all) => {
    const results = fuzzysort.go(text.trim(), all, {
      keys: ["text", (entry: Entry) => `${entry.verb ?? ""} ${entry.text}`],
      limit: MOST,
      threshold: 0.3,
    })
    return { best: results[0]?.score ?? 0, entries: results.map(({ obj }) => obj) }
  })
  return found.toSorted((a, b) => b.best - a.best).flatMap(({ entries }) => entries)
}

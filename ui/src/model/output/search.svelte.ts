import type { Hit } from "../../ipc/generated/Hit"
import type { Query } from "../../ipc/generated/Query"
import type { Searching } from "../../ipc/generated/Searching"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { count } from "../text/numbers"
import { isLive } from "../timeline/outcome"
import { formOf, type Output } from "./output.svelte"
import { isJsonView } from "./views"

const PAUSE_MS = 150
/** After every line: the hit after it is the first one of all. */
const BEYOND = Number.MAX_SAFE_INTEGER

export type Option = "matchCase" | "regex" | "inverse"

/** The search in the selected Call's lines: it runs in the application, also while lines arrive. */
export class Search {
  open = $state(false)
  text = $state("")
  matchCase = $state(false)
  regex = $state(false)
  inverse = $state(false)
  /** Whether only what was found is shown. */
  only = $state(false)
  /** Why it was not begun, such as an expression that cannot be read. */
  trouble = $state.raw<Trouble>()
  /** How far it has come, as the shell tells. */
  found = $state.raw<Searching>()
  /** The hit that was gone to. */
  current = $state.raw<Hit>()

  #shell: Shell
  #output: Output
  #timer: ReturnType<typeof setTimeout> | undefined
  /** What was asked for last, so that the news of an older search is told from that of this one. */
  #query: Query | undefined
  #call: number | undefined
  /** What its lines are made of. */
  #form: string | undefined
  #filters = ""
  #asking = false
  #changed = false
  #went = false
  #going = false

  constructor(shell: Shell, output: Output) {
    this.#shell = shell
    this.#output = output
  }

  running = $derived(this.found?.state === "running")
  words = $derived(wordsOf(this.text, this.found, this.current, this.trouble))

  /** Whether rows of indented JSON are searched: there each place counts, and rows may be folded away. */
  inJson = $derived.by(() => isJsonView(this.#output.searchedView))

  /** Opens the bar: the view becomes the one that is searched. */
  show(): void {
    if (this.open || this.#output.row === undefined) return
    this.open = true
    this.#output.over = "lines"
    this.#output.show()
    if (this.text !== "") this.#begin()
  }

  /** Closes the bar and forgets what was found; the view is the one before, where it was. */
  close(): void {
    if (!this.open) return
    clearTimeout(this.#timer)
    this.open = false
    this.only = false
    this.#forget()
    this.#output.over = undefined
    this.#output.lines.pointed = undefined
    this.#output.show()
    this.#run()
  }

  type(text: string): void {
    if (text === this.text) return
    this.text = text
    this.#forget()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#begin(), PAUSE_MS)
  }

  toggle(option: Option): void {
    this[option] = !this[option]
    this.#begin()
  }

  showOnly(only: boolean): void {
    if (only === this.only) return
    this.only = only
    this.#output.over = only ? "hits" : "lines"
    this.#output.show()
    if (this.current) this.#output.lines.reveal(only ? this.current.listed : this.current.row)
  }

  /** From the lines that were found to one of them among all others. */
  leaveTo(line: number): void {
    this.only = false
    this.#output.over = "lines"
    this.#output.show()
    if (this.inJson || this.#output.searchedView === "log")
      void this.#step(true, false, { line: line === 0 ? BEYOND : line - 1, column: null })
    else this.#output.lines.reveal(line)
  }

  next(): void {
    void this.#step(true)
  }

  previous(): void {
    void this.#step(false)
  }

  async stop(): Promise<void> {
    try {
      await this.#shell.ask("search_stop", {})
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  /** Tells that another Call, or other lines of it, may be looked at: they are searched then. */
  look(): void {
    const { row, searchedView } = this.#output
    if (!this.open) return
    if (row === undefined) return this.close()
    const same = row.id === this.#call && formOf(row) === this.#form && this.#filtersNow() === this.#filters
    if (same && (this.#query === undefined || this.#query.view === searchedView)) return
    this.#begin()
  }

  /** Takes what the shell tells of the search, if it is this one. */
  see(searching: Searching | undefined): void {
    if (searching === undefined || !this.open || this.#query === undefined) return
    if (searching.call !== this.#call || !isSame(searching.query, this.#query)) return
    const was = this.found
    this.found = searching
    this.#output.hits = searching.lines
    if (this.only && was?.lines !== searching.lines) this.#output.show()
    if (was?.state === "running" && searching.state !== "running") this.#output.lines.again()
    this.#go()
  }

  /** Goes to the first hit by itself, unless it has gone somewhere. */
  #go(): void {
    const { row, lines } = this.#output
    // Who follows what comes is not taken away from it.
    const follows = row !== undefined && isLive(row.outcome) && lines.following
    if ((this.found?.hits ?? 0) > 0 && !this.#went && !follows) void this.#step(true, true)
  }

  #begin(): void {
    clearTimeout(this.#timer)
    this.#forget()
    this.#call = this.#output.row?.id
    this.#form = formOf(this.#output.row)
    this.#filters = this.#filtersNow()
    this.#run()
  }

  /** Of which filters the rows are that are searched. */
  #filtersNow(): string {
    const { searchedView, filterEdition, logEdition } = this.#output
    return searchedView === "log" ? `log ${logEdition}` : `${filterEdition}`
  }

  #forget(): void {
    this.found = undefined
    this.current = undefined
    this.trouble = undefined
    this.#query = undefined
    this.#went = false
    this.#output.hits = 0
    this.#output.edition += 1
    this.#output.lines.pointed = undefined
    if (this.only) this.#output.show()
  }

  /** One question at a time; what was typed meanwhile is the next one. */
  #run(): void {
    this.#changed = true
    if (!this.#asking) void this.#ask()
  }

  async #ask(): Promise<void> {
    this.#asking = true
    while (this.#changed) {
      this.#changed = false
      const id = this.#output.row?.id
      const wanted = this.open && this.text !== "" && id !== undefined
      this.#query = wanted ? this.#asked() : undefined
      try {
        if (this.#query !== undefined && id !== undefined) {
          await this.#shell.ask("search", { id, query: this.#query })
        } else {
          await this.#shell.ask("search_end", {})
        }
        // What was found is marked in the lines that are here already.
        if (!this.#changed) this.#output.lines.again()
      } catch (thrown) {
        if (!this.#changed) this.trouble = trouble(thrown)
      }
    }
    this.#asking = false
  }

  #asked(): Query {
    const { text, regex, matchCase, inverse } = this
    return { view: this.#output.searchedView, text, regex, matchCase, inverse }
  }

  /** `itself`: nobody asked for it. Then it waits until the search has passed what is seen. */
  async #step(after: boolean, itself = false, from?: From): Promise<void> {
    if (this.#query === undefined && this.text !== "" && !this.#asking) return this.#begin()
    if (this.#query === undefined || this.#going) return
    this.#going = true
    this.#went = true
    const query = this.#query
    const behind = this.#behind
    const here = from ?? this.#here(after)
    let early = false
    try {
      const hit = await this.#shell.ask("hit", { ...here, after })
      if (query !== this.#query || hit === null) return
      // It came round to the beginning, where what is below may only not be searched yet.
      early = itself && behind && here.line !== BEYOND && hit.line <= here.line
      if (early) {
        this.#went = false
        return
      }
      this.current = hit
      // Folds may have been opened for it, and a long row may be drawn from elsewhere.
      if (this.inJson || query.view === "log") this.#output.lines.again()
      this.#output.lines.reveal(this.only ? hit.listed : hit.row)
    } catch (thrown) {
      if (query === this.#query) this.trouble = trouble(thrown)
    } finally {
      this.#going = false
      // Updates meanwhile led nowhere, and may have been the last.
      if (query !== this.#query) this.#go()
      else if (early && !this.#behind) void this.#step(after)
    }
  }

  /** Whether there are lines that it has not come to. */
  get #behind(): boolean {
    const { state, progress } = this.found ?? {}
    return state === "running" && progress !== undefined && progress.done < progress.whole
  }

  /** From where the next hit is looked for: the hit that is seen, or the edge of what is. */
  #here(after: boolean): From {
    const { lines } = this.#output
    const { first, rows, drawn } = lines
    const { current } = this
    const at = this.only ? current?.listed : current?.row
    if (current && at !== undefined && at >= first && at <= first + rows) {
      return { line: current.line, column: current.column ?? null }
    }
    // The number of a row is that of its line unless some are left out or folded away.
    const listed = this.only || this.inJson || this.#output.searchedView === "log"
    const edge = listed ? drawn[0]?.line?.n : first
    if (!after) return { line: listed ? (drawn.at(-1)?.line?.n ?? 0) + 1 : first + rows, column: null }
    return { line: edge === undefined || edge === 0 ? BEYOND : edge - 1, column: null }
  }
}

/** A place from which a hit is looked for. */
interface From {
  line: number
  column: number | null
}

function isSame(a: Query, b: Query): boolean {
  const { view, text, regex, matchCase, inverse } = b
  return (
    a.view === view &&
    a.text === text &&
    a.regex === regex &&
    a.matchCase === matchCase &&
    a.inverse === inverse
  )
}

/** What the bar says: `12 of 3,402`, `3,402 found…`, `none`, or why there is no search. */
export function wordsOf(
  text: string,
  found: Searching | undefined,
  current: Hit | undefined,
  failed: Trouble | undefined,
): string {
  if (failed !== undefined) return failed.message
  if (text === "" || found === undefined) return ""
  if (found.state === "failed") return found.trouble?.message ?? "The search failed."
  const more = found.state === "running" ? "…" : found.state === "stopped" ? ", stopped" : ""
  if (found.hits === 0) return found.state === "running" ? "searching…" : `none${more}`
  if (current !== undefined) return `${count(current.place + 1)} of ${count(found.hits)}${more}`
  return `${count(found.hits)} found${more}`
}

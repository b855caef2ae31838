import type { Level } from "../../ipc/generated/Level"
import type { LogMark } from "../../ipc/generated/LogMark"
import type { LogSummary } from "../../ipc/generated/LogSummary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { formOf, type Output } from "./output.svelte"

/** The levels, as the shell counts them. */
export const LEVELS: readonly { level: Level; text: string }[] = [
  { level: "error", text: "Error" },
  { level: "warning", text: "Warning" },
  { level: "info", text: "Info" },
  { level: "debug", text: "Debug" },
  { level: "trace", text: "Trace" },
  { level: "other", text: "Other" },
]

const PAUSE_MS = 200
const SUMMARY_MS = 250
/** Above every row: the error after it is the first one of all. */
const BEYOND = Number.MAX_SAFE_INTEGER

/** What of the selected Call's lines is shown as a log. The lines are filtered in the shell, while they arrive. */
export class LogFilter {
  text = $state("")
  levels = $state.raw<readonly Level[]>([])
  /** Whether a stack trace is one row. */
  fold = $state(true)
  /** Why the filter wasn't applied. */
  trouble = $state.raw<Trouble>()
  summary = $state.raw<LogSummary>()

  #shell: Shell
  #output: Output
  #changed: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  /** What the filter was applied to. */
  #of = ""
  #asked = 0
  #parts = 0
  #summing = false
  #stale = false

  /** `changed`: other rows are shown. */
  constructor(shell: Shell, output: Output, changed: () => void = () => {}) {
    this.#shell = shell
    this.#output = output
    this.#changed = changed
  }

  /** Whether something is left out. */
  filters = $derived(this.text.trim() !== "" || this.levels.length > 0)

  type(text: string): void {
    if (text === this.text) return
    this.text = text
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#run(), PAUSE_MS)
  }

  /** Shows this level as well, or no longer; all of them when none is chosen. */
  toggle(level: Level): void {
    const { levels } = this
    this.levels = levels.includes(level) ? levels.filter((one) => one !== level) : [...levels, level]
    void this.#run()
  }

  setFold(fold: boolean): void {
    this.fold = fold
    void this.#run()
  }

  clear(): void {
    this.text = ""
    this.levels = []
    void this.#run()
  }

  /** Tells that another Call, or other lines of it, may be looked at: the filter is applied to them too. */
  look(): void {
    if (this.#output.searchedView !== "log" || this.#form() === this.#of) return
    void this.#run()
  }

  #form(): string {
    const { row, linesView } = this.#output
    return `${row?.id} ${formOf(row)} ${linesView}`
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    const { row, linesView: view } = this.#output
    if (row === undefined || this.#output.searchedView !== "log") return
    const asked = ++this.#asked
    if (this.#of !== this.#form()) this.summary = undefined
    this.#of = this.#form()
    const query = { view, levels: [...this.levels], text: this.text, fold: this.fold }
    try {
      await this.#shell.ask("log", { id: row.id, query })
      if (asked !== this.#asked) return
      this.trouble = undefined
      this.#output.showLog()
      this.#changed()
      this.summarize(this.#parts)
    } catch (thrown) {
      if (asked === this.#asked) this.trouble = trouble(thrown)
    }
  }

  /** Counts the levels and finds where errors are, in so many parts: one question at a time. */
  summarize(parts: number): void {
    this.#parts = parts
    this.#stale = true
    if (!this.#summing) void this.#sum()
  }

  async #sum(): Promise<void> {
    this.#summing = true
    while (this.#stale) {
      this.#stale = false
      const { row, logEdition } = this.#output
      if (row === undefined || this.#output.searchedView !== "log") break
      try {
        const summary = await this.#shell.ask("log_summary", { id: row.id, parts: this.#parts })
        if (row.id === this.#output.row?.id && logEdition === this.#output.logEdition) this.summary = summary
      } catch {
        // The rows say why they can't be read.
      }
      await new Promise((resolve) => setTimeout(resolve, SUMMARY_MS))
    }
    this.#summing = false
  }

  /** Goes to the error after or before the one that was gone to, or what can be seen. */
  async goToError(after: boolean): Promise<void> {
    const { row, lines } = this.#output
    if (row === undefined) return
    const { first, rows, pointed } = lines
    const seen = pointed !== undefined && pointed >= first && pointed <= first + rows
    const edge = after ? (first === 0 ? BEYOND : first - 1) : first + rows
    try {
      const found = await this.#shell.ask("log_error", { id: row.id, row: seen ? pointed : edge, after })
      if (row.id === this.#output.row?.id && found !== null) lines.reveal(found)
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  /** Goes to a place of the whole, from 0 to 1: to what is marked near it. */
  goTo(place: number): void {
    const { lines } = this.#output
    const near = nearest(this.summary?.marks ?? [], Math.floor(place * this.#parts))
    if (near) lines.reveal(near.row)
    else lines.scrollTo(Math.floor(place * lines.total))
  }
}

/** Parts in which a click still means a mark. */
const NEAR = 2

/** The mark at a place, or the one beside it: one with errors first. */
export function nearest(marks: readonly LogMark[], place: number): LogMark | undefined {
  const near = marks.filter((mark) => Math.abs(mark.place - place) <= NEAR)
  const weight = (mark: LogMark) => Math.abs(mark.place - place) + (mark.errors > 0 ? 0 : NEAR)
  return near.sort((a, b) => weight(a) - weight(b))[0]
}

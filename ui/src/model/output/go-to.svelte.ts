import { trouble, type Shell } from "../../ipc/shell"
import { positionHelp, readPosition, type GoToPosition } from "./go-to-position"
import type { Output } from "./output.svelte"
import { hasTimes, isHex, isJsonView } from "./views"

/** The small field in which one writes where to go. */
export class GoTo {
  open = $state(false)
  text = $state("")
  problem = $state<string>()

  #shell: Shell
  #output: Output

  constructor(shell: Shell, output: Output) {
    this.#shell = shell
    this.#output = output
  }

  show(): void {
    if (this.#output.row === undefined) return
    this.problem = undefined
    this.open = true
  }

  close(): void {
    this.open = false
    this.problem = undefined
  }

  /** Goes there; says so when it is not understood. */
  async go(): Promise<void> {
    const { row, view, lines } = this.#output
    if (row === undefined || this.text.trim() === "") return this.close()
    const hex = isHex(view)
    const position = readPosition(this.text, row.beganMs, hex)
    if (position === undefined) {
      this.problem = positionHelp(hex)
      return
    }
    if (position.kind === "time" && !hasTimes(view)) {
      this.problem = "This view has no times."
      return
    }
    try {
      const at = await this.#rowOf(position)
      if (row.id !== this.#output.row?.id || view !== this.#output.view) return
      if (at === undefined) lines.follow()
      else lines.reveal(Math.max(0, Math.min(at, lines.total - 1)))
      this.close()
    } catch (thrown) {
      this.problem = trouble(thrown).message
    }
  }

  /** The row to go to; absent for the end. */
  async #rowOf(position: GoToPosition): Promise<number | undefined> {
    const { row, view, lines } = this.#output
    switch (position.kind) {
      case "end":
        return undefined
      case "offset":
        return Math.floor(position.offset / 16)
      case "time":
        return this.#shell.ask("row_at_time", { id: row!.id, view, time: position.us })
      case "line":
        if (view === "log") return this.#shell.ask("log_row", { id: row!.id, line: position.line })
        return isJsonView(view) || view === "hits" ? this.#rowWith(position.line, lines.total) : position.line
    }
  }

  /** Where rows are left out, the last one whose number is not larger: found by halves. */
  async #rowWith(n: number, total: number): Promise<number> {
    const { row, view, lines } = this.#output
    const ask = (from: number) =>
      this.#shell.ask("lines", { id: row!.id, view, from, count: 1, ansi: lines.look?.ansi ?? true })
    let low = 0
    let high = Math.max(0, total - 1)
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const there = (await ask(middle)).lines[0]
      if (there !== undefined && there.n <= n) low = middle
      else high = middle - 1
    }
    return low
  }
}

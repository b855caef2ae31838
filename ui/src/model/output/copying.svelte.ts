import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import type { Span } from "./marked-rows.svelte"
import type { Output } from "./output.svelte"
import { isHex } from "./views"

const SAID_MS = 1_200

/** Copies rows as their bytes are, not as they are drawn. */
export class Copying {
  /** Said for a moment after it was done. */
  done = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #output: Output
  #put: (text: string) => Promise<void>

  constructor(shell: Shell, output: Output, put: (text: string) => Promise<void>) {
    this.#shell = shell
    this.#output = output
    this.#put = put
  }

  async rows({ from, to }: Span): Promise<void> {
    const { row, view, lines } = this.#output
    if (row === undefined || from >= to) return
    // Bytes are copied as they are drawn: that is their text.
    if (isHex(view)) {
      const drawn = lines.drawn.filter(({ n }) => n >= from && n < to)
      return this.text(drawn.map(({ line }) => line?.text ?? "").join("\n"))
    }
    try {
      await this.text(await this.#shell.ask("exact", { id: row.id, view, from, to }))
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  async text(text: string): Promise<void> {
    this.trouble = undefined
    await this.#put(text)
    this.done = true
    setTimeout(() => (this.done = false), SAID_MS)
  }
}

import type { Call } from "../ipc/generated/Call"
import type { Summary } from "../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../ipc/shell"

const COUNTS_ONLY_MS = 500

/** What the detail shows of a Call. */
export type Tab = "output" | "headers" | "timing"

/** All facts of the selected Call, asked again when its row changed. */
export class Detail {
  tab = $state<Tab>("output")
  call = $state.raw<Call>()
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #id: number | undefined
  #row: Summary | undefined
  #askedAt = 0
  #stale = false
  #busy = false

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Tells what is selected and how its row stands. */
  look(id: number | undefined, row: Summary | undefined): void {
    if (id !== this.#id) {
      this.#id = id
      this.#row = undefined
      this.call = undefined
      this.trouble = undefined
      this.#stale = id !== undefined
    }
    // A flood of output changes only the counts, which are no facts of the Call: seldom is enough.
    if (row !== this.#row) {
      const rare = this.#row !== undefined && row !== undefined && onlyCounts(this.#row, row)
      if (!rare || performance.now() - this.#askedAt > COUNTS_ONLY_MS) this.#stale = true
      this.#row = row
    }
    void this.#ask()
  }

  /** Asks again although no row changed: something was done to the Call from here. */
  refresh(): void {
    this.#stale = true
    void this.#ask()
  }

  /** Keeps a Call's output for the next start, or lets it go. */
  async keep(id: number, kept: boolean): Promise<void> {
    try {
      await this.#shell.ask("keep", { id, kept })
    } catch (thrown) {
      if (id === this.#id) this.trouble = trouble(thrown)
    }
  }

  async #ask(): Promise<void> {
    if (this.#busy || !this.#stale || this.#id === undefined) return
    this.#busy = true
    this.#stale = false
    this.#askedAt = performance.now()
    const id = this.#id
    try {
      const call = await this.#shell.ask("call", { id })
      if (id === this.#id) {
        this.call = call
        this.trouble = undefined
      }
    } catch (thrown) {
      if (id === this.#id) this.trouble = trouble(thrown)
    } finally {
      this.#busy = false
      void this.#ask()
    }
  }
}

function onlyCounts(before: Summary, after: Summary): boolean {
  const same = JSON.stringify(before.outcome) === JSON.stringify(after.outcome)
  const counted = JSON.stringify(before.counts) !== JSON.stringify(after.counts)
  return same && counted && before.tookUs === after.tookUs
}

import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Trouble } from "../../ipc/shell"

const COUNTS_ONLY_MS = 500

/** An answer about the selected Call, asked for while it is looked at, and again when its row changed. */
export class About<T> {
  value = $state.raw<T>()
  trouble = $state.raw<Trouble>()

  #question: (id: number) => Promise<T>
  #told: () => void
  #id: number | undefined
  #row: Summary | undefined
  #askedAt = 0
  #stale = false
  #busy = false
  #looking = true

  /** `told`: an answer is here. */
  constructor(question: (id: number) => Promise<T>, told: () => void = () => {}) {
    this.#question = question
    this.#told = told
  }

  /** Tells what is selected, how its row is, and whether anybody sees the answer. */
  look(id: number | undefined, row: Summary | undefined, looking = true): void {
    this.#looking = looking
    if (id !== this.#id) {
      this.#id = id
      this.#row = undefined
      this.value = undefined
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

  async #ask(): Promise<void> {
    if (this.#busy || !this.#stale || !this.#looking || this.#id === undefined) return
    this.#busy = true
    this.#stale = false
    this.#askedAt = performance.now()
    const id = this.#id
    try {
      const value = await this.#question(id)
      if (id === this.#id) {
        this.value = value
        this.trouble = undefined
        this.#told()
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

import type { Comparison } from "../../ipc/generated/Comparison"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** The comparison of two calls that is shown. */
export class Comparing {
  /** The numbers of the two calls. */
  first = $state(0)
  second = $state(0)
  comparison = $state.raw<Comparison>()
  trouble = $state.raw<Trouble>()

  #shell: Shell
  /** Counts what was asked: what comes back for an older one is dropped. */
  #asked = 0

  constructor(shell: Shell) {
    this.#shell = shell
  }

  async show(first: number, second: number): Promise<void> {
    const asked = ++this.#asked
    this.first = first
    this.second = second
    this.comparison = undefined
    this.trouble = undefined
    try {
      const comparison = await this.#shell.ask("compare", { first, second })
      if (asked === this.#asked) this.comparison = comparison
    } catch (thrown) {
      if (asked === this.#asked) this.trouble = trouble(thrown)
    }
  }

  /** The other way around. */
  swap(): void {
    void this.show(this.second, this.first)
  }

  /** Forgets it, and stops it if it is running. */
  close(): void {
    this.#asked += 1
    this.comparison = undefined
    void this.#shell.ask("compare_stop", {}).catch(() => undefined)
  }
}

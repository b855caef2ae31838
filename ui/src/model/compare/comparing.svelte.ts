import type { Allow } from "../../ipc/generated/Allow"
import type { Comparison } from "../../ipc/generated/Comparison"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** The comparison of two calls that is shown. */
export class Comparing {
  /** The numbers of the two calls. */
  first = $state(0)
  second = $state(0)
  comparison = $state.raw<Comparison>()
  /** The session that has the rules, where one of the two is from a session. */
  session = $state<number>()
  proposed = $state.raw<readonly Allow[]>([])
  /** Only differences with this text are shown. */
  text = $state("")
  onlyDifferences = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #rules: (session: number) => void
  /** Counts what was asked: what comes back for an older one is dropped. */
  #asked = 0

  /** `rules`: the rules of this session are shown. */
  constructor(shell: Shell, rules: (session: number) => void) {
    this.#shell = shell
    this.#rules = rules
  }

  async show(first: number, second: number): Promise<void> {
    this.first = first
    this.second = second
    this.session = undefined
    await this.again()
  }

  /** Compares them by the rules that there are now. */
  async again(): Promise<void> {
    const asked = ++this.#asked
    const { first, second } = this
    this.comparison = undefined
    this.proposed = []
    this.trouble = undefined
    try {
      const { comparison, session, proposed } = await this.#shell.ask("compare", { first, second })
      if (asked !== this.#asked) return
      if (session !== undefined && session !== this.session) this.#rules(session)
      this.comparison = comparison
      this.session = session
      this.proposed = proposed
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
    this.session = undefined
    this.text = ""
    void this.#shell.ask("compare_stop", {}).catch(() => undefined)
  }
}

import type { PendingEnd } from "../../ipc/generated/PendingEnd"
import type { Prompt } from "../../ipc/generated/Prompt"
import type { Scope } from "../../ipc/generated/Scope"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { InputGuard } from "./guard.svelte"

/**
 * The call that waits for the user, one at a time. What is shown stays until it is answered or closed: when it no longer
 * waits, because it was withdrawn or what allows it was decided elsewhere, the prompt says so. It is never replaced by another one under the reader's hand.
 */
export class Prompts {
  shown = $state.raw<Prompt>()
  /** How many calls wait besides the one that is shown. */
  others = $state(0)
  /** The call that is shown no longer waits. */
  over = $state(false)
  /** What became of it, when the core has said so. */
  end = $state<PendingEnd>()
  /** An answer is on its way. */
  deciding = $state(false)
  trouble = $state.raw<Trouble>()
  /** How many prompts of one page were shown one after the other, this one included. */
  row = $state(0)
  /** Counts up when what is shown changes in any way. */
  edition = $state(0)
  readonly guard = new InputGuard()

  #shell: Shell
  #isHere: (prompt: Prompt) => boolean
  /** What the core last said; it may be the one that was just answered. */
  #said: Prompt | undefined
  #waiting = 0
  /** Called when the core says the next thing. */
  #heard: (() => void) | undefined
  /** Whose prompts are counted in a row. */
  #rowOf: string | undefined
  /** The last ones that were answered or closed here. */
  #done = new Set<number>()

  /** `isHere`: whether a prompt belongs to this window. */
  constructor(shell: Shell, isHere: (prompt: Prompt) => boolean) {
    this.#shell = shell
    this.#isHere = isHere
  }

  /** Takes the oldest call that waits, and how many there are in all. */
  see(prompt: Prompt | undefined, waiting: number): void {
    this.#said = prompt
    this.#waiting = waiting
    this.#heard?.()
    this.#look()
  }

  approve(scope: Scope): Promise<void> {
    return this.#decide((pending) => this.#shell.ask("approve", { pending, scope }))
  }

  deny(): Promise<void> {
    return this.#decide((pending) => this.#shell.ask("deny", { pending }))
  }

  /**
   * Denies the call, and ends the page before anything else that it asks for is shown: a page that asks again after each
   * denial must not leave allowing as the only way out.
   */
  denyAndEnd(endPage: () => Promise<void>): Promise<void> {
    return this.#decide(async (pending) => {
      try {
        await this.#shell.ask("deny", { pending })
      } finally {
        await endPage()
      }
    })
  }

  /** Closes a prompt whose call no longer waits. */
  close(): void {
    if (!this.shown || !this.over) return
    this.#next(this.shown)
  }

  async #decide(ask: (pending: number) => Promise<unknown>): Promise<void> {
    const prompt = this.shown
    if (!prompt || this.deciding || this.over) return
    this.deciding = true
    try {
      await ask(prompt.pending)
      // Without a gap between two prompts: a press that lands on the page there is never seen to be let go.
      while (this.others > 0 && this.#said?.pending === prompt.pending)
        await new Promise<void>((heard) => (this.#heard = heard))
      this.#next(prompt)
    } catch (thrown) {
      this.trouble = trouble(thrown)
      this.edition += 1
    } finally {
      this.deciding = false
      this.#look()
    }
  }

  /** What is not known is not said: the prompt only says that the call no longer waits. */
  async #askEnd(prompt: Prompt): Promise<void> {
    const end = await this.#shell.ask("pending_end", { pending: prompt.pending }).catch(() => undefined)
    if (this.shown !== prompt || end === undefined) return
    this.end = end
    this.edition += 1
  }

  #next(prompt: Prompt): void {
    this.#done.add(prompt.pending)
    if (this.#done.size > 100) this.#done.delete(this.#done.values().next().value!)
    this.shown = undefined
    this.over = false
    this.end = undefined
    this.trouble = undefined
    this.edition += 1
    this.#look()
  }

  #look(): void {
    const said = this.#said
    const next = said && this.#isHere(said) && !this.#done.has(said.pending) ? said : undefined
    if (!this.shown) {
      if (!next) return
      this.shown = next
      this.edition += 1
      const of = next.origin === "page" ? (next.extension ?? "") : undefined
      this.row = of !== undefined && of === this.#rowOf ? this.row + 1 : 1
      this.#rowOf = of
    } else if (!this.deciding && !this.over && next?.pending !== this.shown.pending) {
      this.over = true
      this.edition += 1
      void this.#askEnd(this.shown)
    }
    this.others = Math.max(0, this.#waiting - (this.over ? 0 : 1))
  }
}

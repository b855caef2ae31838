import type { Allow } from "../../ipc/generated/Allow"
import type { Capture } from "../../ipc/generated/Capture"
import type { Rules } from "../../ipc/generated/Rules"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { isSameRule } from "./words"

/** The rules of one session: what may differ, and what later calls take from earlier ones. */
export class RuleEditor {
  allow = $state.raw<readonly Allow[]>([])
  capture = $state.raw<readonly Capture[]>([])
  /** The session file holds them; an HTTP archive can't. */
  written = $state(true)
  /** They were read. */
  loaded = $state(false)
  busy = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #changed: () => void
  #session = 0

  /** `changed`: the rules are others now. */
  constructor(shell: Shell, changed: () => void) {
    this.#shell = shell
    this.#changed = changed
  }

  async load(session: number): Promise<void> {
    this.#session = session
    this.trouble = undefined
    this.loaded = false
    try {
      const { rules, written } = await this.#shell.ask("session_rules", { session })
      if (session === this.#session) this.#take(rules, written)
    } catch (thrown) {
      if (session !== this.#session) return
      this.#take({}, true)
      this.loaded = false
      this.trouble = trouble(thrown)
    }
  }

  /** Lets this differ; true when it does. */
  async add(rule: Allow): Promise<boolean> {
    if (this.allow.some((known) => isSameRule(known, rule))) return true
    return this.#save({ allow: [...this.allow, rule], capture: [...this.capture] })
  }

  async addCapture(capture: Capture): Promise<boolean> {
    return this.#save({ allow: [...this.allow], capture: [...this.capture, capture] })
  }

  async remove(rule: Allow): Promise<void> {
    await this.#save({ allow: this.allow.filter((one) => one !== rule), capture: [...this.capture] })
  }

  async removeCapture(capture: Capture): Promise<void> {
    await this.#save({ allow: [...this.allow], capture: this.capture.filter((one) => one !== capture) })
  }

  /** Removes all of them, also those that can't be read. */
  async clear(): Promise<void> {
    await this.#save({})
  }

  async #save(rules: Rules): Promise<boolean> {
    if (this.busy) return false
    const session = this.#session
    this.busy = true
    this.trouble = undefined
    try {
      await this.#shell.ask("set_session_rules", { session, rules })
      if (session === this.#session) this.#take(rules, this.written)
      this.#changed()
      return true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return false
    } finally {
      this.busy = false
    }
  }

  #take({ allow = [], capture = [] }: Rules, written: boolean): void {
    this.allow = allow
    this.capture = capture
    this.written = written
    this.loaded = true
  }
}

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
  /** What is in the file, as far as is known. */
  #saved: Rules = {}
  /** By session: rules that are to be written. */
  #unsaved = new Map<number, Rules>()
  #saving: Promise<boolean> | undefined

  /** `changed`: the rules are others now. */
  constructor(shell: Shell, changed: () => void) {
    this.#shell = shell
    this.#changed = changed
  }

  async load(session: number): Promise<void> {
    this.#session = session
    this.trouble = undefined
    this.loaded = false
    await this.#saving
    if (session !== this.#session) return
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

  /** All changes are written, or refused. */
  async settled(): Promise<void> {
    await this.#saving
  }

  /** Removes all of them, also those that can't be read. */
  async clear(): Promise<void> {
    await this.#save({})
  }

  /** Each time the whole file is written again: what changes meanwhile is written once, when that is done. */
  #save(rules: Rules): Promise<boolean> {
    this.#unsaved.set(this.#session, rules)
    this.trouble = undefined
    this.#show(rules)
    this.#saving ??= this.#write()
    return this.#saving
  }

  async #write(): Promise<boolean> {
    this.busy = true
    let session = this.#session
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        session = next.session
        await this.#shell.ask("set_session_rules", next)
        if (session === this.#session) this.#take(next.rules, this.written, !this.#unsaved.has(session))
      }
      return true
    } catch (thrown) {
      this.#unsaved.delete(session)
      if (session === this.#session) {
        this.#show(this.#saved)
        this.trouble = trouble(thrown)
      }
      return false
    } finally {
      this.#saving = undefined
      this.busy = false
      this.#changed()
    }
  }

  #next(): { session: number; rules: Rules } | undefined {
    for (const [session, rules] of this.#unsaved) {
      this.#unsaved.delete(session)
      return { session, rules }
    }
    return undefined
  }

  /** These are in the file. `newest`: nothing else is to be written. */
  #take(rules: Rules, written: boolean, newest = true): void {
    this.#saved = rules
    this.written = written
    this.loaded = true
    if (newest) this.#show(rules)
  }

  #show({ allow = [], capture = [] }: Rules): void {
    this.allow = allow
    this.capture = capture
  }
}

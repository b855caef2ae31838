import type { Allow } from "../../ipc/generated/Allow"
import type { Capture } from "../../ipc/generated/Capture"
import type { Rules } from "../../ipc/generated/Rules"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { isSameRule } from "./words"

/** Rules that are to be written to a session's file. */
interface Change {
  readonly session: number
  rules: Rules
  refused: boolean
}

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
  #loading: Promise<void> | undefined
  /** What is in the file, as far as is known. */
  #saved: Rules = {}
  /** By session: rules that are to be written. */
  #unsaved = new Map<number, Change>()
  /** By session: why the last change of its rules was refused. */
  #refused = new Map<number, Trouble>()
  #saving: Promise<void> | undefined

  /** `changed`: the rules are others now. */
  constructor(shell: Shell, changed: () => void) {
    this.#shell = shell
    this.#changed = changed
  }

  load(session: number): Promise<void> {
    this.#loading = this.#load(session)
    return this.#loading
  }

  async #load(session: number): Promise<void> {
    // It was shown.
    if (this.loaded && this.#saving === undefined) this.#refused.delete(this.#session)
    if (session !== this.#session) {
      this.#saved = {}
      this.#show({})
    }
    this.#session = session
    this.trouble = undefined
    this.loaded = false
    await this.#saving
    if (session !== this.#session) return
    try {
      const { rules, written } = await this.#shell.ask("session_rules", { session })
      if (session !== this.#session) return
      this.#take(rules, written)
      this.trouble = this.#refused.get(session)
    } catch (thrown) {
      if (session !== this.#session) return
      this.#take({}, true)
      this.loaded = false
      this.trouble = trouble(thrown)
    }
  }

  /** Lets this differ; true when it does. */
  add(rule: Allow): Promise<boolean> {
    return this.#change(({ allow, capture }) =>
      allow.some((known) => isSameRule(known, rule)) ? undefined : { allow: [...allow, rule], capture },
    )
  }

  addCapture(added: Capture): Promise<boolean> {
    return this.#change(({ allow, capture }) => ({ allow, capture: [...capture, added] }))
  }

  async remove(rule: Allow): Promise<void> {
    await this.#change(({ allow, capture }) => ({ allow: allow.filter((one) => one !== rule), capture }))
  }

  async removeCapture(removed: Capture): Promise<void> {
    await this.#change(({ allow, capture }) => ({ allow, capture: capture.filter((one) => one !== removed) }))
  }

  /** All changes are written, or refused: answers why those of this session were refused meanwhile. */
  async settled(session: number): Promise<Trouble | undefined> {
    const before = this.#refused.get(session)
    await this.#saving
    const now = this.#refused.get(session)
    return now === before ? undefined : now
  }

  /** Removes all of them, also those that can't be read. */
  async clear(): Promise<void> {
    await this.#save({})
  }

  /** Changes the rules of the session when they were read; `change` answers nothing where they are right already. */
  async #change(change: (now: Required<Rules>) => Rules | undefined): Promise<boolean> {
    const session = this.#session
    if (!this.loaded) await this.#loading
    if (session !== this.#session) return false
    const rules = change({ allow: [...this.allow], capture: [...this.capture] })
    return rules === undefined || this.#save(rules)
  }

  /** Each time the whole file is written again: what changes meanwhile is written once, when that is done. */
  async #save(rules: Rules): Promise<boolean> {
    const session = this.#session
    const change: Change = this.#unsaved.get(session) ?? { session, rules, refused: false }
    change.rules = rules
    this.#unsaved.set(session, change)
    this.#refused.delete(session)
    this.trouble = undefined
    this.#show(rules)
    this.#saving ??= this.#write()
    await this.#saving
    return !change.refused
  }

  async #write(): Promise<void> {
    this.busy = true
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#writeOne(next)
    this.#saving = undefined
    this.busy = false
    this.#changed()
  }

  async #writeOne(change: Change): Promise<void> {
    const { session, rules } = change
    try {
      await this.#shell.ask("set_session_rules", { session, rules })
      if (session === this.#session) this.#take(rules, this.written, !this.#unsaved.has(session))
    } catch (thrown) {
      this.#refuse(change, trouble(thrown))
    }
  }

  /** Also refuses what was changed meanwhile: that has the refused rules too. Those of other sessions are still written. */
  #refuse(change: Change, why: Trouble): void {
    const { session } = change
    change.refused = true
    const later = this.#unsaved.get(session)
    if (later) later.refused = true
    this.#unsaved.delete(session)
    this.#refused.set(session, why)
    if (session !== this.#session) return
    this.#show(this.#saved)
    this.trouble = why
  }

  #next(): Change | undefined {
    for (const [session, change] of this.#unsaved) {
      this.#unsaved.delete(session)
      return change
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

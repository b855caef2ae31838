import type { Draft } from "../../ipc/generated/Draft"
import type { UsedVariable } from "../../ipc/generated/UsedVariable"
import type { Shell } from "../../ipc/shell"
import { usesIn } from "./variable-uses"

const SETTLE_MS = 150

/** The variables that the composer's draft uses, as the shell finds them. */
export class UsedVariables {
  used = $state.raw<readonly UsedVariable[]>([])
  unknown = $derived(this.used.filter(({ meaning }) => meaning.kind === "unknown").map(({ name }) => name))

  #shell: Shell
  #wanted = ""
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Looks at a draft once typing pauses. `of`: what else the answer depends on. */
  want(composed: Draft, of: unknown): void {
    const wanted = JSON.stringify([composed, of])
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    clearTimeout(this.#timer)
    if (!wanted.includes("{{")) {
      this.used = []
      return
    }
    this.#timer = setTimeout(() => void this.#look(composed, wanted), SETTLE_MS)
  }

  /** Why a text can't be sent: it has variables that the environment doesn't have. */
  problemIn(text: string): string | undefined {
    if (this.unknown.length === 0) return undefined
    const names = new Set(usesIn(text).map(({ name }) => name))
    const unknown = this.unknown.filter((name) => names.has(name))
    if (unknown.length === 0) return undefined
    return `Unknown variable${unknown.length === 1 ? "" : "s"}: ${unknown.join(", ")}`
  }

  async #look(composed: Draft, wanted: string): Promise<void> {
    try {
      const used = await this.#shell.ask("used_variables", { composed })
      if (wanted === this.#wanted) this.used = used
    } catch {
      // Sending says what is wrong.
    }
  }
}

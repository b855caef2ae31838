import type { Composed } from "../ipc/generated/Composed"
import type { Saved } from "../ipc/generated/Saved"
import type { Settings as Remembered } from "../ipc/generated/Settings"
import type { Splits } from "../ipc/generated/Splits"
import type { Target } from "../ipc/generated/Target"
import type { Theme } from "../ipc/generated/Theme"
import { trouble, type Shell, type Trouble } from "../ipc/shell"

/**
 * What is remembered from one start to the next. Written at once: the window may be closed at any
 * moment. One write is in flight; what changes meanwhile is the next one.
 */
export class Settings {
  theme = $state<Theme>("system")
  splits = $state.raw<Splits>({ side: 212, center: 552 })
  saved = $state.raw<readonly Saved[]>([])
  trouble = $state.raw<Trouble>()

  #target: Target | undefined
  #shell: Shell
  #writing = false
  #changed = false

  constructor(shell: Shell) {
    this.#shell = shell
  }

  load(remembered: Remembered): void {
    this.theme = remembered.theme
    this.splits = remembered.splits
    this.saved = remembered.saved
    this.#target = remembered.target
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    void this.#keep()
  }

  setSplits(splits: Splits): void {
    this.splits = splits
    void this.#keep()
  }

  setTarget(target: Target): void {
    this.#target = target
    void this.#keep()
  }

  /** Puts it at the end, or in the place of the one of the same name. */
  save(name: string, composed: Composed): void {
    const at = this.saved.findIndex((saved) => saved.name === name)
    this.saved = at < 0 ? [...this.saved, { name, composed }] : this.saved.with(at, { name, composed })
    void this.#keep()
  }

  remove(name: string): void {
    this.saved = this.saved.filter((saved) => saved.name !== name)
    void this.#keep()
  }

  async #keep(): Promise<void> {
    this.#changed = true
    if (this.#writing) return
    this.#writing = true
    while (this.#changed) {
      this.#changed = false
      await this.#write()
    }
    this.#writing = false
  }

  async #write(): Promise<void> {
    const { theme, splits } = this
    const settings: Remembered = { theme, splits, saved: [...this.saved] }
    if (this.#target !== undefined) settings.target = this.#target
    try {
      await this.#shell.ask("save_settings", { settings })
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

import type { Composed } from "../ipc/generated/Composed"
import type { Saved } from "../ipc/generated/Saved"
import type { Settings as Remembered } from "../ipc/generated/Settings"
import type { Splits } from "../ipc/generated/Splits"
import type { Target } from "../ipc/generated/Target"
import type { Theme } from "../ipc/generated/Theme"
import { trouble, type Shell, type Trouble } from "../ipc/shell"

const SETTLE_MS = 400

/** What is remembered from one start to the next. Written when it has settled. */
export class Settings {
  theme = $state<Theme>("system")
  splits = $state.raw<Splits>({ side: 212, center: 552 })
  saved = $state.raw<readonly Saved[]>([])
  trouble = $state.raw<Trouble>()

  #target: Target | undefined
  #shell: Shell
  #timer: ReturnType<typeof setTimeout> | undefined

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
    this.#later()
  }

  setSplits(splits: Splits): void {
    this.splits = splits
    this.#later()
  }

  setTarget(target: Target): void {
    this.#target = target
    this.#later()
  }

  /** Puts it at the end, or in the place of the one of the same name. */
  save(name: string, composed: Composed): void {
    const at = this.saved.findIndex((saved) => saved.name === name)
    this.saved = at < 0 ? [...this.saved, { name, composed }] : this.saved.with(at, { name, composed })
    this.#later()
  }

  remove(name: string): void {
    this.saved = this.saved.filter((saved) => saved.name !== name)
    this.#later()
  }

  /** Writes what has not been written yet: the window is about to go. */
  flush(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    void this.#write()
  }

  #later(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.flush(), SETTLE_MS)
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

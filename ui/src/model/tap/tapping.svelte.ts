import type { TapPlace } from "../../ipc/generated/TapPlace"
import type { TapStatus } from "../../ipc/generated/TapStatus"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** Recording what a desktop sends: the backend's socket is moved while it runs. */
export class Tapping {
  /** What would be moved, as the dialog shows it. */
  place = $state.raw<TapPlace>()
  /** The recording that runs. */
  running = $state.raw<TapStatus>()
  busy = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #show: () => void
  /** Counts what was asked: what comes back for an older one is dropped. */
  #asked = 0

  /** `show`: opens the dialog. */
  constructor(shell: Shell, show: () => void) {
    this.#shell = shell
    this.#show = show
  }

  /** Takes in what the application says. */
  see(running: TapStatus | undefined): void {
    this.running = running
  }

  /** Asks whether what the desktop sends is to be recorded, or shows that it is. */
  ask(): void {
    this.#show()
    if (this.running === undefined) void this.plan()
    else this.trouble = undefined
  }

  /** Stops recording. What went wrong is in the dialog. */
  async end(): Promise<void> {
    if (!(await this.stop())) this.#show()
  }

  /** Works out what would be moved. */
  async plan(): Promise<void> {
    const asked = ++this.#asked
    this.place = undefined
    this.trouble = undefined
    try {
      const place = await this.#shell.ask("tap_plan", {})
      if (asked === this.#asked) this.place = place
    } catch (thrown) {
      if (asked === this.#asked) this.trouble = trouble(thrown)
    }
  }

  /** Moves what is shown; true when it records. */
  async start(): Promise<boolean> {
    const { place } = this
    if (place === undefined || this.busy) return false
    return this.#change(() => this.#shell.ask("start_tap", { place }))
  }

  /** Puts the socket back; true when it is. */
  async stop(): Promise<boolean> {
    if (this.busy) return false
    return this.#change(() => this.#shell.ask("stop_tap", {}))
  }

  async #change(act: () => Promise<unknown>): Promise<boolean> {
    this.busy = true
    this.trouble = undefined
    try {
      await act()
      return true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return false
    } finally {
      this.busy = false
    }
  }
}

import type { TapPlace } from "../../ipc/generated/TapPlace"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** How often to look for problems of a recording. */
const LOOK_MS = 3000

/** Recording what a desktop sends: the backend's socket is moved while it runs. */
export class Tapping {
  /** What would be moved, as the dialog shows it. */
  place = $state.raw<TapPlace>()
  /** What is moved at the moment. */
  running = $state.raw<TapPlace>()
  busy = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #show: () => void
  /** Counts what was asked: what comes back for an older one is dropped. */
  #asked = 0
  #looked = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `show`: opens the dialog. */
  constructor(shell: Shell, show: () => void) {
    this.#shell = shell
    this.#show = show
  }

  /** Asks whether what the desktop sends is to be recorded, or shows that it is. */
  ask(): void {
    this.#show()
    if (this.running === undefined) void this.plan()
    else void this.look()
  }

  /** Stops recording. What went wrong is in the dialog. */
  async end(): Promise<void> {
    if (!(await this.stop())) this.#show()
  }

  /** Whether it runs, also when the window was loaded again, and with which problem. */
  async look(): Promise<void> {
    const looked = ++this.#looked
    try {
      const running = await this.#shell.ask("tap_running", {})
      if (looked === this.#looked) this.#runs(running ?? undefined)
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  #runs(running: TapPlace | undefined): void {
    this.running = running
    clearTimeout(this.#timer)
    if (running !== undefined) this.#timer = setTimeout(() => void this.look(), LOOK_MS)
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
    return this.#change(async () => {
      this.#runs(await this.#shell.ask("start_tap", { place }))
    })
  }

  /** Puts the socket back; true when it is. */
  async stop(): Promise<boolean> {
    if (this.busy) return false
    return this.#change(async () => {
      await this.#shell.ask("stop_tap", {})
      this.#runs(undefined)
    })
  }

  async #change(act: () => Promise<void>): Promise<boolean> {
    this.busy = true
    this.trouble = undefined
    this.#looked++
    try {
      await act()
      return true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      await this.#lookAfter()
      return false
    } finally {
      this.busy = false
    }
  }

  /** What failed says why; whether it runs is asked for. */
  async #lookAfter(): Promise<void> {
    const failed = this.trouble
    await this.look()
    this.trouble = failed
  }
}

import type { OpenSession } from "../../ipc/generated/OpenSession"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** Session files and HTTP archives whose calls are in the timeline. */
export class Sessions {
  /** By number. */
  all = $state.raw<readonly OpenSession[]>([])
  /** A file is being read. */
  busy = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #opened: () => void

  /** `opened`: a file was opened. */
  constructor(shell: Shell, opened: () => void) {
    this.#shell = shell
    this.#opened = opened
  }

  see(all: readonly OpenSession[]): void {
    if (all.length !== this.all.length) this.all = all
  }

  /** The name of the file. */
  nameOf(number: number): string {
    return this.all.find((one) => one.number === number)?.name ?? `Session ${number}`
  }

  /** Lets the user choose a file, and opens it. */
  async choose(): Promise<void> {
    try {
      const path = await this.#shell.ask("choose_path", { kind: "file", title: "Open a session or HAR file" })
      if (path !== null) await this.open(path)
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  async open(path: string): Promise<void> {
    this.busy = true
    try {
      await this.#shell.ask("open_session", { path })
      this.trouble = undefined
      this.#opened()
    } catch (thrown) {
      this.trouble = trouble(thrown)
    } finally {
      this.busy = false
    }
  }

  /** Takes its calls out of the timeline. */
  async close(session: number): Promise<void> {
    try {
      await this.#shell.ask("close_session", { session })
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

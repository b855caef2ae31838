import type { SavedFile } from "../../ipc/generated/SavedFile"
import type { TaskProgress } from "../../ipc/generated/TaskProgress"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** Writes a file where the user says. The shell writes one file at a time. */
export class FileWriter {
  path = $state("")
  /** A file of this name is there: it is replaced when that is said. */
  exists = $state(false)
  busy = $state(false)
  progress = $state.raw<TaskProgress>()
  saved = $state.raw<SavedFile>()
  trouble = $state.raw<Trouble>()

  protected shell: Shell
  /** Counts paths that were asked for: what comes back for an older one is dropped. */
  #places = 0

  constructor(shell: Shell) {
    this.shell = shell
  }

  typePath(path: string): void {
    this.path = path
    this.#places += 1
    this.forget()
  }

  async stop(): Promise<void> {
    try {
      await this.shell.ask("save_stop", {})
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  see(progress: TaskProgress | undefined): void {
    this.progress = this.busy ? progress : undefined
  }

  /** Takes the path that is suggested, unless another is asked for or typed meanwhile. */
  protected async suggest(ask: () => Promise<string> | undefined): Promise<void> {
    const place = ++this.#places
    try {
      const path = await ask()
      if (path !== undefined && place === this.#places) this.path = path
    } catch (thrown) {
      if (place === this.#places) this.trouble = trouble(thrown)
    }
  }

  /** Writes to the path, and answers when that is done. */
  protected async writeWith(write: (path: string) => Promise<SavedFile>): Promise<void> {
    this.forget()
    this.busy = true
    try {
      this.saved = await write(this.path.trim())
    } catch (thrown) {
      const failed = trouble(thrown)
      if (failed.code === "file_exists") this.exists = true
      // It was stopped here: that is no news.
      else if (failed.code !== "cancelled") this.trouble = failed
    } finally {
      this.busy = false
      this.progress = undefined
    }
  }

  protected forget(): void {
    this.exists = false
    this.saved = undefined
    this.trouble = undefined
  }
}

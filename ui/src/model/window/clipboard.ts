import type { Shell } from "../../ipc/shell"

/** The system's clipboard. */
export class Clipboard {
  #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Its text. Where the shell can't read it, the web view may, which can ask the user first. */
  async read(): Promise<string | undefined> {
    try {
      const text = await this.#shell.ask("clipboard_text", {})
      if (text !== null) return text
    } catch {
      // The web view may know it.
    }
    try {
      return await navigator.clipboard.readText()
    } catch {
      return undefined
    }
  }
}

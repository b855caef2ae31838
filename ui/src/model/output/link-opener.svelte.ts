import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import type { Copying } from "./copying.svelte"
import type { Link } from "./links"

/** Opens what a row of an output links to, when the user clicks it. What may be opened is decided in the shell. */
export class LinkOpener {
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #copying: Copying

  constructor(shell: Shell, copying: Copying) {
    this.#shell = shell
    this.#copying = copying
  }

  /** A place in a file that can't be opened is copied. */
  async open({ kind, target, copied }: Pick<Link, "kind" | "target" | "copied">): Promise<void> {
    this.trouble = undefined
    try {
      if (kind === "url") await this.#shell.ask("open_link", { url: target })
      else if (!(await this.#shell.ask("open_source", { file: target }))) await this.#copying.text(copied)
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** So often a server that does not answer is looked for. */
const AGAIN_MS = 1000

/** The development server of the page that is open: whether it answers. */
export class Served {
  /** The choice of a server is open. */
  asks = $state(false)
  /** Why it cannot be had; undefined while it is looked at first, and when it answers. */
  trouble = $state.raw<Trouble>()

  #shell: Shell
  /** Counts up when what is waited for is another, or nothing. */
  #turn = 0
  #again = () => {}

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Waits until it has a page to show; false when that is no longer waited for. */
  async wait(server: string): Promise<boolean> {
    this.end()
    const turn = this.#turn
    for (;;) {
      const found = await this.#look(server)
      if (turn !== this.#turn) return false
      this.trouble = found
      if (!found) return true
      await this.#pause()
      if (turn !== this.#turn) return false
    }
  }

  /** Takes the page from the server although another program than before listens there. */
  async accept(server: string): Promise<void> {
    try {
      await this.#shell.ask("accept_server", { server })
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return
    }
    this.#again()
  }

  /** Looks now. */
  again(): void {
    this.#again()
  }

  end(): void {
    this.#turn += 1
    this.trouble = undefined
    this.#again()
  }

  async #look(server: string): Promise<Trouble | undefined> {
    try {
      await this.#shell.ask("look_at_server", { server })
      return undefined
    } catch (thrown) {
      return trouble(thrown)
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, AGAIN_MS)
      this.#again = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

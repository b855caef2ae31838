import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { TerminalFeed } from "./feed.svelte"

/** The terminals of this window. */
export class Terminals {
  /** Why the link that was clicked last wasn't opened. */
  linkTrouble = $state.raw<Trouble>()
  /** The build of Windows that Porthole runs on. */
  windowsBuild: number | undefined

  #shell: Shell
  #put: (text: string) => Promise<void>
  /** Opened here and not shown yet. */
  #fresh = new Set<number>()

  /** `put`: puts a text on the clipboard. */
  constructor(shell: Shell, put: (text: string) => Promise<void>) {
    this.#shell = shell
    this.#put = put
  }

  /** A terminal was opened here: it gets the keyboard when it is shown. */
  opened(id: number): void {
    this.#fresh.add(id)
  }

  /** What a terminal writes and reads, from its beginning. `written`: how much it has written already. */
  feed(id: number, written: number): { feed: TerminalFeed; fresh: boolean } {
    const fresh = this.#fresh.delete(id)
    return { feed: new TerminalFeed(this.#shell, id, fresh ? 0 : written), fresh }
  }

  copy(text: string): void {
    if (text !== "") void this.#put(text)
  }

  /** Opens a link that was clicked. */
  async openLink(link: string): Promise<void> {
    this.linkTrouble = undefined
    try {
      await this.#shell.ask("open_link", { url: link })
    } catch (thrown) {
      this.linkTrouble = trouble(thrown)
    }
  }
}

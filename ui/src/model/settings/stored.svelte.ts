import type { GrantedContent } from "../../ipc/generated/GrantedContent"
import type { StoredPlaces } from "../../ipc/generated/StoredPlaces"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** What Porthole keeps besides the settings: where it is, and what is allowed always. */
export class Stored {
  places = $state.raw<StoredPlaces>()
  granted = $state.raw<readonly GrantedContent[]>([])
  trouble = $state.raw<Trouble>()

  #shell: Shell

  constructor(shell: Shell) {
    this.#shell = shell
  }

  async look(): Promise<void> {
    await this.#try(async () => {
      this.places = await this.#shell.ask("stored_places", {})
      this.granted = await this.#shell.ask("granted", {})
    })
  }

  async revoke(content: string): Promise<void> {
    await this.#try(async () => {
      await this.#shell.ask("revoke", { content })
      this.granted = await this.#shell.ask("granted", {})
    })
  }

  /** Removes calls, permissions and what pages have stored; true when all of it is gone. */
  async forgetAll(): Promise<boolean> {
    await this.#try(async () => {
      await this.#shell.ask("forget_all", {})
      this.granted = await this.#shell.ask("granted", {})
    })
    return this.trouble === undefined
  }

  async #try(act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

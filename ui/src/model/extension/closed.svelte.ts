import type { ExtensionSource } from "../../ipc/generated/ExtensionSource"
import type { OpenExtension } from "../../ipc/generated/OpenExtension"

/** How long a closed extension can be opened again by the offer. */
const UNDO_MS = 10_000

interface Offer {
  title: string
  source: ExtensionSource
  engine: string | undefined
  /** Its backend was stopped with it: that isn't undone. */
  stopped: boolean
}

/**
 * The extension that was closed a moment ago. Undo opens it from the same place again. Its page is loaded again, and a backend
 * that Porthole had started and stopped stays stopped: the user starts one explicitly.
 */
export class Closed {
  offered = $state.raw<Offer>()

  #reopen: (source: ExtensionSource, engine: string | undefined) => Promise<void>
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(reopen: (source: ExtensionSource, engine: string | undefined) => Promise<void>) {
    this.#reopen = reopen
  }

  offer({ extension, engine, stage }: OpenExtension): void {
    this.offered = {
      title: extension.manifest.tab?.title?.text ?? extension.names.stem,
      source: extension.source,
      engine,
      stopped: stage.kind === "up" && stage.up.whose === "porthole",
    }
    this.hold(false)
  }

  async undo(): Promise<void> {
    const { offered } = this
    this.forget()
    if (offered !== undefined) await this.#reopen(offered.source, offered.engine)
  }

  forget(): void {
    clearTimeout(this.#timer)
    this.offered = undefined
  }

  /** Stops the time in which it can be opened again, or has it begin again. */
  hold(held: boolean): void {
    clearTimeout(this.#timer)
    if (!held) this.#timer = setTimeout(() => this.forget(), UNDO_MS)
  }
}

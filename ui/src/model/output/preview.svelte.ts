import type { Preview as Content } from "../../ipc/generated/Preview"
import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { isLive } from "../timeline/outcome"

/** What is shown of a body as a picture or a page. */
export class Preview {
  content = $state.raw<Content>()
  trouble = $state.raw<Trouble>()
  /** The body is still arriving. */
  waits = $state(false)
  /** How large a picture is drawn; as large as fits where that is absent. */
  zoom = $state<number>()
  opening = $state(false)

  #shell: Shell
  #of: string | undefined

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Tells whether the preview of a Call is seen, and in which form its body is shown. */
  see(row: Summary, seen: boolean, form: string): void {
    this.waits = seen && isLive(row.outcome)
    const of = seen && !this.waits ? `${row.id} ${form}` : undefined
    if (of === this.#of) return
    this.#of = of
    this.content = undefined
    this.trouble = undefined
    this.zoom = undefined
    if (of !== undefined) void this.#load(row.id, of)
  }

  /** Opens the body with the system's program for it. */
  async open(id: number): Promise<void> {
    this.opening = true
    this.trouble = undefined
    try {
      await this.#shell.ask("open_body", { id })
    } catch (thrown) {
      this.trouble = trouble(thrown)
    } finally {
      this.opening = false
    }
  }

  async #load(id: number, of: string): Promise<void> {
    try {
      const content = await this.#shell.ask("preview", { id })
      if (of === this.#of) this.content = content
    } catch (thrown) {
      if (of === this.#of) this.trouble = trouble(thrown)
    }
  }
}

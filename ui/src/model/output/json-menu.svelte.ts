import type { JsonNode } from "../../ipc/generated/JsonNode"
import { trouble, type Shell } from "../../ipc/shell"
import type { Copying } from "./copying.svelte"
import type { Output } from "./output.svelte"
import type { PathFilter } from "./path-filter.svelte"

/** The menu of a value in indented JSON. */
export class JsonMenu {
  open = $state(false)
  /** Where it opens, in pixels of the window. */
  at = $state.raw({ x: 0, y: 0 })
  /** The value, as soon as it is found. */
  node = $state.raw<JsonNode>()

  #shell: Shell
  #output: Output
  #copying: Copying
  #filter: PathFilter
  /** The number of the value's line. */
  line = $state(0)
  #asked = 0

  constructor(shell: Shell, output: Output, copying: Copying, filter: PathFilter) {
    this.#shell = shell
    this.#output = output
    this.#copying = copying
    this.#filter = filter
  }

  /** Opens it for the value on the line with this number. */
  async show(line: number, x: number, y: number): Promise<void> {
    const { row, searchedView: view } = this.#output
    if (row === undefined) return
    this.line = line
    this.at = { x, y }
    this.node = undefined
    this.open = true
    const asked = ++this.#asked
    try {
      const node = await this.#shell.ask("json_node", { id: row.id, view, line })
      if (asked === this.#asked) this.node = node
    } catch (thrown) {
      if (asked !== this.#asked) return
      this.open = false
      this.#copying.trouble = trouble(thrown)
    }
  }

  copyPath(): void {
    if (this.node) void this.#copying.text(this.node.path)
  }

  copyAccess(): void {
    if (this.node) void this.#copying.text(this.node.access)
  }

  /** Copies the value as it was sent. */
  async copyValue(): Promise<void> {
    const { row, searchedView: view } = this.#output
    if (row === undefined) return
    try {
      await this.#copying.text(await this.#shell.ask("json_value", { id: row.id, view, line: this.line }))
    } catch (thrown) {
      this.#copying.trouble = trouble(thrown)
    }
  }

  filterTo(): void {
    if (this.node) this.#filter.set(this.node.path)
  }
}

import type { Filtered } from "../../ipc/generated/Filtered"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { many } from "../text/numbers"
import { formOf, type Output } from "./output.svelte"

const PAUSE_MS = 200

/** A path (RFC 9535) that selects values of the selected Call's JSON body. It is evaluated while it is typed. */
export class PathFilter {
  text = $state("")
  running = $state(false)
  result = $state.raw<Filtered>()
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #output: Output
  #changed: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Counts questions: an answer to an older one is of no use. */
  #asked = 0
  /** What is filtered. */
  #of = ""

  /** `changed`: other rows are shown. */
  constructor(shell: Shell, output: Output, changed: () => void = () => {}) {
    this.#shell = shell
    this.#output = output
    this.#changed = changed
  }

  words = $derived(wordsOf(this.text, this.running, this.result, this.trouble))

  type(text: string): void {
    if (text === this.text) return
    this.text = text
    clearTimeout(this.#timer)
    if (text.trim() === "") return this.clear()
    this.#timer = setTimeout(() => void this.#run(), PAUSE_MS)
  }

  /** Filters by this path at once. */
  set(path: string): void {
    clearTimeout(this.#timer)
    this.text = path
    void this.#run()
  }

  /** All of the body again. */
  clear(): void {
    clearTimeout(this.#timer)
    const was = this.#asked > 0 && (this.running || this.result !== undefined || this.trouble !== undefined)
    this.#asked += 1
    this.text = ""
    this.running = false
    this.result = undefined
    this.trouble = undefined
    if (this.#output.filtered) {
      this.#output.showFiltered(false)
      this.#changed()
    }
    if (was) void this.#shell.ask("filter_end", {}).catch(() => {})
  }

  /** Tells that another Call, or another form of its body, may be looked at: all of it is shown then. */
  look(): void {
    const of = this.#form()
    if (of === this.#of) return
    this.#of = of
    if (this.text !== "") this.clear()
  }

  #form(): string {
    const { row } = this.#output
    return `${row?.id} ${formOf(row)}`
  }

  async #run(): Promise<void> {
    const id = this.#output.row?.id
    const path = this.text.trim()
    if (id === undefined || path === "") return
    const asked = ++this.#asked
    this.#of = this.#form()
    this.running = true
    try {
      const result = await this.#shell.ask("filter", { id, path })
      if (asked !== this.#asked) return
      this.result = result
      this.trouble = undefined
      this.#output.showFiltered(true)
      this.#changed()
    } catch (thrown) {
      if (asked === this.#asked) this.trouble = trouble(thrown)
    } finally {
      if (asked === this.#asked) this.running = false
    }
  }
}

/** What is said about the result: how many values there are, or what is wrong with the path. */
export function wordsOf(
  text: string,
  running: boolean,
  result: Filtered | undefined,
  failed: Trouble | undefined,
): string {
  if (text === "") return ""
  if (failed !== undefined && !running) return failed.message
  if (running && result === undefined) return "Filtering…"
  if (result === undefined) return ""
  if (result.cut)
    return `First ${many(result.nodes, "value")}: the result reached its limit of 100,000 values or 256 MB`
  return result.nodes === 0 ? "No values match" : many(result.nodes, "value")
}

import type { TaskProgress } from "../../ipc/generated/TaskProgress"
import type { SavedFile } from "../../ipc/generated/SavedFile"
import type { Summary } from "../../ipc/generated/Summary"
import type { SaveContent } from "../../ipc/generated/SaveContent"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import type { MarkedRows, Span } from "./marked-rows.svelte"
import { count, many } from "../text/numbers"
import type { Output } from "./output.svelte"
import { isDecodedBody } from "./formats"
import { isLines } from "./views"

export interface Part {
  kind: SaveContent["kind"]
  text: string
}

/** The panel in which a part of an output is saved to a file. */
export class Saving {
  open = $state(false)
  kind = $state<SaveContent["kind"]>("both")
  path = $state("")
  /** A file of this name is there: it is replaced when that is said. */
  exists = $state(false)
  busy = $state(false)
  progress = $state.raw<TaskProgress>()
  saved = $state.raw<SavedFile>()
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #output: Output
  #marks: MarkedRows
  #placing = 0

  constructor(shell: Shell, output: Output, marks: MarkedRows) {
    this.#shell = shell
    this.#output = output
    this.#marks = marks
  }

  parts = $derived.by<Part[]>(() => {
    const { row } = this.#output
    return row === undefined ? [] : partsOf(row, this.#span, this.#output.hits, this.#output.view === "log")
  })

  /** Opens with what is most likely meant: what is marked, else what is looked at. */
  show(): void {
    const { row, view } = this.#output
    if (row === undefined) return
    this.open = true
    if (this.busy) return
    this.#forget()
    const wanted =
      this.#span !== undefined
        ? "lines"
        : view === "hits" || view === "chunks" || view === "log"
          ? view
          : undefined
    const usual = isDecodedBody(row)
      ? "decoded"
      : row.http || view === "stdout"
        ? "stdout"
        : view === "stderr"
          ? "stderr"
          : "both"
    this.choose(wanted ?? usual)
  }

  choose(kind: SaveContent["kind"]): void {
    this.kind = kind
    this.#forget()
    void this.#place()
  }

  typePath(path: string): void {
    this.path = path
    this.#placing += 1
    this.#forget()
  }

  /** Saves, and answers when it is written. */
  async save(replace = false): Promise<void> {
    const { row } = this.#output
    const what = this.#what()
    if (row === undefined || what === undefined || this.busy || this.path.trim() === "") return
    this.#forget()
    this.busy = true
    try {
      this.saved = await this.#shell.ask("save", { id: row.id, what, path: this.path.trim(), replace })
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

  /** Lets the user choose the file in a dialog of the system, which asks before one is replaced, and saves to it. */
  async saveAs(): Promise<void> {
    if (this.busy) return
    const before = this.path
    let chosen: string | null = null
    try {
      chosen = await this.#shell.ask("choose_new_file", { title: "Save as", suggested: before.trim() })
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
    if (chosen === null || this.busy) return
    this.typePath(chosen)
    await this.save(true)
  }

  async stop(): Promise<void> {
    try {
      await this.#shell.ask("save_stop", {})
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  see(progress: TaskProgress | undefined): void {
    this.progress = this.busy ? progress : undefined
  }

  /** The marked rows, where they are lines. */
  get #span(): Span | undefined {
    const { view } = this.#output
    return isLines(view) || view === "log" ? this.#marks.span : undefined
  }

  #what(): SaveContent | undefined {
    if (this.kind !== "lines") return { kind: this.kind }
    const { view } = this.#output
    return this.#span === undefined ? undefined : { kind: "lines", view, ...this.#span }
  }

  #forget(): void {
    this.exists = false
    this.saved = undefined
    this.trouble = undefined
  }

  async #place(): Promise<void> {
    const placing = ++this.#placing
    const { row } = this.#output
    const what = this.#what()
    if (row === undefined || what === undefined) return
    try {
      const path = await this.#shell.ask("save_place", { id: row.id, what })
      if (placing === this.#placing) this.path = path
    } catch (thrown) {
      if (placing === this.#placing) this.trouble = trouble(thrown)
    }
  }
}

/** What of a Call can be saved. */
export function partsOf(row: Summary, marked: Span | undefined, hits: number, log = false): Part[] {
  const { encoded } = row
  const parts: Part[] = row.http
    ? encoded && !encoded.refused
      ? [
          { kind: "decoded", text: "The body, decoded" },
          { kind: "stdout", text: `The body as sent (${encoded.by})` },
        ]
      : [{ kind: "stdout", text: "The body, unchanged" }]
    : [
        { kind: "both", text: "Both streams, with times" },
        { kind: "stdout", text: "Stdout, unchanged" },
        { kind: "stderr", text: "Stderr, unchanged" },
      ]
  parts.push({ kind: "chunks", text: "Chunks, as JSON lines" })
  if (marked !== undefined) {
    const some = marked.to - marked.from
    const which = some === 1 ? `Line ${count(marked.from + 1)}` : `${count(some)} marked lines`
    parts.push({ kind: "lines", text: which })
  }
  if (log) parts.push({ kind: "log", text: "The lines of the log that pass the filter" })
  if (hits > 0) parts.push({ kind: "hits", text: `${many(hits, "line")} found by the search` })
  return parts
}

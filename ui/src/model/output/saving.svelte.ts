import type { Summary } from "../../ipc/generated/Summary"
import type { SaveContent } from "../../ipc/generated/SaveContent"
import { trouble, type Shell } from "../../ipc/shell"
import { FileWriter } from "./file-writer.svelte"
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
export class Saving extends FileWriter {
  open = $state(false)
  kind = $state<SaveContent["kind"]>("both")

  #output: Output
  #marks: MarkedRows

  constructor(shell: Shell, output: Output, marks: MarkedRows) {
    super(shell)
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
    this.forget()
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
    this.forget()
    void this.#place()
  }

  /** Saves, and answers when it is written. */
  async save(replace = false): Promise<void> {
    const { row } = this.#output
    const what = this.#what()
    if (row === undefined || what === undefined || this.busy || this.path.trim() === "") return
    const { id } = row
    await this.writeWith((path) => this.shell.ask("save", { id, what, path, replace }))
  }

  /** Lets the user choose the file in a dialog of the system, which asks before one is replaced, and saves to it. */
  async saveAs(): Promise<void> {
    if (this.busy) return
    const before = this.path
    let chosen: string | null = null
    try {
      chosen = await this.shell.ask("choose_new_file", { title: "Save as", suggested: before.trim() })
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
    if (chosen === null || this.busy) return
    this.typePath(chosen)
    await this.save(true)
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

  async #place(): Promise<void> {
    const { row } = this.#output
    const what = this.#what()
    await this.suggest(() =>
      row === undefined || what === undefined
        ? undefined
        : this.shell.ask("save_place", { id: row.id, what }),
    )
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
  if (log) parts.push({ kind: "log", text: "The lines of the log that match the filter" })
  if (hits > 0) parts.push({ kind: "hits", text: `${many(hits, "line")} found by the search` })
  return parts
}

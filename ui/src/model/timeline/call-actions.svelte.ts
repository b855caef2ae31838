import type { Call } from "../../ipc/generated/Call"
import type { FormKind } from "../../ipc/generated/FormKind"
import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { composedOf } from "../composer/code.svelte"
import { duration, size, timeOfDay } from "../text/numbers"
import { visibleText } from "../text/visible"
import { originWords } from "./from"
import { badge, isLive } from "./outcome"

/** The forms that a menu offers; of the second ones, the first that there is. */
const FORMS = {
  curl: ["curl"],
  code: ["current"],
  line: ["docker_exec", "shell"],
} as const satisfies Record<string, readonly FormKind[]>
export type CopyAs = keyof typeof FORMS

/** What is done with calls of the timeline. */
export class CallActions {
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #put: (text: string) => Promise<void>

  /** `put`: puts a text on the clipboard. */
  constructor(shell: Shell, put: (text: string) => Promise<void>) {
    this.#shell = shell
    this.#put = put
  }

  /** All facts of a call, to edit it; nothing when that failed. */
  async facts(id: number): Promise<Call | undefined> {
    let call: Call | undefined
    await this.#act(async () => (call = await this.#shell.ask("call", { id })))
    return call
  }

  async copyAs(id: number, as: CopyAs): Promise<void> {
    await this.#act(async () => {
      const composed = composedOf(await this.#shell.ask("call", { id }))
      const forms = await this.#shell.ask("code", { composed })
      const wanted: readonly FormKind[] = FORMS[as]
      const form = forms.find(({ kind, text }) => wanted.includes(kind) && text !== "")
      if (form !== undefined) return this.#put(form.text)
      const [hint] = forms.filter(({ kind }) => wanted.includes(kind)).flatMap(({ notes }) => notes)
      const message = "This call can't be written in that form."
      throw { code: "request_invalid", message, ...(hint === undefined ? {} : { hint }) } satisfies Trouble
    })
  }

  /** Copies a call as Markdown, for an issue tracker. */
  async copyMarkdown(id: number): Promise<void> {
    await this.#act(async () => this.#put(await this.#shell.ask("markdown", { id })))
  }

  async copy(text: string): Promise<void> {
    await this.#act(() => this.#put(text))
  }

  /** Copies rows as text, one line each. */
  async copyRows(rows: readonly Summary[]): Promise<void> {
    await this.copy(rows.map(lineOf).join("\n"))
  }

  /** Pins calls, or lets them go. */
  async pin(rows: readonly Summary[], kept: boolean): Promise<void> {
    await this.#act(async () => {
      for (const { id } of rows.filter((row) => row.kept !== kept))
        await this.#shell.ask("keep", { id, kept })
    })
  }

  /** Removes those that have ended. */
  async remove(rows: readonly Summary[]): Promise<void> {
    const ids = rows.filter(({ outcome }) => !isLive(outcome)).map(({ id }) => id)
    if (ids.length > 0) await this.#act(() => this.#shell.ask("delete", { ids }))
  }

  async undo(removal: number): Promise<void> {
    await this.#act(() => this.#shell.ask("undo_removal", { removal }))
  }

  /** The time to undo is stopped while the user looks at the offer. */
  async hold(removal: number, held: boolean): Promise<void> {
    await this.#act(() => this.#shell.ask("hold_removal", { removal, held }))
  }

  async end(removal: number): Promise<void> {
    await this.#act(() => this.#shell.ask("end_removal", { removal }))
  }

  async #act(act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

/** A row as text. */
export function lineOf(row: Summary): string {
  const took = row.tookUs === undefined ? "" : duration(row.tookUs)
  const bytes = size(row.counts.stdout.bytes + row.counts.stderr.bytes)
  const label = row.label === "container" ? "vm" : row.label
  const text = visibleText(row.text, "kept")
  const from = visibleText(originWords(row), "kept")
  return [timeOfDay(row.beganMs, 3), label, text, badge(row.outcome).text, took, bytes, from].join("\t")
}

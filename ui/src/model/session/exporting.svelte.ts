import type { ExportFormat } from "../../ipc/generated/ExportFormat"
import type { ExportPreview } from "../../ipc/generated/ExportPreview"
import type { Redaction } from "../../ipc/generated/Redaction"
import type { RedactOptions } from "../../ipc/generated/RedactOptions"
import { trouble } from "../../ipc/shell"
import { FileWriter } from "../output/file-writer.svelte"
import { many } from "../text/numbers"

/** The dialog in which calls are written to a file. What is taken out is listed before that. */
export class Exporting extends FileWriter {
  /** The calls that were selected when the dialog was opened. */
  ids = $state.raw<readonly number[]>([])
  /** Only these are written. */
  selection = $state(false)
  format = $state<ExportFormat>("session")
  redact = $state(true)
  options = $state.raw<RedactOptions>()
  preview = $state.raw<ExportPreview>()
  /** It is being looked through. */
  looking = $state(false)

  /** Counts what was asked: what comes back for an older one is dropped. */
  #looks = 0

  /** Opens with these calls selected; `selection`: only they are meant. */
  async show(ids: readonly number[], selection: boolean): Promise<void> {
    if (this.busy) return
    this.ids = ids
    this.selection = selection && ids.length > 0
    this.forget()
    try {
      this.options ??= await this.shell.ask("export_options", {})
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
    await Promise.all([this.place(), this.look()])
  }

  setSelection(selection: boolean): void {
    this.selection = selection
    void this.look()
  }

  setFormat(format: ExportFormat): void {
    this.format = format
    this.forget()
    void this.place()
  }

  setRedact(redact: boolean): void {
    this.redact = redact
    void this.look()
  }

  /** Changes what is taken out. */
  setOptions(part: Partial<RedactOptions>): void {
    if (this.options === undefined) return
    this.options = { ...this.options, ...part }
    void this.look()
  }

  /** Looks through what would be written. */
  async look(): Promise<void> {
    this.forget()
    const look = ++this.#looks
    this.looking = true
    try {
      const preview = await this.shell.ask("export_preview", { ids: this.#which, redact: this.#redactions })
      if (look === this.#looks) this.preview = preview
    } catch (thrown) {
      if (look === this.#looks) this.trouble = trouble(thrown)
    } finally {
      if (look === this.#looks) this.looking = false
    }
  }

  async place(): Promise<void> {
    await this.suggest(() => this.shell.ask("export_place", { format: this.format }))
  }

  async write(replace = false): Promise<void> {
    if (this.busy || this.looking || this.path.trim() === "") return
    const what = { ids: this.#which, format: this.format, redact: this.#redactions }
    await this.writeWith((path) => this.shell.ask("export", { ...what, path, replace }))
  }

  get #which(): number[] | null {
    return this.selection ? [...this.ids] : null
  }

  get #redactions(): RedactOptions | null {
    return this.redact ? (this.options ?? null) : null
  }
}

const PLACES: Record<Redaction["place"], string> = {
  request: "Request",
  response: "Response",
  body: "Response body",
  command: "Command",
  output: "Output",
  code: "Code",
  error: "Error",
}

const KINDS: Record<Redaction["kind"], (name: string) => string> = {
  header: (name) => `Header ${name}`,
  cookie: (name) => `Cookies in ${name}`,
  variable: (name) => `Variable ${name}`,
  field: (name) => `Field ${name}`,
  known: () => "The same secrets elsewhere",
  unchecked: () => "Not checked: the body can't be decoded",
}

/** Where something is taken out, what it is, and how often. */
export function redactionWords({ place, kind, name, count, calls }: Redaction): [string, string, string] {
  return [PLACES[place], KINDS[kind](name), `${count.toLocaleString("en")} in ${many(calls, "call")}`]
}

/** Names that were typed, separated by commas or spaces. */
export function namesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== "")
}

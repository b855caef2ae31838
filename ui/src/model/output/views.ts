import type { BodyKind } from "../../ipc/generated/BodyKind"
import type { Summary } from "../../ipc/generated/Summary"
import type { View } from "../../ipc/generated/View"

/** What a person chooses; which stream's bytes and the filter of a search come from elsewhere. */
export type Chosen = Exclude<View, "hex_stderr" | "hits" | "filtered"> | "preview" | "terminal"

/** The views of plain lines, which can be searched. */
export type LinesView = "both" | "stdout" | "stderr"

/** The views of indented JSON. */
export type JsonView = "pretty" | "filtered"

/** The views that a search looks through. */
export type SearchedView = LinesView | JsonView | "log"

export interface Choice {
  value: Chosen
  text: string
  tooltip?: string
  /** Why it cannot be chosen now. */
  not?: string | undefined
}

export function isLines(view: View | Chosen): view is LinesView {
  return view === "both" || view === "stdout" || view === "stderr"
}

export function isJsonView(view: View): view is JsonView {
  return view === "pretty" || view === "filtered"
}

/** The view that a body of this kind begins with. */
export function usualView(body: BodyKind | undefined): Chosen {
  switch (body) {
    case "json":
      return "pretty"
    case "events":
    case "json_lines":
      return "events"
    case "bytes":
      return "hex"
    case "image":
    case "pdf":
    case "html":
      return "preview"
    case "xml":
      return "markup"
    case "csv":
      return "table"
    case "protocol":
      return "chunks"
    default:
      return "stdout"
  }
}

const LOG: Choice = {
  value: "log",
  text: "Log",
  tooltip: "Lines by level, with filters; stack traces are one row",
}

/** The views that make sense for a Call. */
export function choicesFor(row: Summary): Choice[] {
  if (row.terminal) {
    return [
      { value: "terminal", text: "Terminal" },
      { value: "stdout", text: "Lines" },
      { value: "chunks", text: "Chunks" },
      { value: "hex", text: "Hex" },
    ]
  }
  if (!row.http) {
    return [
      { value: "both", text: "Both" },
      { value: "stdout", text: "Out" },
      { value: "stderr", text: "Err" },
      LOG,
      { value: "chunks", text: "Chunks" },
      { value: "hex", text: "Hex" },
    ]
  }
  const plain: Choice[] = [
    { value: "stdout", text: "Raw" },
    { value: "hex", text: "Hex" },
    { value: "chunks", text: "Chunks" },
  ]
  // Of another protocol the pieces say most.
  if (row.body === "protocol") return [...plain.slice(2), ...plain.slice(0, 2)]
  if (row.body === "json") return [{ value: "pretty", text: "Pretty", not: whyNotPretty(row) }, ...plain]
  if (row.body === "events" || row.body === "json_lines")
    return [
      { value: "events", text: row.body === "events" ? "Events" : "Records" },
      ...(row.body === "json_lines" ? [LOG] : []),
      ...plain,
    ]
  if (row.body === "text" || row.body === undefined) return [plain[0]!, LOG, ...plain.slice(1)]
  return [...(DOCUMENTS[row.body ?? "text"] ?? []), ...plain]
}

/** The views of a document besides its bytes. */
const DOCUMENTS: Partial<Record<BodyKind, Choice[]>> = {
  image: [{ value: "preview", text: "Preview" }],
  pdf: [{ value: "preview", text: "Document" }],
  html: [
    { value: "preview", text: "Preview" },
    { value: "markup", text: "Formatted" },
  ],
  xml: [{ value: "markup", text: "Formatted" }],
  csv: [{ value: "table", text: "Table" }],
}

/** The view that is shown when this one was chosen. `err`: stderr was the last stream chosen. */
export function shownView(row: Summary, chosen: Chosen, err: boolean): View {
  if (chosen === "pretty" && whyNotPretty(row) !== undefined) return "stdout"
  if (chosen === "hex" && !row.http && !row.terminal && err) return "hex_stderr"
  // A search in a terminal looks through its lines.
  if (chosen === "terminal") return "stdout"
  // The rows behind a preview: those of text where there is some.
  if (chosen === "preview") return row.body === "html" ? "stdout" : "hex"
  return chosen
}

/** Brackets can be indented when the last one is here. */
function whyNotPretty(row: Summary): string | undefined {
  if (row.outcome.kind === "receiving") return "The body is still arriving."
  if (row.outcome.kind !== "status") return "The body is incomplete."
  return row.counts.stdout.bytes === 0 ? "There is no body." : undefined
}

/** How many rows a view has, by the counts of the Call; absent where only the answer can tell. */
export function totalOf(row: Summary, view: View, hits: number): number | undefined {
  const { stdout, stderr } = row.counts
  switch (view) {
    case "both":
      return stdout.lines + stderr.lines
    case "stdout":
      return stdout.lines
    case "stderr":
      return stderr.lines
    case "chunks":
      return row.counts.chunks
    case "hex":
      return Math.ceil(stdout.bytes / 16)
    case "hex_stderr":
      return Math.ceil(stderr.bytes / 16)
    case "hits":
      return hits
    case "pretty":
    case "filtered":
    case "events":
    case "markup":
    case "table":
    case "log":
      return undefined
  }
}

/** The bytes that a view is made of. */
export function bytesOf(row: Summary, view: View): number {
  const { stdout, stderr } = row.counts
  if (row.http || view === "stdout" || view === "hex") return stdout.bytes
  if (view === "stderr" || view === "hex_stderr") return stderr.bytes
  return stdout.bytes + stderr.bytes
}

/** What one row of a view is called. */
export function rowName(view: View, body: BodyKind | undefined): string {
  switch (view) {
    case "chunks":
      return "chunk"
    case "table":
      return "record"
    case "events":
      return body === "json_lines" ? "record" : "event"
    case "hex":
    case "hex_stderr":
      return "row"
    case "hits":
      return "hit"
    default:
      return "line"
  }
}

/** Whether a time is beside each row: indented text, tables and plain bytes have none of their own. */
export function hasTimes(view: View): boolean {
  return !isJsonView(view) && view !== "markup" && view !== "table" && !isHex(view)
}

export function isHex(view: View): boolean {
  return view === "hex" || view === "hex_stderr"
}

/** Whether rows are made of what the text says: terminal codes in it are of no use. */
export function isParsed(view: View): boolean {
  return isJsonView(view) || view === "events" || view === "markup" || view === "table"
}

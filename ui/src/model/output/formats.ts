import type { BodyKind } from "../../ipc/generated/BodyKind"
import type { Summary } from "../../ipc/generated/Summary"

/** represents the format that Porthole finds. */
export const AUTOMATIC = "automatic"

/** The formats that can be chosen. A charset is chosen beside the text. */
const FORMATS: readonly { value: BodyKind; text: string }[] = [
  { value: "json", text: "JSON" },
  { value: "json_lines", text: "NDJSON" },
  { value: "events", text: "SSE" },
  { value: "text", text: "Text" },
  { value: "xml", text: "XML" },
  { value: "html", text: "HTML" },
  { value: "csv", text: "CSV" },
  { value: "image", text: "Image" },
  { value: "bytes", text: "Hex" },
]

/** Formats that Porthole finds, and that nobody needs to choose. */
const FOUND: Partial<Record<BodyKind, string>> = { pdf: "PDF", protocol: "Protocol", bytes: "Binary" }

/** What the menu offers. */
export const FORMAT_CHOICES: readonly { value: BodyKind | typeof AUTOMATIC; text: string; id: string }[] = [
  { value: AUTOMATIC, text: "Automatic", id: "format-automatic" },
  ...FORMATS.map((format) => ({ ...format, id: `format-${format.value}` })),
]

/** What the menu's button says. */
export function formatText(row: Summary): string {
  const body = row.body ?? "text"
  const chosen = FORMATS.find(({ value }) => value === body)?.text
  return (row.bodyChosen ? chosen : (FOUND[body] ?? chosen)) ?? "Text"
}

/** What the menu marks. */
export function formatValue(row: Summary): BodyKind | typeof AUTOMATIC {
  return row.bodyChosen ? (row.body ?? AUTOMATIC) : AUTOMATIC
}

/** Whether what is shown of a body was decoded from something else. */
export function isDecodedBody(row: Summary): boolean {
  return row.encoded !== undefined && !row.encoded.asSent && row.encoded.refused === undefined
}

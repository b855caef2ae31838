import type { Field } from "../../ipc/generated/Field"
/** A value that code receives, and how it receives it, written down as JavaScript. */
import type { SdkOutcome } from "../../ipc/generated/SdkOutcome"
import type { End } from "../../ipc/generated/End"
import type { Text } from "../../ipc/generated/Text"
import type { Value } from "../../ipc/generated/Value"
import { keyOf, quoted, shortened, type LiteralLine, type LiteralPart, type LiteralPiece } from "./literal"
import { jsonLines } from "./literal-json"
import { size } from "./numbers"

/** A value, line for line; `most`: how many characters of a string are written. */
export function linesOf(value: Value, most?: number): LiteralLine[] {
  switch (value.kind) {
    case "undefined":
    case "null":
      return [{ depth: 0, pieces: [{ text: value.kind, part: "word" }] }]
    case "bool":
      return [{ depth: 0, pieces: [{ text: String(value.value), part: "word" }] }]
    case "number":
      return [{ depth: 0, pieces: [{ text: value.text, part: "number" }] }]
    case "text":
      return [stringLine(value, most)]
    case "bytes":
      return [bytesLine(value, most)]
    case "json":
      return jsonLines(value)
    case "method":
      return [{ depth: 0, pieces: [{ text: "()", part: "call" }] }]
    case "object":
      return objectLines(value, most)
  }
}

/** How the code learns of it, with the value or with what is said in its place. */
export function outcomeLines(outcome: SdkOutcome, instead?: string): LiteralLine[] {
  const valueLines = (value: Value) => (instead === undefined ? linesOf(value) : [word(instead, "comment")])
  switch (outcome.kind) {
    case "pending":
      return [word("pending")]
    case "never":
      return [word("never settles")]
    case "resolved":
      return after([{ text: "resolves ", part: "outcome" }], valueLines(outcome.value))
    case "rejected":
      return after([{ text: "rejects ", part: "outcome" }], valueLines(outcome.value))
    case "thrown":
      return after([{ text: "throws ", part: "outcome" }], valueLines(outcome.value))
    case "streamed":
      return after([{ text: "streams ", part: "outcome" }, { text: "→ " }], endLines(outcome.end))
  }
}

/** The last callback as it is called. */
export function endLines(end: End): LiteralLine[] {
  switch (end.kind) {
    case "open":
      return [word("still open", "comment")]
    case "silent":
      return [word("no callback reports the end", "comment")]
    case "close":
      return called("onClose", linesOf(end.code))
    case "error":
      return called("onError", linesOf(end.error))
  }
}

/** The value as one text, to be copied: all of it that is here. JSON is copied as it came. */
export function textOf(value: Value): string {
  if (value.kind === "json")
    return value.cut ? `${value.text}…\n// ${size(value.bytes)} in total` : value.text
  return linesOf(value, Infinity)
    .map(({ depth, pieces, aside }) => {
      const code = "  ".repeat(depth) + pieces.map(({ text }) => text).join("")
      return aside === undefined ? code : `${code} // ${aside}`
    })
    .join("\n")
}

function objectLines(value: Extract<Value, { kind: "object" }>, most?: number): LiteralLine[] {
  const { class: name, fields } = value
  const before: LiteralPiece[] = name === undefined ? [] : [{ text: `${name} `, part: "word" }]
  if (fields.length === 0) return [{ depth: 0, pieces: [...before, { text: "{}" }] }]
  const inner = fields.flatMap(({ name, value, differs }) => {
    if (value === undefined) return []
    const lines = fieldLines(name, value, most).map((line) => ({ ...line, depth: line.depth + 1 }))
    return differs ? lines.map((line) => ({ ...line, differs: true as const })) : lines
  })
  return [
    { depth: 0, pieces: [...before, { text: "{" }] },
    ...missing(fields),
    ...inner,
    { depth: 0, pieces: [{ text: "}" }] },
  ]
}

/** What another Runtime has there and this one has not, on one line. */
function missing(fields: readonly Field[]): LiteralLine[] {
  const names = fields.filter(({ value }) => value === undefined).map(({ name }) => name)
  if (names.length === 0) return []
  return [{ ...word(`// no ${names.join(", ")}`, "comment"), depth: 1, differs: true }]
}

function fieldLines(name: string, value: Value, most?: number): LiteralLine[] {
  const key: LiteralPiece = { text: keyOf(name), part: "key" }
  if (value.kind === "method") return ending([{ depth: 0, pieces: [key, { text: "()" }] }], ",")
  return ending(after([key, { text: ": " }], linesOf(value, most)), ",")
}

function stringLine(text: Text, most?: number): LiteralLine {
  const { shown, aside } = drawn(text, most)
  return { depth: 0, pieces: [{ text: quoted(shown), part: "string" }], ...aside }
}

function bytesLine(text: Text, most?: number): LiteralLine {
  const pieces: LiteralPiece[] = [{ text: "Uint8Array", part: "word" }, { text: `(${text.bytes})` }]
  return { depth: 0, pieces, aside: quoted(drawn(text, most).shown) }
}

function drawn({ text, bytes, cut }: Text, most?: number): { shown: string; aside?: { aside: string } } {
  const shown = shortened(text, most)
  if (!cut && shown === text) return { shown }
  return { shown: shown === text ? `${text}…` : shown, aside: { aside: size(bytes) } }
}

function word(text: string, part: LiteralPart = "outcome"): LiteralLine {
  return { depth: 0, pieces: [{ text, part }] }
}

function called(name: string, lines: readonly LiteralLine[]): LiteralLine[] {
  return ending(after([{ text: name, part: "call" }, { text: "(" }], lines), ")")
}

function after(before: readonly LiteralPiece[], lines: readonly LiteralLine[]): LiteralLine[] {
  const [first, ...rest] = lines
  return first === undefined ? [] : [{ ...first, pieces: [...before, ...first.pieces] }, ...rest]
}

function ending(lines: readonly LiteralLine[], sign: string): LiteralLine[] {
  const last = lines.at(-1)
  return last === undefined
    ? []
    : [...lines.slice(0, -1), { ...last, pieces: [...last.pieces, { text: sign }] }]
}

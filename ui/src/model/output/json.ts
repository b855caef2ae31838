/** What a part of a line of JSON is, for its colour. */
export type JsonPart = "key" | "string" | "number" | "word"

export interface JsonRange {
  from: number
  to: number
  part: JsonPart
}

// A key is a string before a colon. A string that is cut at the end of a drawn line still counts.
const token = /("(?:[^"\\]|\\.)*(?:"|$))(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|\b(true|false|null)\b/g

// Long lines are drawn plain: colours cost an element each.
const COLOURED = 4_000

/** The coloured parts of a line of JSON, in order. */
export function jsonRanges(text: string): JsonRange[] {
  if (text.length > COLOURED) return []
  const ranges: JsonRange[] = []
  for (const found of text.matchAll(token)) {
    const [whole, string, colon, number] = found
    const from = found.index
    if (string !== undefined) {
      ranges.push({ from, to: from + string.length, part: colon === undefined ? "string" : "key" })
    } else {
      ranges.push({ from, to: from + whole.length, part: number === undefined ? "word" : "number" })
    }
  }
  return ranges
}

/** Whether a text is most likely JSON, so that its colours help. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

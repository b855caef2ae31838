/** One run of characters of a line that is drawn alike. */
export interface Piece {
  text: string
  /** What it is in JSON, for its colour. */
  json?: "key" | "string" | "number" | "word"
  /** It stands for bytes that cannot be drawn: a control picture or `\xNN`. */
  shown?: boolean
}

// A key is a string before a colon. A string that is cut at the end of a drawn line still counts.
const token = /("(?:[^"\\]|\\.)*(?:"|$))(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|\b(true|false|null)\b/g

// Long lines are drawn plain: colours cost an element each.
const COLOURED = 4_000

/** Cuts a line of JSON into its coloured pieces. */
export function jsonPieces(text: string): Piece[] {
  if (text.length > COLOURED) return [{ text }]
  const pieces: Piece[] = []
  let done = 0
  for (const found of text.matchAll(token)) {
    const [whole, string, colon, number] = found
    if (found.index > done) pieces.push({ text: text.slice(done, found.index) })
    if (string !== undefined) {
      pieces.push({ text: string, json: colon === undefined ? "string" : "key" })
      if (colon !== undefined) pieces.push({ text: colon })
    } else {
      pieces.push({ text: whole, json: number === undefined ? "word" : "number" })
    }
    done = found.index + whole.length
  }
  if (done < text.length) pieces.push({ text: text.slice(done) })
  return pieces
}

/** Cuts pieces further at the ranges where the text shows something that is not there as such. */
export function withShown(pieces: Piece[], ranges: readonly (readonly [number, number])[]): Piece[] {
  if (ranges.length === 0) return pieces
  const cut: Piece[] = []
  let at = 0
  let next = 0
  for (const piece of pieces) {
    let from = 0
    while (from < piece.text.length) {
      while (next < ranges.length && ranges[next]![1] <= at + from) next += 1
      const range = ranges[next]
      const shown = range !== undefined && range[0] <= at + from
      const edge = range === undefined ? Infinity : shown ? range[1] : range[0]
      const to = Math.min(piece.text.length, edge - at)
      const text = piece.text.slice(from, to)
      cut.push(shown ? { ...piece, text, shown } : { ...piece, text })
      from = to
    }
    at += piece.text.length
  }
  return cut
}

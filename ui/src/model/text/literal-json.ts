import type { Text } from "../../ipc/generated/Text"
import { keyOf, quoted, shortened, type LiteralLine, type LiteralPiece } from "./literal"
import { size } from "./numbers"

/** How many lines are drawn: the whole body is in the output. */
export const MOST_LINES = 60

// A string may be cut at the end of the text.
const token = /("(?:[^"\\]|\\.)*(?:"|\\?$))|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(true|false|null)|([[\]{}:,])/g

/**
 * What `JSON.parse` makes of a text, line for line. The text is read as written and no value is
 * made of it, so that a number that loses digits can be told.
 */
export function jsonLines({ text, bytes, cut }: Text): LiteralLine[] {
  const made = new Lines()
  for (const found of text.matchAll(token)) {
    if (made.lines.length > MOST_LINES) break
    const [whole, string, number, word, sign] = found
    if (string !== undefined) {
      const key = /^\s*:/.test(text.slice(found.index + whole.length, found.index + whole.length + 40))
      if (key) made.put({ text: keyOf(shortened(unquoted(string))), part: "key" })
      else made.put({ text: quoted(shortened(unquoted(string))), part: "string" })
    } else if (number !== undefined) {
      const seen = Number(number)
      made.put({ text: Object.is(seen, -0) ? "-0" : String(seen), part: "number" })
      if (losesDigits(number)) made.say(`sent as ${number}`)
    } else if (word !== undefined) {
      made.put({ text: word, part: "word" })
    } else {
      made.sign(sign!, text, found.index)
    }
  }
  const lines = made.all()
  if (!cut && lines.length <= MOST_LINES) return lines
  const shown = lines.slice(0, MOST_LINES)
  return [...shown, { depth: 0, pieces: [{ text: "…" }], aside: size(bytes) }]
}

/** Whether the number that code gets is another one than was sent. */
export function losesDigits(digits: string): boolean {
  if (!/^-?\d{16,}$/.test(digits)) return false
  return BigInt(Number(digits)) !== BigInt(digits)
}

class Lines {
  lines: LiteralLine[] = []
  #pieces: LiteralPiece[] = []
  #depth = 0
  #aside: string | undefined

  put(piece: LiteralPiece): void {
    this.#pieces.push(piece)
  }

  say(aside: string): void {
    this.#aside = aside
  }

  sign(sign: string, text: string, at: number): void {
    if (sign === "{" || sign === "[") {
      this.put({ text: sign })
      // Empty ones stay on their line.
      if (/^\s*[}\]]/.test(text.slice(at + 1, at + 40))) return
      this.#end()
      this.#depth += 1
    } else if (sign === "}" || sign === "]") {
      const last = this.#pieces.at(-1)?.text
      if (last === "{" || last === "[") return this.put({ text: sign })
      this.#end()
      this.#depth = Math.max(0, this.#depth - 1)
      this.put({ text: sign })
    } else if (sign === ":") {
      this.put({ text: ": " })
    } else {
      this.put({ text: "," })
      this.#end()
    }
  }

  all(): LiteralLine[] {
    this.#end()
    return this.lines
  }

  #end(): void {
    if (this.#pieces.length === 0) return
    const line: LiteralLine = { depth: this.#depth, pieces: this.#pieces }
    this.lines.push(this.#aside === undefined ? line : { ...line, aside: this.#aside })
    this.#pieces = []
    this.#aside = undefined
  }
}

function unquoted(string: string): string {
  try {
    return JSON.parse(string) as string
  } catch {
    return string.slice(1)
  }
}

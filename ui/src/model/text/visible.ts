/**
 * Text that must not look like something else. Anyone who reads a permission prompt decides by what it shows,
 * and the text in it comes from a stranger: characters that reorder, hide, or move what follows out of sight
 * are replaced by marks that name them. What is drawn of a mark never contains the character itself.
 */

/** A part of a text as it is drawn. `of` is what it represents: all `of` together are the text. */
export type VisiblePiece =
  | { kind: "text"; of: string; text: string }
  /** Letters written from right to left. Drawn on their own, so that they don't reorder their neighbors. */
  | { kind: "rtl"; of: string; text: string }
  | { kind: "mark"; of: string; text: string; title: string }
  /** Line ends. The text continues in a new line, however many there are. */
  | { kind: "break"; of: string; text: string; title: string }

/** Names that are better known than their numbers. */
const NAMES: Record<number, string> = {
  0x00: "NUL",
  0x07: "BEL",
  0x08: "BS",
  0x0b: "VT",
  0x0c: "FF",
  0x0d: "CR",
  0x1b: "ESC",
  0x7f: "DEL",
  0xa0: "no-break space",
  0xad: "soft hyphen",
  0x61c: "Arabic letter mark",
  0x200b: "zero-width space",
  0x200c: "zero-width non-joiner",
  0x200d: "zero-width joiner",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "pop directional formatting",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2060: "word joiner",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "pop directional isolate",
  0x2800: "blank Braille pattern",
  0x3164: "Hangul filler",
  0xfeff: "byte order mark",
}

const HIDDEN_CLASS = "[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\u2800]|(?! )\\p{Zs}"

/**
 * Controls, format characters, unpaired surrogates, private and unassigned characters, separators, every space but the
 * plain one, and what fonts draw as nothing.
 */
const HIDDEN = new RegExp(HIDDEN_CLASS, "u")

/** All of them in a text, but for those that make one picture of several, such as the joiners of an emoji. */
const EMOJI_PART = "\\p{Extended_Pictographic}[\\uFE0E\\uFE0F\\u{1F3FB}-\\u{1F3FF}]?"
const EMOJI = `${EMOJI_PART}(?:\\u200D${EMOJI_PART})*`
const EMOJI_OR_HIDDEN = new RegExp(`(${EMOJI})|${HIDDEN_CLASS}`, "gu")

/** Marks that are drawn over the letter before them: without one, or in a pile, they are drawn over other text. */
const MOST_COMBINING = 3

/** One of: line ends, blanks, combining marks, right-to-left letters with what combines with them, or one character. */
/** The blocks of Unicode that are written from right to left, but for what is drawn as nothing: that is named. */
const FROM_THE_RIGHT =
  "(?![\\p{C}\\p{Default_Ignorable_Code_Point}])[\\u0590-\\u08FF\\uFB1D-\\uFDFF\\uFE70-\\uFEFC\\u{10800}-\\u{10FFF}\\u{1E800}-\\u{1EFFF}]"
const PARTS = new RegExp(
  `(?:\\r\\n|\\n|\\r)+| +|(?:(?!\\p{M})${FROM_THE_RIGHT}\\p{M}{0,${MOST_COMBINING}})+|\\p{M}+|.`,
  "gsu",
)
/** The same where blanks and line ends are drawn as they are: they are a part of what was printed. */
const PARTS_WITH_BLANKS = new RegExp(
  `(?:\\r\\n|[\\n\\t ])+|${EMOJI}|(?:(?!\\p{M})${FROM_THE_RIGHT}\\p{M}{0,${MOST_COMBINING}})+|\\p{M}+|(?:(?!\\r\\n|[\\n\\t])(?:${HIDDEN_CLASS}))+|.`,
  "gsu",
)
/** What needs no look. */
const PLAIN = /^[\t\n\x20-\x7e]*$/
/** In how many parts a text is drawn: each costs an element. What comes after them is one. */
const MOST_PIECES = 500

const isFromTheRight = new RegExp(`^${FROM_THE_RIGHT}`, "u")

/** What is before a part: whether a blank or a combining mark belongs to something. */
type After = "nothing" | "blank" | "letter" | "rtl"

/** Whether blanks and line ends get marks too. They do where somebody decides by the text. */
export type Blanks = "marked" | "kept"

/** A text in parts, of which every one can be seen. */
export function visible(text: string, blanks: Blanks = "marked"): VisiblePiece[] {
  return blanks === "kept" ? withBlanks(text) : strictly(text)
}

function withBlanks(text: string): VisiblePiece[] {
  if (text === "") return []
  if (PLAIN.test(text)) return [{ kind: "text", of: text, text }]
  const pieces: VisiblePiece[] = []
  let after: After = "nothing"
  for (const { 0: part } of text.matchAll(PARTS_WITH_BLANKS)) {
    const isPlain = /^(?:\r\n|[\n\t ])+$/.test(part)
    const piece: VisiblePiece =
      isPlain || /^\p{Extended_Pictographic}/u.test(part)
        ? { kind: "text", of: part, text: part }
        : HIDDEN.test(part)
          ? { kind: "mark", of: part, ...named(part) }
          : pieceOf(part, after, false)
    after = isPlain ? "blank" : piece.kind === "text" ? "letter" : piece.kind === "rtl" ? "rtl" : "nothing"
    const last = pieces.at(-1)
    if (last?.kind === "text" && (piece.kind === "text" || pieces.length > MOST_PIECES)) {
      last.of += piece.of
      last.text += piece.kind === "rtl" ? named(piece.of).text : piece.text
    } else pieces.push(piece)
  }
  return pieces
}

function strictly(text: string): VisiblePiece[] {
  const pieces: VisiblePiece[] = []
  let after: After = "nothing"
  for (const { 0: part, index } of text.matchAll(PARTS)) {
    const piece = pieceOf(part, after, index + part.length === text.length)
    after =
      piece.kind === "text" ? (part === " " ? "blank" : "letter") : piece.kind === "rtl" ? "rtl" : "nothing"
    const last = pieces.at(-1)
    if (piece.kind === "text" && last?.kind === "text") {
      last.of += piece.of
      last.text += piece.text
    } else pieces.push(piece)
  }
  return pieces
}

function pieceOf(part: string, after: After, last: boolean): VisiblePiece {
  if (/^[\r\n]/.test(part)) return lineEnds(part)
  if (part.startsWith(" ")) {
    // One between two words needs no mark.
    if (part === " " && (after === "letter" || after === "rtl") && !last)
      return { kind: "text", of: part, text: part }
    const many = part.length > 3
    const title = part.length === 1 ? "Space" : `${count(part.length)} spaces`
    return {
      kind: "mark",
      of: part,
      text: many ? `␣ × ${count(part.length)}` : "␣".repeat(part.length),
      title,
    }
  }
  if (part === "\t") return { kind: "mark", of: part, text: "⇥", title: "Tab" }
  if (HIDDEN.test(part)) return { kind: "mark", of: part, ...named(part) }
  if (/^\p{M}/u.test(part)) {
    if (after === "letter" && [...part].length <= MOST_COMBINING)
      return { kind: "text", of: part, text: part }
    return { kind: "mark", of: part, ...named(part) }
  }
  return { kind: isFromTheRight.test(part) ? "rtl" : "text", of: part, text: part }
}

function lineEnds(part: string): VisiblePiece {
  const ends = part.match(/\r\n|\n|\r/g) ?? []
  const returns = part.includes("\r")
  const sign = returns ? "␍⏎" : "⏎"
  const text = ends.length > 3 ? `${sign} × ${count(ends.length)}` : sign.repeat(ends.length)
  const title = ends.length === 1 ? "Line break" : `${count(ends.length)} line breaks`
  return { kind: "break", of: part, text, title: returns ? `${title} with carriage returns` : title }
}

/** Names every character of a part, e.g. `⟨U+202E⟩`. */
function named(part: string): { text: string; title: string } {
  // Taken by code points; an unpaired surrogate is one.
  const points = [...part].map((sign) => sign.codePointAt(0) ?? 0)
  const number = (point: number) => `U+${point.toString(16).toUpperCase().padStart(4, "0")}`
  const shown = points.slice(0, 8).map((point) => `⟨${number(point)}⟩`)
  const more = points.length - shown.length
  return {
    text: shown.join("") + (more > 0 ? ` and ${count(more)} more` : ""),
    title: points
      .slice(0, 8)
      .map((point) => NAMES[point] ?? number(point))
      .join(", "),
  }
}

const count = (number: number): string => number.toLocaleString("en")

/** The text in one line, with its marks, for where there is only room for plain text: a title, a label. */
export const visibleText = (text: string, blanks: Blanks = "marked"): string =>
  visible(text, blanks)
    .map((piece) => piece.text)
    .join("")

/** A text whose hidden characters are replaced, but for those of emojis and but for plain blanks. */
export const replaceHidden = (text: string, by: (hidden: string) => string): string =>
  text.replace(EMOJI_OR_HIDDEN, (found: string, emoji: string | undefined) => emoji ?? by(found))

/** How a long text is shown at first: its beginning and its end. */
export interface Excerpt {
  head: string
  /** Empty when nothing is left out. */
  tail: string
  /** What is between the two. */
  left: { characters: number; lines: number }
}

/** A text of more than this is shown in two parts. */
export const MOST_SHOWN = { characters: 2_000, lines: 14 } as const
const TAIL = { characters: 400, lines: 5 } as const

/** What of a text is shown before the reader asks for all. Its end is always there: it is where things are hidden. */
export function excerpt(text: string): Excerpt {
  const lines = lineStarts(text)
  const nothing = { head: text, tail: "", left: { characters: 0, lines: 0 } }
  if (text.length <= MOST_SHOWN.characters && lines.length <= MOST_SHOWN.lines) return nothing
  const headLines = MOST_SHOWN.lines - TAIL.lines
  const byLines = lines.length > MOST_SHOWN.lines
  const head = Math.min(MOST_SHOWN.characters - TAIL.characters, byLines ? lines[headLines]! : text.length)
  const tail = Math.max(text.length - TAIL.characters, byLines ? lines[lines.length - TAIL.lines]! : 0)
  // A pair of surrogates is one character and stays together.
  const to = isLow(text, head) ? head + 1 : head
  const from = isLow(text, tail) ? tail - 1 : tail
  if (from <= to) return nothing
  const left = text.slice(to, from)
  return {
    head: text.slice(0, to),
    tail: text.slice(from),
    left: { characters: left.length, lines: lineStarts(left).length - 1 },
  }
}

/** Where each line begins that has something in it: runs of line ends are one mark, and no lines of their own. */
function lineStarts(text: string): number[] {
  const starts = [0]
  for (const { 0: ends, index } of text.matchAll(/[\r\n]+/g)) starts.push(index + ends.length)
  return starts
}

const isLow = (text: string, at: number): boolean => /^[\udc00-\udfff]/.test(text.slice(at, at + 1))

/** How many lines a text has, its empty ones counted too. */
export const linesIn = (text: string): number => (text.match(/\r\n|\n|\r/g)?.length ?? 0) + 1

import type { MarkupState } from "../../ipc/generated/MarkupState"

/** What a part of a line of XML or HTML is, for its color. */
export type MarkupPart = "key" | "string" | "number" | "word" | "comment"

export interface MarkupRange {
  from: number
  to: number
  part: MarkupPart
}

// Long lines are drawn plain: colors cost an element each.
const COLORED = 4_000

/** What ends each state, and the color of what is in it. */
const UNTIL: Partial<Record<MarkupState, { end: string; part: MarkupPart; next: MarkupState }>> = {
  double_quoted: { end: '"', part: "string", next: "tag" },
  single_quoted: { end: "'", part: "string", next: "tag" },
  comment: { end: "-->", part: "comment", next: "text" },
  cdata: { end: "]]>", part: "string", next: "text" },
  declaration: { end: ">", part: "word", next: "text" },
}

// Within a tag: white space, its end, the value of an attribute, the name of one.
const inTag = /\s+|\/?>|=\s*("|'|[^\s>"']+)|[^\s=>]+/y

/** The colored parts of a line that begins in this state, in order. */
export function markupRanges(text: string, begins: MarkupState): MarkupRange[] {
  if (text.length > COLORED) return []
  const ranges: MarkupRange[] = []
  let at = 0
  let state = begins
  const add = (to: number, part: MarkupPart) => {
    if (to > at) ranges.push({ from: at, to, part })
    at = to
  }
  while (at < text.length) {
    const until = UNTIL[state]
    if (until !== undefined) {
      const end = text.indexOf(until.end, at)
      add(end < 0 ? text.length : end + until.end.length, until.part)
      state = until.next
    } else if (state === "tag") {
      inTag.lastIndex = at
      const [found, value] = inTag.exec(text) ?? [text.slice(at)]
      const to = at + found.length
      if (found.endsWith(">") && value === undefined) {
        add(to, "key")
        state = "text"
      } else if (value === undefined) {
        if (found.trim() === "") at = to
        else add(to, "number")
      } else {
        const from = to - value.length
        at = from
        if (value === '"') state = quoted(add, from, "double_quoted")
        else if (value === "'") state = quoted(add, from, "single_quoted")
        else add(to, "string")
      }
    } else {
      state = afterText(text, at, add, (to) => (at = to))
    }
  }
  return ranges
}

/** The quote belongs to the value. */
function quoted(add: (to: number, part: MarkupPart) => void, from: number, state: MarkupState): MarkupState {
  add(from + 1, "string")
  return state
}

/** Goes to the next tag, comment or declaration, and into it. */
function afterText(
  text: string,
  at: number,
  add: (to: number, part: MarkupPart) => void,
  skip: (to: number) => void,
): MarkupState {
  const begins = /<(?:!--|!\[CDATA\[|[!?]|\/?[A-Za-z_:\u0080-\uffff][^\s/>]*)/g
  begins.lastIndex = at
  const found = begins.exec(text)
  if (found === null) {
    skip(text.length)
    return "text"
  }
  skip(found.index)
  const to = found.index + found[0].length
  if (found[0] === "<!--") return (add(to, "comment"), "comment")
  if (found[0] === "<![CDATA[") return (add(to, "string"), "cdata")
  if (found[0] === "<!" || found[0] === "<?") return (add(to, "word"), "declaration")
  add(to, "key")
  return "tag"
}

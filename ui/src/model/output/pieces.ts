import type { Line } from "../../ipc/generated/Line"
import type { Styled } from "../../ipc/generated/Styled"
import { jsonRanges, looksLikeJson, type JsonPart } from "./json"
import { markupRanges, type MarkupPart } from "./markup"

/** One run of characters of a line that is drawn alike. */
export interface Piece {
  text: string
  /** What of JSON, XML or HTML it is. */
  part?: JsonPart | MarkupPart
  /** It represents what cannot be drawn: a control picture or `\xNN`. */
  shown?: true
  /** The search found it. */
  found?: true
  /** It is where the search went. */
  current?: true
  /** What terminal codes say about it. */
  style?: Styled
}

type Drawn = Pick<Line, "text" | "shown" | "found" | "styles" | "row">

// A line with more parts than this is drawn plain from there on: each part costs an element.
const MOST = 1_000

/** Whether a line is one run of plain characters, which is drawn as one text. */
export function isPlain(line: Drawn): boolean {
  return (
    line.row === undefined &&
    line.shown.length === 0 &&
    (line.found === undefined || line.found.length === 0) &&
    (line.styles === undefined || line.styles.length === 0)
  )
}

/** Cuts a line wherever its looks change: colours of JSON and of the terminal, signs, what was found. */
export function piecesOf(line: Drawn, current?: [number, number]): Piece[] {
  const { text } = line
  const parts = layer(partsOf(line))
  const shown = layer(line.shown.map(([from, to]) => ({ from, to })))
  const found = layer((line.found ?? []).map(([from, to]) => ({ from, to })))
  const currents = layer(current === undefined ? [] : [{ from: current[0], to: current[1] }])
  const styles = layer(line.styles ?? [])
  const pieces: Piece[] = []
  let at = 0
  while (at < text.length) {
    if (pieces.length === MOST) {
      pieces.push({ text: text.slice(at) })
      break
    }
    const [inPart, inShown, inFound, inStyle] = [parts(at), shown(at), found(at), styles(at)]
    const inCurrent = currents(at)
    const to = Math.min(
      text.length,
      inPart.until,
      inShown.until,
      inFound.until,
      inStyle.until,
      inCurrent.until,
    )
    const piece: Piece = { text: text.slice(at, to) }
    if (inPart.range) piece.part = inPart.range.part
    if (inShown.range) piece.shown = true
    if (inFound.range) piece.found = true
    if (inCurrent.range) piece.current = true
    if (inStyle.range) piece.style = inStyle.range
    pieces.push(piece)
    at = to
  }
  return pieces
}

function partsOf(line: Drawn): readonly { from: number; to: number; part: JsonPart | MarkupPart }[] {
  if (line.row?.kind === "markup") return markupRanges(line.text, line.row.state)
  return isJson(line) ? jsonRanges(line.text) : []
}

function isJson({ row, text }: Drawn): boolean {
  if (row === undefined) return false
  if (row.kind === "json") return true
  if (row.kind === "record") return row.problem === undefined
  return row.kind === "event" && looksLikeJson(text)
}

interface Range {
  from: number
  to: number
}

/** Tells which range a place is in, and how far that stays so. Asked for places in their order. */
function layer<R extends Range>(ranges: readonly R[]): (at: number) => { range?: R; until: number } {
  let next = 0
  return (at) => {
    while (next < ranges.length && ranges[next]!.to <= at) next += 1
    const range = ranges[next]
    if (range === undefined) return { until: Infinity }
    return range.from <= at ? { range, until: range.to } : { until: range.from }
  }
}

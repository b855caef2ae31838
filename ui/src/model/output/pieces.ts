import type { Line } from "../../ipc/generated/Line"
import type { Styled } from "../../ipc/generated/Styled"
import { jsonRanges, looksLikeJson, type JsonPart } from "./json"
import type { Level } from "../../ipc/generated/Level"
import { linksInJson } from "./json-links"
import { linksIn, mayLink, type Link } from "./links"
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
  /** It says how severe the line is. */
  level?: Level
  /** It links to a web page, or to a place in a file. */
  link?: Link
}

type Drawn = Pick<Line, "text" | "shown" | "found" | "styles" | "row"> &
  Partial<Pick<Line, "level" | "levelAt" | "cut">>

// A line with more parts than this is drawn plain from there on: each part costs an element.
const MOST = 1_000

/** Whether a line is one run of plain characters, which is drawn as one text. */
export function isPlain(line: Drawn): boolean {
  return (
    !isColored(line) &&
    line.levelAt === undefined &&
    !mayLink(line.text) &&
    line.shown.length === 0 &&
    (line.found === undefined || line.found.length === 0) &&
    (line.styles === undefined || line.styles.length === 0)
  )
}

/** Rows whose text has parts by what it is. */
function isColored({ row }: Drawn): boolean {
  return row !== undefined && row.kind !== "log" && row.kind !== "frame"
}

/** The links of a row. In JSON they are those in its strings; other text that a click means something else on has none. */
export function linksOf(line: Drawn): readonly Link[] {
  const kind = line.row?.kind
  if (kind === "json") return linksInJson(line.text, line.shown, line.cut === true)
  const links = kind === undefined || kind === "log" || kind === "frame" || kind === "field"
  return links ? linksIn(line.text, line.shown, line.cut === true) : []
}

/** Cuts a line wherever its looks change: colours of JSON and of the terminal, signs, what was found. */
export function piecesOf(line: Drawn, current?: [number, number]): Piece[] {
  const { text } = line
  const parts = layer(partsOf(line))
  const shown = layer(line.shown.map(([from, to]) => ({ from, to })))
  const found = layer((line.found ?? []).map(([from, to]) => ({ from, to })))
  const currents = layer(current === undefined ? [] : [{ from: current[0], to: current[1] }])
  const styles = layer(line.styles ?? [])
  const links = layer(linksOf(line))
  const levels = layer(line.levelAt === undefined ? [] : [{ from: line.levelAt[0], to: line.levelAt[1] }])
  const pieces: Piece[] = []
  let at = 0
  while (at < text.length) {
    if (pieces.length === MOST) {
      pieces.push({ text: text.slice(at) })
      break
    }
    const [inPart, inShown, inFound, inStyle] = [parts(at), shown(at), found(at), styles(at)]
    const [inCurrent, inLink, inLevel] = [currents(at), links(at), levels(at)]
    const to = Math.min(
      text.length,
      inPart.until,
      inShown.until,
      inFound.until,
      inStyle.until,
      inCurrent.until,
      inLink.until,
      inLevel.until,
    )
    const piece: Piece = { text: text.slice(at, to) }
    if (inPart.range) piece.part = inPart.range.part
    if (inShown.range) piece.shown = true
    if (inFound.range) piece.found = true
    if (inCurrent.range) piece.current = true
    if (inStyle.range) piece.style = inStyle.range
    if (inLink.range) piece.link = inLink.range
    if (inLevel.range && line.level !== undefined) piece.level = line.level
    pieces.push(piece)
    at = to
  }
  return pieces
}

function partsOf(line: Drawn): readonly { from: number; to: number; part: JsonPart | MarkupPart }[] {
  if (line.row?.kind === "field") return fieldRanges(line.text, line.row.key)
  if (line.row?.kind === "markup") return markupRanges(line.text, line.row.state)
  return isJson(line) ? jsonRanges(line.text) : []
}

/** The name of a field, and its value as JSON. */
function fieldRanges(text: string, key: number): { from: number; to: number; part: JsonPart }[] {
  if (key === 0) return []
  const from = text.length - text.trimStart().length
  const value = jsonRanges(text.slice(key + 1)).map((one) => ({
    ...one,
    from: one.from + key + 1,
    to: one.to + key + 1,
  }))
  return [{ from, to: key, part: "key" }, ...value]
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

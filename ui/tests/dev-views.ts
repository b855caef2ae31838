/** Rows of the views that the fake shell of the dev page shows: pieces, events, JSON, bytes, colours. */
import type { Line } from "../src/ipc/generated/Line"
import type { Styled } from "../src/ipc/generated/Styled"
import type { View } from "../src/ipc/generated/View"
import type { Window } from "../src/ipc/generated/Window"
import { line } from "./fake"

type Rows = (n: number) => Line

export const chunkRow: Rows = (n) => {
  const text = n % 5 === 2 ? "segment 12 wri" : `segment ${n} written␊segment ${n + 1} `
  const sign = text.indexOf("␊")
  return line(n, {
    stream: n % 7 === 4 ? "stderr" : "stdout",
    text,
    shown: sign < 0 ? [] : [[sign, sign + 1]],
    bytes: (n * 613) % 4097,
    row: {
      kind: "chunk",
      offset: n * 4096,
      beginsInLine: n % 5 === 3,
      endsInLine: n % 5 === 2,
      beginsInCharacter: n % 11 === 6,
      endsInCharacter: n % 11 === 5,
    },
  })
}

export const eventRow: Rows = (n) => {
  const of = (text: string, row: Partial<Extract<Line["row"], { kind: "event" }>>) =>
    line(n, {
      text,
      atUs: n * 250_000,
      row: { kind: "event", outcome: "dispatched", name: "message", ...row },
    })
  if (n === 0) return of("connected", { name: "hello", retry: 3000 })
  if (n % 9 === 4) return of("keep-alive", { outcome: "comment" })
  if (n % 13 === 6) return of("", { outcome: "nothing", id: String(n) })
  if (n % 4 === 1)
    return of(`{"volume":"pg data","percent":${n % 100},"ok":true}`, { name: "progress", id: String(n) })
  return of(`segment ${n} written`, { id: String(n) })
}

export const recordRow: Rows = (n) =>
  n % 6 === 4
    ? line(n, {
        text: `{"level":"info", broken`,
        row: { kind: "record", problem: "expected a colon at column 17" },
      })
    : line(n, {
        text: `{"level":"info","n":${n},"of":null,"message":"segment written"}`,
        row: { kind: "record" },
      })

export const hexRow: Rows = (n) => {
  const bytes = Array.from({ length: 16 }, (_, i) => (n * 16 + i * 7 + ((n * i) % 5)) % 256)
  const hex = bytes.map((byte, i) => byte.toString(16).padStart(2, "0") + (i === 7 ? " " : "")).join(" ")
  const text = bytes.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("")
  return line(n * 16, { text: `${hex}  ${text}` })
}

const styled = (text: string, parts: [string, Omit<Styled, "from" | "to">][]): Partial<Line> => ({
  text,
  styles: parts.map(([part, style]) => ({
    from: text.indexOf(part),
    to: text.indexOf(part) + part.length,
    ...style,
  })),
})
const named = (index: number) => ({ kind: "named", index }) as const

export const ansiRow: Rows = (n) => {
  const names = "black red green yellow blue magenta cyan white".split(" ")
  const name = names[n % 8]!
  const index = n % 16
  if (n % 20 === 16)
    return line(
      n,
      styled("reversed, exact and underlined", [
        ["reversed", { fg: { kind: "reversed" }, bg: { kind: "reversed" } }],
        ["exact", { fg: { kind: "exact", rgb: [0, 120, 215] } }],
        ["underlined", { emphasis: ["underline", "italic"] }],
      ]),
    )
  if (n % 20 === 17)
    return line(
      n,
      styled(" PASS  tests/lines.test.ts dim text", [
        [" PASS ", { fg: { kind: "reversed" }, bg: named(2), emphasis: ["bold"] }],
        ["dim text", { emphasis: ["dim"] }],
      ]),
    )
  const text = `${index < 8 ? "usual" : "bright"} ${name} and bold ${name}! on ${name} ground`
  const bold = `bold ${name}!`
  const ground = `on ${name} ground`
  return line(
    n,
    styled(text, [
      [`${index < 8 ? "usual" : "bright"} ${name}`, { fg: named(index) }],
      [bold, { fg: named(index), emphasis: ["bold"] }],
      [ground, { bg: named(index) }],
    ]),
  )
}

/** Indented JSON of many objects; those that were folded are one row. */
export class Tree {
  folded = new Set<number>()
  constructor(readonly items: number) {}

  window(from: number, count: number): Window {
    const rows = this.#rows()
    return { from, total: rows.length, lines: rows.slice(from, from + count) }
  }

  fold(at: number, fold: string): void {
    const opens = Array.from({ length: this.items }, (_, i) => 1 + i * 5)
    if (fold === "close") this.folded.add(at)
    else if (fold === "open") this.folded.delete(at)
    else this.folded = new Set(fold === "close_inside" ? opens : [])
  }

  #rows(): Line[] {
    const rows: Line[] = []
    let n = 0
    const add = (text: string, depth: number, opens = false, folded = 0) =>
      rows.push(line(n, { text: "  ".repeat(depth) + text, row: { kind: "json", depth, opens, folded } }))
    const all = this.items * 5 + 2
    if (this.folded.has(0)) {
      add("[", 0, true, all - 1)
      return rows
    }
    add("[", 0, true)
    for (let i = 0; i < this.items; i++) {
      n += 1
      const end = i === this.items - 1 ? "}" : "},"
      if (this.folded.has(n)) {
        add("{", 1, true, 4)
        n += 4
        continue
      }
      add("{", 1, true)
      for (const text of [
        `"name": "volume ${i}",`,
        `"size": ${12345678901234567890n + BigInt(i)},`,
        `"ok": ${i % 3 > 0}`,
      ]) {
        n += 1
        add(text, 2)
      }
      n += 1
      add(end, 1)
    }
    n += 1
    add("]", 0)
    return rows
  }
}

/** A window of rows that are made by number. */
export function windowOf(rows: Rows, total: number, from: number, count: number): Window {
  const some = Math.max(0, Math.min(count, total - from))
  return {
    from,
    total,
    lines: Array.from({ length: some }, (_, i) => rows(from + i)),
    ...(from > 0 ? { beforeUs: rows(from - 1).atUs } : {}),
  }
}

/** Marks what a search would find in these lines. */
export function found(lines: readonly Line[], text: string): Line[] {
  return lines.map((line) => {
    const ranges: [number, number][] = []
    for (let at = line.text.indexOf(text); at >= 0; at = line.text.indexOf(text, at + text.length)) {
      ranges.push([at, at + text.length])
    }
    return ranges.length > 0 ? { ...line, found: ranges } : line
  })
}

export const rowsOf: Partial<Record<View, Rows>> = { chunks: chunkRow, hex: hexRow, hex_stderr: hexRow }

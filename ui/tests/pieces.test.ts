import { expect, test } from "vitest"
import type { Line } from "../src/ipc/generated/Line"
import { moreBytes } from "../src/model/output/cut"
import { isPlain, piecesOf } from "../src/model/output/pieces"
import { line } from "./fake"

const json: Line["row"] = { kind: "json", depth: 0, opens: false, folded: 0 }
const told = (more: Partial<Line>) =>
  piecesOf(line(0, more)).map((piece) =>
    [
      piece.text,
      piece.part ?? "-",
      ...(piece.shown ? ["shown"] : []),
      ...(piece.found ? ["found"] : []),
      ...(piece.style?.emphasis ?? []),
    ].join("|"),
  )

test("keys, strings, numbers and words of JSON are told apart, and nothing is lost", () => {
  const text = `  "a": [1.5e3, "x: \\"y\\"", true, null],`
  expect(told({ text, row: json })).toEqual([
    "  |-",
    `"a"|key`,
    ": [|-",
    "1.5e3|number",
    ", |-",
    `"x: \\"y\\""|string`,
    ", |-",
    "true|word",
    ", |-",
    "null|word",
    "],|-",
  ])
})

test("a string that is cut still has its colour, long lines have none", () => {
  expect(told({ text: `"cut off here`, row: json })).toEqual([`"cut off here|string`])
  expect(piecesOf(line(0, { text: "1".repeat(5_000), row: json }))).toHaveLength(1)
})

test("only what is said to be JSON is coloured: records that are, and events that look like it", () => {
  const text = `{"a":1}`
  expect(told({ text })).toEqual([`${text}|-`])
  expect(told({ text, row: { kind: "record" } })).toHaveLength(5)
  expect(told({ text, row: { kind: "record", problem: "no" } })).toEqual([`${text}|-`])
  const event = { kind: "event", outcome: "dispatched", name: "message" } as const
  expect(told({ text, row: event })).toHaveLength(5)
  expect(told({ text: "take 5", row: event })).toEqual(["take 5|-"])
})

test("what is shown for something else is cut out across colours", () => {
  expect(told({ text: `"a␀b" 1`, row: json, shown: [[2, 3]] })).toEqual([
    `"a|string`,
    "␀|string|shown",
    `b"|string`,
    " |-",
    "1|number",
  ])
})

test("colours, signs, terminal styles and hits overlap as they like", () => {
  const styles: Line["styles"] = [
    { from: 1, to: 4, emphasis: ["bold"] },
    { from: 4, to: 6, emphasis: ["italic"] },
  ]
  expect(told({ text: "abcdefgh", styles, shown: [[3, 5]], found: [[2, 7]] })).toEqual([
    "a|-",
    "b|-|bold",
    "c|-|found|bold",
    "d|-|shown|found|bold",
    "e|-|shown|found|italic",
    "f|-|found|italic",
    "g|-|found",
    "h|-",
  ])
})

test("ranges in the middle of nothing, empty ones and ones beyond the end do no harm", () => {
  expect(told({ text: "" })).toEqual([])
  expect(told({ text: "ab", found: [[1, 1]] }).join("")).toBe("a|-b|-")
  expect(told({ text: "ab", found: [[1, 9]] })).toEqual(["a|-", "b|-|found"])
  expect(told({ text: "👍b", found: [[2, 3]] })).toEqual(["👍|-", "b|-|found"])
})

test("a line with thousands of hits is drawn with so many parts and no more, and whole", () => {
  const text = "ab".repeat(5_000)
  const found = Array.from({ length: 5_000 }, (_, i): [number, number] => [i * 2, i * 2 + 1])
  const pieces = piecesOf(line(0, { text, found }))
  expect(pieces).toHaveLength(1_001)
  expect(pieces.map((piece) => piece.text).join("")).toBe(text)
})

test("a plain line is one text", () => {
  expect(isPlain(line(0))).toBe(true)
  expect(isPlain(line(0, { found: [], styles: [] }))).toBe(true)
  expect(isPlain(line(0, { found: [[0, 1]] }))).toBe(false)
  expect(isPlain(line(0, { shown: [[0, 1]] }))).toBe(false)
  expect(isPlain(line(0, { row: json }))).toBe(false)
})

test("what a cut line does not show is counted in bytes of the line, not of its drawing", () => {
  const text = "é␀\\xff!"
  // 2 bytes of é, one each for the two that are drawn otherwise, one of "!".
  expect(moreBytes({ text, shown: [[1, 6]], bytes: 105 })).toBe(100)
})

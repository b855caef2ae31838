import { expect, test } from "vitest"
import { moreBytes } from "../src/model/cut"
import { jsonPieces, withShown } from "../src/model/json"

const told = (text: string) => jsonPieces(text).map((piece) => [piece.text, piece.json ?? "-"].join("|"))

test("keys, strings, numbers and words are told apart, and nothing is lost", () => {
  const text = `  "a": [1.5e3, "x: \\"y\\"", true, null],`
  expect(told(text)).toEqual([
    "  |-",
    `"a"|key`,
    ":|-",
    " [|-",
    "1.5e3|number",
    ", |-",
    `"x: \\"y\\""|string`,
    ", |-",
    "true|word",
    ", |-",
    "null|word",
    "],|-",
  ])
  expect(
    jsonPieces(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text)
})

test("a string that is cut still has its colour, long lines have none", () => {
  expect(told(`"cut off here`)).toEqual([`"cut off here|string`])
  expect(jsonPieces("1".repeat(5_000))).toHaveLength(1)
})

test("shown ranges are cut out across pieces", () => {
  const pieces = withShown(jsonPieces(`"a␀b" 1`), [[2, 3]])
  expect(pieces).toEqual([
    { text: `"a`, json: "string" },
    { text: "␀", json: "string", shown: true },
    { text: `b"`, json: "string" },
    { text: " " },
    { text: "1", json: "number" },
  ])
  const across = withShown([{ text: "ab" }, { text: "cd" }], [[1, 3]])
  expect(across.map((piece) => [piece.text, piece.shown ?? false])).toEqual([
    ["a", false],
    ["b", true],
    ["c", true],
    ["d", false],
  ])
})

test("what a cut line does not show is counted in bytes of the line, not of its drawing", () => {
  const text = "é␀\\xff!"
  // 2 bytes of é, one each for the two that are drawn otherwise, one of "!".
  expect(moreBytes({ text, shown: [[1, 6]], bytes: 105 })).toBe(100)
})

import { expect, test } from "vitest"
import { markupRanges } from "../src/model/output/markup"
import { piecesOf } from "../src/model/output/pieces"
import { line } from "./fake"

const parts = (text: string, state: Parameters<typeof markupRanges>[1] = "text") =>
  markupRanges(text, state).map(({ from, to, part }) => `${text.slice(from, to)}|${part}`)

test("tags, attributes, values and comments have their colors", () => {
  expect(parts(`<a href="x>y" b=c d='e'>text</a><!-- z -->`)).toEqual([
    "<a|key",
    "href|number",
    `"|string`,
    `x>y"|string`,
    "b|number",
    "c|string",
    "d|number",
    "'|string",
    "e'|string",
    ">|key",
    "</a|key",
    ">|key",
    "<!--|comment",
    " z -->|comment",
  ])
  expect(parts("<br/>1 < 2")).toEqual(["<br|key", "/>|key"])
  expect(parts("<!doctype html>")).toEqual(["<!|word", "doctype html>|word"])
})

test("a line goes on with what the line before began", () => {
  expect(parts("two --><b>", "comment")).toEqual(["two -->|comment", "<b|key", ">|key"])
  expect(parts(`y" z>`, "double_quoted")).toEqual([`y"|string`, "z|number", ">|key"])
  expect(parts("if (a < b) c()", "raw")).toEqual([])
})

test("nothing of a line is lost, whatever is in it", () => {
  for (const text of ["<", "</", "<a", `<a b="`, "<a =>", "<a ==", "<!", "<![CDATA[", ">", `<a "b"c='>`]) {
    const drawn = piecesOf(line(0, { text, row: { kind: "markup", state: "text" } }))
    expect(drawn.map((piece) => piece.text).join("")).toBe(text)
  }
})

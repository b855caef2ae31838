import { expect, test } from "vitest"
import type { ComparedPart } from "../src/ipc/generated/ComparedPart"
import { filtered } from "../src/model/compare/filter"

const line = (text: string) => ({
  first: 1,
  pieces: [
    { text: text.slice(0, 2), differs: true },
    { text: text.slice(2), differs: false },
  ],
})
const PARTS: ComparedPart[] = [
  { part: "outcome", difference: { kind: "same" } },
  {
    part: "headers",
    difference: {
      kind: "fields",
      fields: [
        { name: "Date", first: "Mon", second: "Tue" },
        { name: "ETag", second: "abc" },
      ],
    },
  },
  {
    part: "body",
    difference: {
      kind: "json",
      changes: [
        { kind: "changed", path: "$['id']", first: "1", second: "2" },
        { kind: "added", path: "$['name']", second: '"abc"' },
      ],
      more: 3,
    },
  },
  {
    part: "stdout",
    difference: { kind: "text", hunks: [{ lines: [line("first")] }, { lines: [line("other")] }], more: 0 },
  },
  { part: "timing", difference: { kind: "times", first: {}, second: {} } },
]

const shown = (text: string, onlyDifferences = false) =>
  filtered(PARTS, { text, onlyDifferences }).map(({ part, difference }) => [
    part,
    difference.kind === "fields"
      ? difference.fields.length
      : difference.kind === "json"
        ? difference.changes.length
        : difference.kind === "text"
          ? difference.hunks.length
          : 0,
  ])

test("without a filter all is there, and what is the same can be left out", () => {
  expect(filtered(PARTS, { text: " ", onlyDifferences: false })).toEqual(PARTS)
  expect(shown("", true).map(([part]) => part)).toEqual(["headers", "body", "stdout"])
})

test("a text is looked for in names, paths, values and whole lines, in any case", () => {
  expect(shown("ABC")).toEqual([
    ["headers", 1],
    ["body", 1],
  ])
  expect(shown("$['id']")).toEqual([["body", 1]])
  expect(shown("first")).toEqual([["stdout", 1]])
  expect(shown("nowhere")).toEqual([])
})

test("a part is found by its name, with all its differences", () => {
  expect(shown("headers")).toEqual([["headers", 2]])
  expect(shown("timing")).toEqual([["timing", 0]])
})

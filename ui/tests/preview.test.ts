import { expect, test } from "vitest"
import { opens, preview } from "../src/model/console/preview"
import type { SerializedValue } from "../src/bridge/serialized"

const text = (text: string, cut = 0): SerializedValue => ({ kind: "text", text, cut })
const number = (n: number): SerializedValue => ({ kind: "plain", of: "number", text: String(n) })
const object = (fields: [string, SerializedValue][], more = 0, name = "Object"): SerializedValue => ({
  kind: "object",
  name,
  fields,
  more,
})
const list = (items: SerializedValue[], more = 0, name = "Array"): SerializedValue => ({
  kind: "list",
  name,
  length: items.length + more,
  items,
  more,
})

test("a value stands in one line, with the class when it is no plain one", () => {
  const value = object([
    ["name", text("pg data")],
    ["size", number(42)],
    ["labels", list([text("a"), text("b")])],
  ])
  expect(preview(value)).toBe('{name: "pg data", size: 42, labels: ["a", "b"]}')
  expect(preview(object([["at", number(1)]], 0, "Volume"))).toBe("Volume {at: 1}")
  expect(preview(list([number(1)], 2, "Uint8Array"))).toBe("Uint8Array(3) [1, …]")
  expect(preview({ kind: "function", name: "" })).toBe("ƒ (no name)")
  expect(preview(object([]))).toBe("{}")
})

test("it stays in one line and in its room, whatever is in it", () => {
  const deep = object([["a", object([["b", object([["c", text("x\ny".repeat(1000), 5)]])]])]])
  const wide = list(Array.from({ length: 100 }, (_, n) => text(`item ${n}`)))
  for (const value of [
    deep,
    wide,
    text("\n".repeat(500)),
    { ...deep, name: "N".repeat(20) } as SerializedValue,
  ]) {
    expect(preview(value)).not.toContain("\n")
    expect(preview(value).length).toBeLessThan(220)
    expect(preview(value)).toContain("…")
  }
})

test("what has nothing more to show does not open", () => {
  expect([object([]), list([]), text("x"), number(1)].map(opens)).toEqual([false, false, false, false])
  expect([object([], 3), list([number(1)])].map(opens)).toEqual([true, true])
  const error: SerializedValue = { kind: "error", name: "E", message: "m", stack: "", fields: [] }
  expect([error, { ...error, stack: "at x" }].map(opens)).toEqual([false, true])
})

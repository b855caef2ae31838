import { expect, test } from "vitest"
import type { Value } from "../src/ipc/generated/Value"
import { quoted } from "../src/model/text/literal"
import { losesDigits, MOST_LINES } from "../src/model/text/literal-json"
import { endLines, linesOf, outcomeLines, textOf } from "../src/model/text/literal-value"

const text = (text: string, more: Partial<Extract<Value, { kind: "text" }>> = {}): Value => ({
  kind: "text",
  text,
  bytes: text.length,
  cut: false,
  ...more,
})
const json = (text: string, cut = false): Value => ({ kind: "json", text, bytes: text.length, cut })
const code = (value: Value) =>
  linesOf(value)
    .map(({ pieces }) => pieces.map(({ text }) => text).join(""))
    .join("\n")

test("undefined, null and what is not there are three things", () => {
  const value: Value = {
    kind: "object",
    fields: [
      { name: "code", value: { kind: "undefined" }, differs: false },
      { name: "signal", value: { kind: "null" }, differs: false },
      { name: "cmd", differs: true },
      { name: "lines", value: { kind: "method" }, differs: false },
    ],
  }
  expect(textOf(value)).toBe("{\n  // no cmd\n  code: undefined,\n  signal: null,\n  lines(),\n}")
  expect(linesOf(value).map(({ differs }) => differs ?? false)).toEqual([
    false,
    true,
    false,
    false,
    false,
    false,
  ])
})

test("a class stands before its braces, and an empty object is one line", () => {
  const fields = [{ name: "status-code", value: { kind: "number", text: "404" } as const, differs: false }]
  expect(textOf({ kind: "object", class: "Error", fields })).toBe('Error {\n  "status-code": 404,\n}')
  expect(textOf({ kind: "object", fields: [] })).toBe("{}")
})

test("a string is written as JavaScript would read it, with nothing in it that can hide", () => {
  const nasty = 'a"b\\\n\u0000\u001b[31m\u202egnp\u2028\u200b\ufeff\ud800'
  expect(quoted(nasty)).toMatch(/^[\x20-\x7e]*$/)
  expect(JSON.parse(quoted(nasty))).toBe(nasty)
})

test("a long string is cut, between characters, and says how long it is", () => {
  const [line] = linesOf(text("x".repeat(199) + "😀".repeat(40), { bytes: 1_234_567, cut: true }))
  expect(line!.pieces[0]!.text).toBe(`"${"x".repeat(199)}…"`)
  expect(line!.aside).toBe("1.2 MB")
  const [short] = linesOf(text("ab", { bytes: 812, cut: true }))
  expect([short!.pieces[0]!.text, short!.aside]).toEqual(['"ab…"', "812 B"])
  expect(linesOf(text("ab"))[0]).not.toHaveProperty("aside")
})

test("bytes are no string", () => {
  expect(code({ kind: "bytes", text: "hi", bytes: 2, cut: false })).toBe("Uint8Array(2)")
})

test("JSON is drawn as the value that code gets: evaluating what is drawn gives what is parsed", () => {
  const texts = [
    "0",
    '"a\\u0041\\n"',
    "[]",
    '{"a":[],"b":{},"c-d":[1,[2,{"e":null}]],"\\u0065":"\\"","__x":true}',
    ' { "a" : [ 1.50 , -0.0 , 1e3 ] , "b" : "}{][,:" } ',
    "[12345678901234567890,1e400,false]",
    '{"__proto__":{"a":1}}',
  ]
  for (const text of texts) {
    const drawn = new Function(`return (${code(json(text))})`)() as unknown
    expect(drawn).toEqual(JSON.parse(text))
  }
})

test("a number that loses digits is shown as code gets it, beside what was sent", () => {
  const lines = linesOf(json('{"id":12345678901234567890}'))
  expect(lines[1]!.pieces.at(-1)!.text).toBe("12345678901234567000")
  expect(lines[1]!.aside).toBe("sent as 12345678901234567890")
  expect(["9007199254740993", "-9007199254740993"].map(losesDigits)).toEqual([true, true])
  expect(["9007199254740992", "1", "10000000000000000", "1.5"].map(losesDigits)).toEqual([
    false,
    false,
    false,
    false,
  ])
})

test("JSON that is cut ends where it is cut, wherever that is", () => {
  const whole = '{"name":"pg \\"data","list":[1,{"deep":"x, 7"}],"n":123}'
  for (let at = 0; at <= whole.length; at++) {
    const drawn = code(json(whole.slice(0, at), true))
    expect(drawn.endsWith("…")).toBe(true)
    // Nothing of what is inside a string is taken for something else.
    expect(drawn.split("\n")).not.toContain("7")
  }
})

test("a body of many lines is drawn as far as it can be read at a glance", () => {
  const lines = linesOf(json(JSON.stringify(Array.from({ length: 5_000 }, (_, i) => i))))
  expect(lines).toHaveLength(MOST_LINES + 1)
  expect(lines.at(-1)!.pieces[0]!.text).toBe("…")
})

test("JSON is copied as it came, other values as they are drawn", () => {
  expect(textOf(json('{"a":1.0}'))).toBe('{"a":1.0}')
  expect(textOf(json("[1, ", true))).toBe("[1, …\n// 4 B in total")
  expect(textOf(text("a\nb"))).toBe('"a\\nb"')
  expect(textOf(text("x".repeat(100)))).toBe(`"${"x".repeat(100)}"`)
  const bytes: Value = { kind: "bytes", text: "hi", bytes: 2, cut: false }
  const fields = [
    { name: "out", value: text("ab", { bytes: 812, cut: true }), differs: false },
    { name: "raw", value: bytes, differs: false },
  ]
  expect(textOf({ kind: "object", fields })).toBe(
    '{\n  out: "ab…", // 812 B\n  raw: Uint8Array(2), // "hi"\n}',
  )
})

test("how the code learns of it stands before the value", () => {
  const words = (...args: Parameters<typeof outcomeLines>) =>
    outcomeLines(...args).map(({ pieces }) => pieces.map(({ text }) => text).join(""))
  expect(words({ kind: "resolved", value: { kind: "null" } })).toEqual(["resolves null"])
  expect(words({ kind: "rejected", value: text("x") }, "// as on Docker Desktop")).toEqual([
    "rejects // as on Docker Desktop",
  ])
  expect(words({ kind: "streamed", end: { kind: "close", code: { kind: "null" } } })).toEqual([
    "streams → onClose(null)",
  ])
  expect(words({ kind: "streamed", end: { kind: "silent" } })).toEqual([
    "streams → no callback reports the end",
  ])
  expect(
    endLines({ kind: "error", error: text("SIGTERM") })[0]!
      .pieces.map(({ text }) => text)
      .join(""),
  ).toBe('onError("SIGTERM")')
})

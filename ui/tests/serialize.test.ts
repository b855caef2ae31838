import { expect, test } from "vitest"
import { readFromConsole } from "../src/bridge/reading"
import { codeStack, firstPlace } from "../src/console/stack-frames"
import { mapPositions, originalPosition } from "../src/model/guest/source-map"
import { consoleProxy, formatted } from "../src/bridge/console-proxy"
import { DEPTH, ENTRIES, NODES, serialize, TEXT } from "../src/bridge/serialize"
import type { SerializedValue } from "../src/bridge/serialized"

const plain = (text: string, of: string) => ({ kind: "plain", text, of })

function count(shown: SerializedValue): number {
  if (shown.kind === "list") return 1 + shown.items.reduce((sum, item) => sum + count(item), 0)
  if (shown.kind === "object" || shown.kind === "error")
    return 1 + shown.fields.reduce((sum, [, value]) => sum + count(value), 0)
  return 1
}

test("plain values", () => {
  expect(serialize("a")).toEqual({ kind: "text", text: "a", cut: 0 })
  expect(serialize(-0)).toEqual(plain("-0", "number"))
  expect(serialize(NaN)).toEqual(plain("NaN", "number"))
  expect(serialize(10n)).toEqual(plain("10n", "bigint"))
  expect(serialize(null)).toEqual(plain("null", "null"))
  expect(serialize(undefined)).toEqual(plain("undefined", "undefined"))
  expect(serialize(Symbol("s"))).toEqual(plain("Symbol(s)", "symbol"))
  expect(serialize(function f() {})).toEqual({ kind: "function", name: "f" })
})

test("a long text is cut, and says by how much", () => {
  const shown = serialize("x".repeat(TEXT + 7))
  expect(shown).toMatchObject({ kind: "text", cut: 7 })
})

test("objects have their class and their own properties, and getters are not run", () => {
  class Volume {
    name = "pg"
    get size(): number {
      throw new Error("run")
    }
  }
  expect(serialize(new Volume())).toMatchObject({
    name: "Volume",
    fields: [["name", { text: "pg" }]],
    more: 0,
  })
  let ran = false
  const object = {
    get evil() {
      ran = true
      return 1
    },
  }
  expect(serialize(object)).toMatchObject({ fields: [["evil", { kind: "ellipsis", text: "getter" }]] })
  expect(ran).toBe(false)
  expect(serialize(Object.create(null))).toMatchObject({ kind: "object", name: "" })
})

test("no method of a value is called on the way", () => {
  const trap = (): never => {
    throw new Error("called")
  }
  const map = Object.assign(new Map([["a", 1]]), { entries: trap, [Symbol.iterator]: trap })
  const date = Object.assign(new Date(0), { toISOString: trap, toString: trap, toJSON: trap })
  const error = new Error("x")
  Object.defineProperty(error, "name", { get: trap })
  Object.defineProperty(error, "message", { get: trap })
  expect(serialize(map)).toMatchObject({ name: "Map(1)" })
  expect(serialize(date)).toMatchObject({ name: "Date 1970-01-01T00:00:00.000Z" })
  expect(serialize(error)).toMatchObject({ kind: "error", message: "" })
  expect(serialize({ toString: trap, valueOf: trap, toJSON: trap })).toMatchObject({ name: "Object" })
})

test("a proxy that refuses is said to", () => {
  const refuse = (): never => {
    throw new Error("no")
  }
  const proxy = new Proxy({}, { ownKeys: refuse, getPrototypeOf: refuse })
  expect(serialize(proxy)).toEqual({ kind: "ellipsis", text: "cannot be looked at" })
})

test("collections, dates, expressions, bytes and promises", () => {
  expect(serialize(new Set([1, 2]))).toMatchObject({ kind: "list", name: "Set", length: 2, more: 0 })
  expect(
    serialize(
      new Map<unknown, unknown>([
        [{}, 1],
        ["k", 2],
      ]),
    ),
  ).toMatchObject({
    name: "Map(2)",
    fields: [
      ["Object", plain("1", "number")],
      ["k", plain("2", "number")],
    ],
  })
  expect(serialize(/a+/g)).toMatchObject({ name: "RegExp /a+/g" })
  expect(serialize(new Date(NaN))).toMatchObject({ name: "Date invalid" })
  expect(serialize(new Uint8Array([1, 2]))).toMatchObject({ kind: "list", name: "Uint8Array", length: 2 })
  expect(serialize(new BigInt64Array(1))).toMatchObject({ items: [plain("0n", "bigint")] })
  expect(serialize(new ArrayBuffer(4))).toMatchObject({ name: "ArrayBuffer(4)" })
  expect(serialize(Promise.resolve(1))).toMatchObject({ kind: "object", name: "Promise", fields: [] })
})

test("an error has its stack as it is to be shown, and its other properties", () => {
  const error = Object.assign(new TypeError("bad"), { code: 7 })
  error.cause = new Error("below")
  const shown = serialize(error, () => "code:1:2")
  expect(shown).toMatchObject({ kind: "error", name: "TypeError", message: "bad", stack: "code:1:2" })
  expect(shown.kind === "error" && shown.fields.map(([name]) => name).sort()).toEqual(["cause", "code"])
})

test("a tree ends at a depth, at what stands above it, and at a number of entries", () => {
  const round: { self?: unknown } = {}
  round.self = round
  expect(serialize(round)).toMatchObject({ fields: [["self", { kind: "ellipsis", text: "seen above" }]] })
  let deep: unknown = 1
  for (let i = 0; i < 100; i++) deep = [deep]
  let levels = 0
  for (let at = serialize(deep); at.kind === "list"; at = at.items[0]!) levels += 1
  expect(levels).toBe(DEPTH)
  const wide = serialize(Array.from({ length: 5_000_000 }, (_, n) => n))
  expect(wide).toMatchObject({ length: 5_000_000, more: 5_000_000 - ENTRIES })
  const object = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n]))
  expect(serialize(object)).toMatchObject({ more: 500 - ENTRIES })
  expect(serialize(new Array(3))).toMatchObject({ length: 3, items: [{ text: "empty" }, {}, {}] })
})

test("a wide tree of deep trees is bounded as a whole", () => {
  const make = (depth: number): unknown =>
    depth === 0 ? "x".repeat(50) : Array.from({ length: 60 }, () => make(depth - 1))
  const shown = serialize(make(3))
  expect(count(shown)).toBeLessThan(NODES * 2)
  expect(JSON.stringify(shown).length).toBeLessThan(400_000)
  const text = serialize(Array.from({ length: 100 }, () => "y".repeat(TEXT)))
  expect(JSON.stringify(text).length).toBeLessThan(200_000)
})

test("the same value twice is shown twice when it stands in no other's way", () => {
  const same = { a: 1 }
  expect(serialize([same, same])).toMatchObject({ items: [{ fields: [["a", {}]] }, { fields: [["a", {}]] }] })
})

test("whatever is shown can be read on the window's side", () => {
  const values = [
    new Error("x".repeat(20_000)),
    new Map([["k".repeat(5000), 1]]),
    "é".repeat(20_000),
    [[[[[[[[1]]]]]]]],
  ]
  const wide = Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => ({ a: 1 })))
  const shown = [...values, wide, { ["x".repeat(9000)]: { [Symbol("y".repeat(9000))]: 1 } }].map((value) =>
    serialize(value),
  )
  const text = JSON.stringify({ kind: "print", level: "log", values: shown })
  expect(readFromConsole(text)).toBeDefined()
})

const SCRIPT = "blob:null/8f6c"

test("a stack is that of the code alone, in WebKit's form and in V8's", () => {
  const webkit = `f@${SCRIPT}:3:18\n@${SCRIPT}:5:21\nrun@blob:null/other:1:9\n[native code]\n${SCRIPT}:9:1`
  expect(codeStack(webkit, SCRIPT)).toBe("f (code:2:18)\ncode:4:21\ncode:8:1")
  const v8 = `Error: no\n    at f (${SCRIPT}:3:18)\n    at async ${SCRIPT}:5:21\n    at Run.x (blob:null/other:1:9)`
  expect(codeStack(v8, SCRIPT)).toBe("f (code:2:18)\ncode:4:21")
  expect(codeStack(`@${SCRIPT}:1:40`, SCRIPT)).toBe("")
  expect(firstPlace("f (code:2:18)\ncode:4:21")).toEqual({ line: 2, column: 18 })
})

test("places become those of the code that was typed, everywhere in a tree", () => {
  const place = (line: number, column: number) => (line > 100 ? undefined : { line: line * 10, column })
  const error: SerializedValue = {
    kind: "error",
    name: "E",
    message: "",
    stack: "f (code:2:18)\ncode:400:1",
    fields: [],
  }
  const tree: SerializedValue = { kind: "list", name: "Array", length: 1, items: [error], more: 0 }
  expect(mapPositions(tree, place)).toMatchObject({ items: [{ stack: "f (code:20:18)\ncode:400:1" }] })
  expect(originalPosition(2, 3, place)).toEqual({ line: 20, column: 3 })
  expect(originalPosition(400, 3, place)).toEqual({ line: 400, column: 3 })
  expect(originalPosition(undefined, undefined, place)).toEqual({})
})

test("the first text takes the next arguments in", () => {
  expect(formatted(["%s is %d%%", "a", "4.7", "more"])).toEqual(["a is 4%", "more"])
  expect(formatted(["%f %i", 1.5, 1.5])).toEqual(["1.5 1"])
  expect(formatted(["%cstyled", "color: red"])).toEqual(["styled"])
  expect(formatted(["%o", { a: 1 }])).toEqual(["%o", { a: 1 }])
  expect(formatted(["100%", 1])).toEqual(["100%", 1])
  expect(formatted(["%s %s", "a"])).toEqual(["a %s"])
  expect(formatted([{ a: 1 }, "%s"])).toEqual([{ a: 1 }, "%s"])
})

test("the console's other functions print what they say", () => {
  const lines: string[] = []
  let now = 0
  const console = consoleProxy(
    (level, values) =>
      lines.push(`${level} ${values.map((value) => ("text" in value ? value.text : value.kind)).join(" ")}`),
    (stack) => stack,
    () => (now += 5),
  )
  console.assert(true, "not said")
  console.assert(false, "said")
  console.count()
  console.count("x")
  console.count()
  console.countReset()
  console.count()
  console.time("t")
  console.timeEnd("t")
  console.timeEnd("t")
  console.group("g")
  console.info("in")
  console.groupEnd()
  console.dir({ a: 1 }, { depth: 0 })
  console.table([1])
  expect(lines).toEqual([
    "error Assertion failed said",
    "log default: 1",
    "log x: 1",
    "log default: 2",
    "log default: 1",
    "log t: 5.00 ms",
    "log t: no such timer",
    "log g",
    "info   in",
    "log object",
    "log list",
  ])
})

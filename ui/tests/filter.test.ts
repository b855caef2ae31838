import { expect, test } from "vitest"
import type { Summary } from "../src/ipc/generated/Summary"
import { KEYS, parse, quoted, wordsOf } from "../src/model/timeline/filter"
import { complete, problemWords, withValue } from "../src/model/timeline/filter-words"
import { summary } from "./fake"

const NOW = () => 1_790_000_060_000
const status = (code: number) => ({ kind: "status", status: code, reason: "" }) as const
const bytes = (n: number) => ({
  stdout: { bytes: n, lines: 1 },
  stderr: { bytes: 0, lines: 0 },
  chunks: 1,
})

const rows: Summary[] = [
  summary(1, { text: "/volumes?all=1", outcome: status(200), tookUs: 99_000 }),
  summary(2, { text: "/volumes/clone", label: "POST", outcome: status(404), tookUs: 101_000, kept: true }),
  summary(3, {
    text: "/hello",
    outcome: status(500),
    counts: bytes(20_000),
    origin: "page",
    at: "ui/page.js:88:3",
  }),
  summary(4, {
    http: false,
    label: "container",
    text: "/backup -v",
    outcome: { kind: "ended", ending: { kind: "exited", code: 3 } },
    found: { errors: 1, warnings: 0, notes: 0 },
    origin: "console",
    at: "console:2:5",
  }),
  summary(5, { http: false, label: "host", text: 'echo "two words"', outcome: { kind: "running" } }),
]
delete rows[4]!.tookUs

function found(text: string): number[] {
  const { matches, problems } = parse(text)
  expect(problems, text).toEqual([])
  return rows.filter((row) => matches(row, NOW)).map(({ id }) => id)
}

test("each key matches what it names, and all words must match", () => {
  expect(found("")).toEqual([1, 2, 3, 4, 5])
  expect(found("status:>=400")).toEqual([2, 3])
  expect(found("status:4xx")).toEqual([2])
  expect(found("status:<400")).toEqual([1])
  expect(found("status:500")).toEqual([3])
  expect(found("method:post")).toEqual([2])
  expect(found("method:GET,POST")).toEqual([1, 2, 3])
  expect(found("kind:vm")).toEqual([4])
  expect(found("kind:http status:2xx")).toEqual([1])
  expect(found("from:page")).toEqual([3])
  expect(found("from:page.js:88")).toEqual([3])
  expect(found("path:/volumes")).toEqual([1, 2])
  expect(found("path:all")).toEqual([])
  expect(found("took:>100ms kind:http")).toEqual([2])
  expect(found("took:>1min")).toEqual([])
  expect(found("took:59s")).toEqual([5])
  expect(found("size:>10kB")).toEqual([3])
  expect(found("is:failed")).toEqual([2, 3, 4])
  expect(found("is:running")).toEqual([5])
  expect(found("is:pinned")).toEqual([2])
  expect(found("is:findings")).toEqual([4])
})

test("plain words are text, in any order, and quotes keep them together", () => {
  expect(found("post /VOLUMES")).toEqual([2])
  expect(found("clone post")).toEqual([2])
  expect(found('"two words"')).toEqual([5])
  expect(found('"words two"')).toEqual([])
  expect(found('"\\"two words\\""')).toEqual([5])
  expect(found("text:hello")).toEqual([3])
  expect(found('"status:200"')).toEqual([])
  expect(found("http://localhost")).toEqual([])
  expect(found('"-v"')).toEqual([4])
})

test("a minus sign turns a word into its opposite", () => {
  expect(found("-kind:http")).toEqual([4, 5])
  expect(found("-volumes -status:>=500 kind:http")).toEqual([])
  expect(found("-is:running -is:failed")).toEqual([1])
})

test("what can't be understood is named, and the rest still filters", () => {
  const problem = (text: string) => parse(text).problems[0]
  expect(problem("stauts:404")).toEqual({ kind: "unknown_key", key: "stauts", from: 0, to: 10 })
  expect(problem("a took:soon")).toEqual({ kind: "bad_value", key: "took", value: "soon", from: 2, to: 11 })
  expect(problem("status:")).toEqual({ kind: "no_value", key: "status", from: 0, to: 7 })
  expect(problem('text:"open')).toEqual({ kind: "open_quote", from: 0, to: 10 })
  for (const wrong of [
    "status:abc",
    "is:constructor",
    "took:5constructor",
    "size:1e9",
    "from:pgae",
    "kind:x",
  ]) {
    expect(problem(wrong)?.kind, wrong).toBe("bad_value")
  }
  const { matches } = parse("nope:1 method:POST")
  expect(rows.filter((row) => matches(row, NOW)).map(({ id }) => id)).toEqual([2])
  expect(problemWords({ kind: "bad_value", key: "took", value: "soon", from: 0, to: 1 })).toBe(
    "Not a value of took: soon. Use >100ms or <=2s.",
  )
})

/** The same sequence in each run. */
function* numbers(seed: number): Generator<number> {
  for (;;) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    yield seed
  }
}

const PARTS = [
  ...KEYS.map((key) => `${key}:`),
  "-",
  '"',
  "\\",
  " ",
  ">",
  "=",
  "4xx",
  "é",
  "x",
  "1",
  "ms",
  "//",
  "\t",
  "😀",
]

test("any text is read, its words lie in it in order, and problems lie in words", () => {
  const random = numbers(7)
  const next = (below: number) => (random.next().value as number) % below
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: next(12) }, () => PARTS[next(PARTS.length)]).join("")
    const words = wordsOf(text)
    let end = 0
    for (const word of words) {
      expect(text.slice(end, word.from).trim(), text).toBe("")
      expect(word.to).toBeGreaterThan(word.from)
      end = word.to
    }
    expect(text.slice(end).trim(), text).toBe("")
    const { matches, problems } = parse(text)
    for (const { from, to } of problems) {
      expect(words.some((word) => word.from === from && word.to === to)).toBe(true)
    }
    rows.forEach((row) => matches(row, NOW))
    const caret = next(text.length + 1)
    const { from, to } = complete(text, caret, rows)
    expect(from <= caret && caret <= to && to <= text.length, text).toBe(true)
  }
})

test("any value can be written, and is read as it was", () => {
  const random = numbers(3)
  const next = (below: number) => (random.next().value as number) % below
  for (let round = 0; round < 2000; round++) {
    const value = Array.from({ length: 1 + next(6) }, () => PARTS[next(PARTS.length)]).join("")
    const [word, ...more] = wordsOf(`text:${quoted(value)}`)
    expect([word?.value, more.length, word?.open], value).toEqual([value, 0, false])
  }
})

test("a word and its opposite divide the rows", () => {
  for (const word of [
    "status:>=400",
    "method:GET",
    "took:>100ms",
    "size:<1kB",
    "is:failed",
    "hello",
    "from:page",
  ]) {
    expect([...found(word), ...found(`-${word}`)].toSorted()).toEqual([1, 2, 3, 4, 5])
  }
})

test("ten thousand rows are filtered fast enough for each change", () => {
  const many = Array.from({ length: 10_000 }, (_, n) => summary(n, { text: `/volumes/${n}` }))
  const { matches } = parse("status:2xx path:/volumes took:>1ms -clone text")
  const began = performance.now()
  for (let round = 0; round < 10; round++) many.filter((row) => matches(row, NOW))
  // 2 ms on a slow machine; much more would be another class of work.
  expect((performance.now() - began) / 10).toBeLessThan(50)
})

const offered = (text: string, asked = false) =>
  complete(text, text.length, rows, asked).suggestions.map((one) => one.text)

test("keys are offered while a word is typed, and values after a key", () => {
  expect(offered("sta")).toEqual(["status:"])
  expect(offered("hello -me")).toEqual(["-method:"])
  expect(offered("status:")).toContain("status:>=400")
  expect(offered("status:4")).toEqual(["status:4xx", "status:404"])
  expect(offered("method:p")).toEqual(["method:POST", "method:PUT", "method:PATCH"])
  expect(offered("path:/v")).toEqual(["path:/volumes", "path:/volumes/clone"])
  expect(offered("from:page.")).toEqual(["from:page.js:88"])
  expect(offered("is:")).toEqual(["is:failed", "is:running", "is:pinned", "is:findings"])
  expect(offered("is:failed")).toEqual([])
  expect(offered("nope:")).toEqual([])
  expect(offered("")).toEqual([])
  expect(offered("hello ")).toEqual([])
  expect(offered("", true)).toHaveLength(KEYS.length)
  expect(offered('"sta')).toEqual([])
})

test("a value takes the place of those that the filter has for its key", () => {
  expect(withValue("", "path", "/a")).toBe("path:/a")
  expect(withValue("hello  path:/x -path:/y is:failed", "path", "/a b")).toBe(
    'hello -path:/y is:failed path:"/a b"',
  )
})

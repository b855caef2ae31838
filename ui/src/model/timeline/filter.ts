/** The language of the timeline's filter: `status:>=400 method:POST took:>100ms text…`, all of which must match. */
import type { Summary } from "../../ipc/generated/Summary"
import { countOf } from "../detail/diagnostics"
import { isFailure, isLive } from "./outcome"

export const KEYS = ["status", "method", "kind", "from", "path", "took", "size", "is", "text"] as const
export type Key = (typeof KEYS)[number]

export const KINDS = ["http", "host", "vm", "engine"] as const
export const ORIGINS = ["composer", "console", "page", "extension", "replay", "tap"] as const
export const STATES = ["failed", "running", "pinned", "findings"] as const

/** A word of the filter as it is written, from one place to another. */
export interface Word {
  from: number
  to: number
  negated: boolean
  /** What is before the colon, as written. */
  key?: string
  /** The rest without quotes. */
  value: string
  /** Its quote has no end. */
  open: boolean
}

/** Why a part of the filter isn't applied. */
export type Problem = { from: number; to: number } & (
  | { kind: "unknown_key"; key: string }
  | { kind: "no_value"; key: Key }
  | { kind: "bad_value"; key: Key; value: string }
  | { kind: "open_quote" }
)

type Test = (row: Summary, now: () => number) => boolean

export interface Filter {
  matches: Test
  problems: readonly Problem[]
}

/** Divides a filter into its words. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  let at = 0
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) at += 1
    else {
      const word = wordAt(text, at)
      words.push(word)
      at = word.to
    }
  }
  return words
}

function wordAt(text: string, from: number): Word {
  const negated = text[from] === "-" && /\S/.test(text.charAt(from + 1))
  let at = negated ? from + 1 : from
  const [, before, slashes] = /^([a-z][a-z_-]*):(\/\/)?/i.exec(text.slice(at)) ?? []
  // `http://…` is an address.
  const key = slashes !== undefined && !isKey(before?.toLowerCase() ?? "") ? undefined : before
  if (key !== undefined) at += key.length + 1
  let value = ""
  let quoted = false
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') quoted = !quoted
    else if (quoted && char === "\\" && /["\\]/.test(text.charAt(at + 1))) value += text.charAt(++at)
    else if (!quoted && /\s/.test(char)) break
    else value += char
  }
  return { from, to: at, negated, ...(key === undefined ? {} : { key }), value, open: quoted }
}

/** A value as it is written in a filter. */
export function quoted(value: string): string {
  return /^[^\s"\\]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`
}

export function parse(text: string): Filter {
  const problems: Problem[] = []
  const tests: Test[] = []
  for (const word of wordsOf(text)) {
    const test = testOf(word)
    if (typeof test !== "function") {
      problems.push({ from: word.from, to: word.to, ...test })
      continue
    }
    tests.push(word.negated ? (row, now) => !test(row, now) : test)
  }
  return { matches: (row, now) => tests.every((test) => test(row, now)), problems }
}

type Wrong =
  | { kind: "unknown_key"; key: string }
  | { kind: "no_value"; key: Key }
  | { kind: "bad_value"; key: Key; value: string }
  | { kind: "open_quote" }

const isKey = (key: string): key is Key => (KEYS as readonly string[]).includes(key)

function testOf({ key: written, value, open }: Word): Test | Wrong {
  const key = written?.toLowerCase()
  if (key !== undefined && !isKey(key)) return { kind: "unknown_key", key: written ?? "" }
  if (open) return { kind: "open_quote" }
  if (key === undefined) return textTest(value)
  if (value === "") return { kind: "no_value", key }
  return TESTS[key](value) ?? { kind: "bad_value", key, value }
}

/** Lower case of each row is made once: rows are replaced when they change. */
const lowered = new WeakMap<Summary, string>()

function textTest(value: string): Test {
  const wanted = value.toLowerCase()
  return (row) => {
    let text = lowered.get(row)
    if (text === undefined) {
      text = `${row.label} ${row.text}`.toLowerCase()
      lowered.set(row, text)
    }
    return text.includes(wanted)
  }
}

/** What a value of each key tests; nothing when it isn't a value of that key. */
const TESTS: Record<Key, (value: string) => Test | undefined> = {
  status: (value) => {
    const within = statusRange(value)
    return within && ((row) => within(statusOf(row)))
  },
  method: (value) => {
    const wanted = value.toUpperCase().split(",")
    if (wanted.some((one) => !/^[!#$%&'*+.^_`|~\dA-Z-]+$/.test(one))) return undefined
    return (row) => row.http && wanted.includes(row.label.toUpperCase())
  },
  kind: (value) => {
    const wanted = value.toLowerCase()
    if (!(KINDS as readonly string[]).includes(wanted)) return undefined
    return (row) => kindOf(row) === wanted
  },
  from: (value) => {
    const wanted = value.toLowerCase()
    if ((ORIGINS as readonly string[]).includes(wanted)) return (row) => row.origin === wanted
    // A place in the code, which has a file or a line.
    return /[./:]/.test(wanted) ? (row) => row.at?.toLowerCase().includes(wanted) === true : undefined
  },
  path: (value) => {
    const wanted = value.toLowerCase()
    return (row) => row.http && pathOf(row).toLowerCase().includes(wanted)
  },
  took: (value) => {
    const compare = comparison(value, microseconds)
    return compare && ((row, now) => compare(row.tookUs ?? Math.max(0, now() - row.beganMs) * 1000))
  },
  size: (value) => {
    const compare = comparison(value, bytes)
    return compare && ((row) => compare(row.counts.stdout.bytes + row.counts.stderr.bytes))
  },
  is: (value) => IS.get(value.toLowerCase()),
  text: textTest,
}

const IS = new Map<string, Test>([
  ["failed", (row) => isFailure(row.outcome)],
  ["running", (row) => isLive(row.outcome)],
  ["pinned", (row) => row.kept],
  ["findings", (row) => countOf(row.found) > 0],
])

/** What the filter calls a call's kind. */
export function kindOf(row: Summary): string {
  if (row.http) return "http"
  return row.label === "container" ? "vm" : row.label
}

/** A request's path without its query. */
export function pathOf(row: Summary): string {
  return row.text.split("?", 1)[0] ?? ""
}

export function statusOf({ outcome }: Summary): number | undefined {
  return outcome.kind === "status" || outcome.kind === "receiving" ? outcome.status : undefined
}

function statusRange(value: string): ((status: number | undefined) => boolean) | undefined {
  const digit = /^([1-9])xx$/i.exec(value)?.[1]
  if (digit !== undefined)
    return (status) => status !== undefined && Math.floor(status / 100) === Number(digit)
  const found = /^(>=|<=|>|<|=)?(\d{1,3})$/.exec(value)
  if (found === null) return undefined
  const compare = COMPARE[found[1] ?? "="]
  const wanted = Number(found[2])
  return compare && ((status) => status !== undefined && compare(status, wanted))
}

const COMPARE: Record<string, ((a: number, b: number) => boolean) | undefined> = {
  "": (a, b) => a >= b,
  "=": (a, b) => a === b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
}

/** `>100ms`; without a sign it is the least. */
function comparison(value: string, read: (amount: string) => number | undefined) {
  const found = /^(>=|<=|>|<|=)?(.+)$/.exec(value)
  const wanted = found === null ? undefined : read(found[2] ?? "")
  const compare = COMPARE[found?.[1] ?? ""]
  return wanted === undefined || compare === undefined
    ? undefined
    : (actual: number) => compare(actual, wanted)
}

const MICROSECONDS = new Map(Object.entries({ us: 1, µs: 1, ms: 1000, s: 1e6, m: 6e7, min: 6e7, h: 36e8 }))
const BYTES = new Map(Object.entries({ "": 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9 }))

const measured = (units: ReadonlyMap<string, number>) => (amount: string) => {
  const found = /^(\d{1,15}(?:\.\d{1,6})?)([a-zµ]*)$/i.exec(amount)
  const unit = found === null ? undefined : units.get((found[2] ?? "").toLowerCase())
  return unit === undefined ? undefined : Number(found?.[1]) * unit
}
const microseconds = measured(MICROSECONDS)
const bytes = measured(BYTES)

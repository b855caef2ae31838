/** What the filter's field says and offers. */
import type { Summary } from "../../ipc/generated/Summary"
import { many } from "../text/numbers"
import {
  KEYS,
  KINDS,
  ORIGINS,
  STATES,
  pathOf,
  quoted,
  statusOf,
  wordsOf,
  type Key,
  type Problem,
  type Word,
} from "./filter"

/** What each key is for, and values as an example. */
const HELP: Record<Key, { about: string; values: string }> = {
  status: { about: "Status of the response", values: "404, 4xx or >=400" },
  method: { about: "Method of the request", values: "GET or POST,PUT" },
  kind: { about: "Kind of call", values: KINDS.join(", ") },
  from: { about: "Origin of the call", values: `${ORIGINS.join(", ")}, or a file such as page.js:88` },
  path: { about: "Path of the request", values: "/volumes" },
  took: { about: "Duration", values: ">100ms or <=2s" },
  size: { about: "Size of the body or output", values: ">10kB or <1MB" },
  is: { about: "State", values: STATES.join(", ") },
  text: { about: "Text of the call", values: 'hello or "two words"' },
}

export function problemWords(problem: Problem): string {
  switch (problem.kind) {
    case "unknown_key":
      return `Unknown key: ${problem.key}. Use ${KEYS.join(", ")}, or put the text in quotes.`
    case "no_value":
      return `${problem.key}: needs a value, such as ${HELP[problem.key].values}.`
    case "bad_value":
      return `Not a value of ${problem.key}: ${problem.value}. Use ${HELP[problem.key].values}.`
    case "open_quote":
      return `The quote isn't closed. Add " at its end.`
  }
}

/** Something that the field offers in place of the word that is typed. */
export interface Suggestion {
  /** What is put there. */
  text: string
  about: string
}

/** Where it goes. */
export interface Completion {
  from: number
  to: number
  suggestions: Suggestion[]
}

const MOST = 8
/** Rows that are looked through for values, the newest ones. */
const LOOKED_AT = 2000

/** What may be meant at the caret. `asked`: also where nothing is typed yet. */
export function complete(text: string, caret: number, rows: readonly Summary[], asked = false): Completion {
  const word = wordsOf(text).find(({ from, to }) => from < caret && caret <= to)
  if (word === undefined) {
    const suggestions = asked ? keysFor("", "") : []
    return { from: caret, to: caret, suggestions }
  }
  const { from, to } = word
  const sign = word.negated ? "-" : ""
  const key = KEYS.find((known) => known === word.key?.toLowerCase())
  if (word.key !== undefined) {
    const suggestions = key === undefined ? [] : valuesFor(key, word, sign, rows)
    return { from, to, suggestions }
  }
  const typed = word.value
  if (text.slice(from, to).includes('"')) return { from, to, suggestions: [] }
  return { from, to, suggestions: keysFor(typed.toLowerCase(), sign) }
}

function keysFor(typed: string, sign: string): Suggestion[] {
  const keys = KEYS.filter((key) => key.startsWith(typed) || (typed.length > 2 && key.includes(typed)))
  return keys.map((key) => ({ text: `${sign}${key}:`, about: HELP[key].about }))
}

function valuesFor(key: Key, word: Word, sign: string, rows: readonly Summary[]): Suggestion[] {
  const typed = word.value.toLowerCase()
  const seen = VALUES[key](rows.slice(-LOOKED_AT))
  const known = [...new Map(seen.map((value) => [value.text, value])).values()]
  const fitting = known.filter(
    ({ text }) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed,
  )
  return fitting.slice(0, MOST).map(({ text, about }) => ({ text: `${sign}${key}:${quoted(text)}`, about }))
}

const fixed = (...values: [text: string, about: string][]): Suggestion[] =>
  values.map(([text, about]) => ({ text, about }))

/** Values that occur, the most frequent first. */
function seen(values: Iterable<string | undefined>): Suggestion[] {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  return sorted.map(([text, count]) => ({ text, about: many(count, "call") }))
}

const VALUES: Record<Key, (rows: readonly Summary[]) => Suggestion[]> = {
  status: (rows) => [
    ...fixed(
      [">=400", "Client and server errors"],
      ["2xx", "Success"],
      ["4xx", "Client errors"],
      ["5xx", "Server errors"],
    ),
    ...seen(rows.map((row) => statusOf(row)?.toString())),
  ],
  method: (rows) => [
    ...seen(rows.map((row) => (row.http ? row.label.toUpperCase() : undefined))),
    ...["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map((text) => ({ text, about: "" })),
  ],
  kind: () =>
    fixed(
      ["http", "Requests"],
      ["host", "Commands on this machine"],
      ["vm", "Commands in the backend's container"],
      ["engine", "Builds, pulls and logs of the engine"],
    ),
  from: (rows) => [
    ...fixed(
      ["composer", "The composer"],
      ["console", "Code in the console"],
      ["page", "The extension's page"],
      ["extension", "Calls of Porthole for the extension"],
      ["replay", "A replay of a session"],
      ["tap", "Recorded requests of the desktop"],
    ),
    ...seen(rows.map((row) => row.at?.split("/").at(-1)?.replace(/:\d+$/, ""))),
  ],
  path: (rows) => seen(rows.map((row) => (row.http ? pathOf(row) : undefined))),
  took: () =>
    fixed([">100ms", "Longer than 100 ms"], [">1s", "Longer than 1 s"], ["<10ms", "Shorter than 10 ms"]),
  size: () =>
    fixed([">10kB", "Larger than 10 kB"], [">1MB", "Larger than 1 MB"], ["<1kB", "Smaller than 1 kB"]),
  is: () =>
    fixed(
      ["failed", "Failed, or with an error status"],
      ["running", "Not ended yet"],
      ["pinned", "Pinned: stays after a restart"],
      ["findings", "With findings"],
    ),
  text: () => [],
}

/** The filter with this value for a key, in place of those that it has for it. */
export function withValue(text: string, key: Key, value: string): string {
  const others = wordsOf(text).filter((word) => word.negated || word.key?.toLowerCase() !== key)
  return [...others.map(({ from, to }) => text.slice(from, to)), `${key}:${quoted(value)}`].join(" ")
}

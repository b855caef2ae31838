/** `console` as the code sees it: each call becomes a print with trees of what it was given. */
import type { PrintLevel } from "./messages"
import { serialize } from "./serialize"
import type { SerializedValue } from "./serialized"

export type Print = (level: PrintLevel, values: readonly SerializedValue[]) => void

/** Nothing is made of the arguments where a print wouldn't be taken. */
type Say = (level: PrintLevel, argsOf: () => readonly unknown[]) => void

/** More arguments than this in one call are counted and not shown. */
const MOST_VALUES = 100

/** `wanted`: whether a print would be taken. If not, nothing is made of its arguments. */
export function consoleProxy(
  print: Print,
  stack: (text: string) => string,
  now: () => number,
  wanted: () => boolean = () => true,
): Console {
  let groups = 0

  const say: Say = (level, argsOf) => {
    if (!wanted()) return
    const args = argsOf()
    const values: SerializedValue[] = args.slice(0, MOST_VALUES).map((arg) => serialize(arg, stack))
    if (args.length > MOST_VALUES)
      values.push({ kind: "ellipsis", text: `${args.length - MOST_VALUES} more` })
    if (groups > 0) values.unshift({ kind: "text", text: "  ".repeat(Math.min(groups, 20)).slice(1), cut: 0 })
    print(level, values)
  }
  const at =
    (level: PrintLevel) =>
    (...args: unknown[]) =>
      say(level, () => formatted(args))
  const open = (...args: unknown[]): void => {
    if (args.length > 0) say("log", () => formatted(args))
    groups += 1
  }

  const made = {
    log: at("log"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    debug: at("debug"),
    dir: (value: unknown) => say("log", () => [value]),
    dirxml: at("log"),
    table: (value: unknown) => say("log", () => [value]),
    trace: (...args: unknown[]) => say("log", () => [...formatted(args), stack(new Error().stack ?? "")]),
    assert: (holds: unknown, ...args: unknown[]) => {
      if (!holds) say("error", () => ["Assertion failed", ...formatted(args)])
    },
    ...counters(say),
    ...timers(say, now),
    group: open,
    groupCollapsed: open,
    groupEnd: () => {
      groups = Math.max(0, groups - 1)
    },
    clear: () => {},
    timeStamp: () => {},
    profile: () => {},
    profileEnd: () => {},
  }
  return made as unknown as Console
}

function counters(say: Say) {
  const counts = new Map<string, number>()
  return {
    count: (label: unknown = "default") => {
      const key = String(label)
      counts.set(key, (counts.get(key) ?? 0) + 1)
      say("log", () => [`${key}: ${counts.get(key)}`])
    },
    countReset: (label: unknown = "default") => void counts.delete(String(label)),
  }
}

function timers(say: Say, now: () => number) {
  const starts = new Map<string, number>()
  const elapsed = (label: string): string => {
    const start = starts.get(label)
    return start === undefined ? `${label}: no such timer` : `${label}: ${(now() - start).toFixed(2)} ms`
  }
  return {
    time: (label: unknown = "default") => void starts.set(String(label), now()),
    timeLog: (label: unknown = "default", ...args: unknown[]) =>
      say("log", () => [elapsed(String(label)), ...args]),
    timeEnd: (label: unknown = "default") => {
      say("log", () => [elapsed(String(label))])
      starts.delete(String(label))
    },
  }
}

/** Puts arguments into a first text with `%s` and its like, as every `console` does. */
export function formatted(args: readonly unknown[]): readonly unknown[] {
  const [first, ...rest] = args
  if (typeof first !== "string" || rest.length === 0 || !first.includes("%")) return args
  let used = 0
  const text = first.replace(/%([sdifoOjc%])/g, (whole, kind: string) => {
    if (kind === "%") return "%"
    // An object stays one, with its own tree after the text.
    if (used >= rest.length || kind === "o" || kind === "O" || kind === "j") return whole
    const value = rest[used++]
    if (kind === "c") return ""
    if (kind === "s") return textOf(value)
    const number = typeof value === "symbol" || typeof value === "object" ? NaN : Number(value)
    return String(kind === "f" ? number : Math.trunc(number))
  })
  return [text, ...rest.slice(used)]
}

function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value)
  const shown = serialize(value)
  if (shown.kind === "error") return `${shown.name}: ${shown.message}`
  return shown.kind === "list" || shown.kind === "object" ? `[${shown.name}]` : "[object]"
}

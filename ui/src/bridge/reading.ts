/** Reads what a run of the console says. All of it may be hostile: what is no message is refused. */
import { readFromSdk } from "../sdk/reading"
import {
  hasOnly,
  isAbsentOr,
  isCount,
  isFlag,
  isListOf,
  isOneOf,
  isShape,
  isText,
  type Shape,
} from "../sdk/shapes"
import { isReportText, LONGEST_URL, RESOURCES, WHYS } from "./page-report"
import type { FromConsole } from "./messages"
import type { SerializedValue } from "./serialized"

/** More than `serialize.ts` makes of one value, and a hundred of them. */
const MOST_NODES = 110_000
const DEEPEST = 16
const MOST_ENTRIES = 1_000
const LONGEST_NAME = 1_000

const OWN = [
  "print",
  "result",
  "uncaught",
  "dropped",
  "problem",
  "over",
  "unloaded",
  "blank",
  "themes",
  "routes",
]

const isLine = (value: unknown): value is string => isText(value, 20_000)
const isPlace = (value: Shape): boolean =>
  isAbsentOr(value.line, isInteger) && isAbsentOr(value.column, isInteger)
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)

/** The message in this text, or nothing. */
export function readFromConsole(text: string): FromConsole | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isShape(value)) return undefined
  if (!OWN.includes(value.kind as string)) return readFromSdk(value)
  return isOwn(value) ? (value as unknown as FromConsole) : undefined
}

function isOwn(value: Shape): boolean {
  switch (value.kind) {
    case "print":
      return (
        hasOnly(value, "kind", "level", "values") &&
        isOneOf(value.level, "log", "info", "warn", "error", "debug") &&
        areShown(value.values)
      )
    case "result":
      return hasOnly(value, "kind", "value") && areShown([value.value])
    case "uncaught":
      return (
        hasOnly(value, "kind", "error", "line", "column", "promise") &&
        isFlag(value.promise) &&
        isPlace(value) &&
        areShown([value.error])
      )
    case "dropped":
      return hasOnly(value, "kind", "count") && isCount(value.count)
    case "problem":
      return hasOnly(value, "kind", "text", "line", "column") && isLine(value.text) && isPlace(value)
    case "unloaded":
      return (
        hasOnly(value, "kind", "of", "url", "why", "status", "text", "own") &&
        isOneOf(value.of, ...RESOURCES) &&
        isText(value.url, LONGEST_URL) &&
        isOneOf(value.why, ...WHYS) &&
        isAbsentOr(value.status, isCount) &&
        isAbsentOr(value.text, (text): text is string => isText(text, 100) && isReportText(text)) &&
        isAbsentOr(value.own, isFlag)
      )
    case "blank":
      return hasOnly(value, "kind", "blank") && isFlag(value.blank)
    case "themes":
    case "routes":
      return hasOnly(value, "kind")
    default:
      return hasOnly(value, "kind", "threw") && isFlag(value.threw)
  }
}

function areShown(values: unknown): values is SerializedValue[] {
  let nodes = MOST_NODES
  const isName = (value: unknown): boolean => isText(value, LONGEST_NAME)

  const isField =
    (depth: number) =>
    (value: unknown): value is [string, SerializedValue] =>
      Array.isArray(value) && value.length === 2 && isName(value[0]) && is(value[1], depth)

  function is(value: unknown, depth: number): value is SerializedValue {
    if (!isShape(value) || depth > DEEPEST || nodes-- <= 0) return false
    const child = (item: unknown): item is SerializedValue => is(item, depth + 1)
    const fields = (): boolean => isListOf(value.fields, MOST_ENTRIES, isField(depth + 1))
    switch (value.kind) {
      case "text":
        return hasOnly(value, "kind", "text", "cut") && isLine(value.text) && isCount(value.cut)
      case "plain":
        return (
          hasOnly(value, "kind", "text", "of") &&
          isLine(value.text) &&
          isOneOf(value.of, "number", "bigint", "boolean", "undefined", "null", "symbol")
        )
      case "function":
        return hasOnly(value, "kind", "name") && isName(value.name)
      case "error":
        return (
          hasOnly(value, "kind", "name", "message", "stack", "fields") &&
          [value.name, value.message, value.stack].every(isLine) &&
          fields()
        )
      case "object":
        return (
          hasOnly(value, "kind", "name", "fields", "more") &&
          isName(value.name) &&
          isCount(value.more) &&
          fields()
        )
      case "list":
        return (
          hasOnly(value, "kind", "name", "length", "items", "more") &&
          isName(value.name) &&
          isCount(value.length) &&
          isCount(value.more) &&
          isListOf(value.items, MOST_ENTRIES, child)
        )
      case "ellipsis":
        return hasOnly(value, "kind", "text") && isName(value.text)
      default:
        return false
    }
  }

  return isListOf(values, MOST_ENTRIES, (value): value is SerializedValue => is(value, 0))
}

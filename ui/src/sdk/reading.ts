/** Reads what comes from the code's side. All of it may be hostile: what is no message is refused. */
import type { SdkCall } from "../ipc/generated/SdkCall"
import type { SdkExec } from "../ipc/generated/SdkExec"
import type { SdkList } from "../ipc/generated/SdkList"
import type { SdkRequest } from "../ipc/generated/SdkRequest"
import type { Data } from "../ipc/generated/Data"
import { LONGEST, LONGEST_TEXT, type FromSdk } from "./messages"
import { LONGEST_PLACE } from "./place"
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
} from "./shapes"

const MOST_ARGS = 10_000
const MOST_PAIRS = 10_000

const isLong = (value: unknown): value is string => isText(value, LONGEST)
const isPlace = (value: unknown): value is string => isText(value, LONGEST_PLACE)
const isShort = (value: unknown): value is string => isText(value, LONGEST_TEXT)

/** The message that this is, or nothing. */
export function readFromSdk(value: unknown): FromSdk | undefined {
  if (!isShape(value)) return undefined
  return isFromSdk(value) ? (value as unknown as FromSdk) : undefined
}

function isFromSdk(value: Shape): boolean {
  switch (value.kind) {
    case "call":
      return (
        hasOnly(value, "kind", "id", "asked", "called", "text", "at") &&
        isCount(value.id) &&
        isText(value.called, 200) &&
        isShort(value.text) &&
        isAbsentOr(value.at, isPlace) &&
        isAsked(value.asked)
      )
    case "close":
    case "ack":
      return hasOnly(value, "kind", "id") && isCount(value.id)
    case "dialog":
      return hasOnly(value, "kind", "id", "properties") && isCount(value.id) && isShort(value.properties)
    case "desktop":
      return (
        hasOnly(value, "kind", "what", "level", "text") &&
        isOneOf(value.what, "toast", "navigate", "open") &&
        isAbsentOr(value.level, (level) => isOneOf(level, "success", "warning", "error")) &&
        isShort(value.text)
      )
    case "warning":
      return hasOnly(value, "kind", "text") && isShort(value.text)
    default:
      return false
  }
}

function isAsked(value: unknown): value is SdkCall {
  if (!isShape(value)) return false
  if (value.kind === "request") return isAskedRequest(value)
  if (value.kind === "exec") return isAskedExec(value)
  return value.kind === "list" && isAskedList(value)
}

type Wanted<T> = { [K in keyof Required<T>]: (value: unknown) => boolean }

/** Every property is what it must be, and there is no other. */
function fits<T>(value: Shape, wanted: Wanted<T>): boolean {
  const names = Object.keys(wanted) as (keyof Wanted<T> & string)[]
  return hasOnly(value, "kind", ...names) && names.every((name) => wanted[name](value[name]))
}

const isPair = (value: unknown): value is { name: string; value: string } =>
  isShape(value) && hasOnly(value, "name", "value") && isLong(value.name) && isLong(value.value)

const isPairs = (value: unknown): boolean => isListOf(value, MOST_PAIRS, isPair)

const isAskedRequest = (value: Shape): boolean =>
  fits<SdkRequest>(value, {
    method: isShort,
    url: isLong,
    headers: isPairs,
    named: isFlag,
    data: (data) => isAbsentOr(data, isData),
  })

const isData = (value: unknown): value is Data =>
  isShape(value) &&
  fits<Data>(value, {
    text: isLong,
    json: (json) => isAbsentOr(json, isLong),
    isText: isFlag,
    falsy: isFlag,
  })

const isAskedExec = (value: Shape): boolean =>
  fits<SdkExec>(value, {
    whose: (whose) => isOneOf(whose, "vm", "host", "docker"),
    cmd: isLong,
    args: (args) => isListOf(args, MOST_ARGS, isLong),
    line: isFlag,
    cwd: (cwd) => isAbsentOr(cwd, isLong),
    env: isPairs,
    stream: (stream) => isAbsentOr(stream, isStreaming),
    container: (container) => isAbsentOr(container, isShort),
  })

const isStreaming = (value: unknown): value is { splitLines: boolean } =>
  isShape(value) && hasOnly(value, "splitLines") && isFlag(value.splitLines)

const isAskedList = (value: Shape): boolean =>
  fits<SdkList>(value, {
    what: (what) => isOneOf(what, "containers", "images"),
    options: (options) => isAbsentOr(options, isLong),
  })

/** Makes the tree that the console draws from any value, without running any of the value's own code. */
import type { SerializedValue } from "./serialized"

export const DEPTH = 6
export const ENTRIES = 100
export const TEXT = 10_000
/** Of one value in all: a wide tree of deep trees ends too. */
export const NODES = 1_000
const ALL_TEXT = 100_000

const { getOwnPropertyDescriptor, getPrototypeOf, prototype: plain } = Object
const { ownKeys } = Reflect

/** What a tree may still hold. */
interface Budget {
  nodes: number
  text: number
  above: unknown[]
  /** Turns the lines of a stack into those of the code. */
  stack: (stack: string) => string
}

/** The tree of a value. `stack` makes what is shown of an error's stack. */
export function serialize(
  value: unknown,
  stack: (stack: string) => string = (text) => text,
): SerializedValue {
  return serializeValue(value, { nodes: NODES, text: ALL_TEXT, above: [], stack })
}

function serializeValue(value: unknown, budget: Budget): SerializedValue {
  budget.nodes -= 1
  switch (typeof value) {
    case "string":
      return text(value, budget)
    case "number":
      return { kind: "plain", text: Object.is(value, -0) ? "-0" : String(value), of: "number" }
    case "bigint":
      return { kind: "plain", text: `${clipped(String(value), 1_000)}n`, of: "bigint" }
    case "boolean":
      return { kind: "plain", text: String(value), of: "boolean" }
    case "undefined":
      return { kind: "plain", text: "undefined", of: "undefined" }
    case "symbol":
      return { kind: "plain", text: clipped(String(value), 200), of: "symbol" }
    case "function":
      return { kind: "function", name: nameIn(value) }
  }
  if (value === null) return { kind: "plain", text: "null", of: "null" }
  if (budget.above.includes(value)) return { kind: "ellipsis", text: "seen above" }
  if (budget.above.length >= DEPTH || budget.nodes <= 0) return { kind: "ellipsis", text: "…" }
  budget.above.push(value)
  try {
    return serializeObject(value as object, budget)
  } catch {
    // A proxy may refuse to be looked at.
    return { kind: "ellipsis", text: "cannot be looked at" }
  } finally {
    budget.above.pop()
  }
}

function text(value: string, budget: Budget): SerializedValue {
  const room = Math.max(0, Math.min(TEXT, budget.text))
  const short = value.slice(0, room)
  budget.text -= short.length
  return { kind: "text", text: short, cut: value.length - short.length }
}

function serializeObject(value: object, budget: Budget): SerializedValue {
  if (Array.isArray(value)) return list("Array", value.length, (at) => own(value, at), budget)
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const numbers = value as unknown as ArrayLike<number>
    const show = (at: number): SerializedValue => serializeValue(numbers[at], budget)
    return list(className(value), numbers.length, show, budget)
  }
  if (value instanceof Error) return error(value, budget)
  // Their own methods, and not what the value calls by these names.
  if (value instanceof Map) return map(value, budget)
  if (value instanceof Set) {
    const items = Array.from(firstOf(Set.prototype.values.call(value)))
    return list("Set", sizeOf(Set.prototype, value), (at) => serializeValue(items[at], budget), budget)
  }
  return object(titleOf(value), value, budget)

  function own(of: object, at: number): SerializedValue {
    const property = getOwnPropertyDescriptor(of, at)
    return property === undefined ? { kind: "ellipsis", text: "empty" } : propertyOf(property, budget)
  }
}

const sizeOf = (prototype: object, of: object): number =>
  getOwnPropertyDescriptor(prototype, "size")!.get!.call(of) as number

function* firstOf<T>(values: Iterable<T>): Generator<T> {
  let left = ENTRIES
  for (const value of values) {
    if (left-- <= 0) return
    yield value
  }
}

function list(
  name: string,
  length: number,
  show: (at: number) => SerializedValue,
  budget: Budget,
): SerializedValue {
  const items: SerializedValue[] = []
  while (items.length < Math.min(length, ENTRIES) && budget.nodes > 0) items.push(show(items.length))
  return { kind: "list", name, length, items, more: length - items.length }
}

function map(value: Map<unknown, unknown>, budget: Budget): SerializedValue {
  const size = sizeOf(Map.prototype, value)
  const fields: [string, SerializedValue][] = []
  for (const [key, of] of firstOf(Map.prototype.entries.call(value))) {
    if (budget.nodes <= 0) break
    fields.push([keyText(key), serializeValue(of, budget)])
  }
  return { kind: "object", name: `Map(${size})`, fields, more: size - fields.length }
}

function keyText(key: unknown): string {
  if (typeof key === "object" && key !== null) return className(key)
  if (typeof key === "function") return `ƒ ${nameIn(key)}`
  return clipped(String(key), 200)
}

function object(name: string, value: object, budget: Budget): SerializedValue {
  const { fields, more } = fieldsOf(value, () => true, budget)
  return { kind: "object", name, fields, more }
}

function error(value: Error, budget: Budget): SerializedValue {
  const read = (name: string): string => {
    const found = dataIn(value, name)
    return typeof found === "string" ? clipped(found, TEXT) : ""
  }
  const skipped = new Set(["name", "message", "stack", "line", "column", "sourceURL"])
  const { fields } = fieldsOf(value, (key) => !skipped.has(key), budget)
  const stack = clipped(budget.stack(stackOf(value)), 4_000)
  return { kind: "error", name: read("name") || "Error", message: read("message"), stack, fields }
}

/** V8 has it as a property, and older engines as their own getter that runs nothing of the code's. */
export function stackOf(value: object): string {
  try {
    const property = getOwnPropertyDescriptor(value, "stack")
    if (property && "value" in property) return typeof property.value === "string" ? property.value : ""
    const getter = property?.get ?? getOwnPropertyDescriptor(Error.prototype, "stack")?.get
    if (getter === undefined || !/\[native code\]/.test(Function.prototype.toString.call(getter))) return ""
    const found: unknown = getter.call(value)
    return typeof found === "string" ? found : ""
  } catch {
    // V8 makes the text when it is first read, and asks the error for its name then.
    return ""
  }
}

/** A property's value, of its own or inherited, if it is one and no getter. */
function dataIn(value: object, name: string): unknown {
  for (let at: object | null = value, left = 20; at !== null && left > 0; at = getPrototypeOf(at), left--) {
    const property = getOwnPropertyDescriptor(at, name)
    if (property) return property.value
  }
  return undefined
}

function fieldsOf(value: object, wanted: (key: string) => boolean, budget: Budget) {
  const fields: [string, SerializedValue][] = []
  let more = 0
  for (const key of ownKeys(value)) {
    const name = typeof key === "symbol" ? clipped(String(key), 200) : clipped(key, 500)
    if (!wanted(name)) continue
    const property = getOwnPropertyDescriptor(value, key)
    const visible = property && (property.enumerable || (value instanceof Error && typeof key === "string"))
    if (!visible) continue
    if (fields.length >= ENTRIES || budget.nodes <= 0) more += 1
    else fields.push([name, propertyOf(property, budget)])
  }
  return { fields, more }
}

function propertyOf(property: PropertyDescriptor, budget: Budget): SerializedValue {
  if ("value" in property) return serializeValue(property.value, budget)
  return { kind: "ellipsis", text: property.get ? "getter" : "setter" }
}

/** The class, and for a few what they are in short. */
function titleOf(value: object): string {
  if (value instanceof Date) {
    const time = Date.prototype.getTime.call(value)
    return `Date ${Number.isNaN(time) ? "invalid" : Date.prototype.toISOString.call(value)}`
  }
  if (value instanceof RegExp) return `RegExp ${clipped(RegExp.prototype.toString.call(value), 500)}`
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`
  return className(value)
}

/** Empty for an object without a class, `Object` for a plain one. */
function className(value: object): string {
  const prototype: object | null = getPrototypeOf(value)
  if (prototype === null) return ""
  if (prototype === plain) return "Object"
  const constructor = dataIn(prototype, "constructor")
  return typeof constructor === "function" ? nameIn(constructor) : "Object"
}

function nameIn(value: object): string {
  const name = getOwnPropertyDescriptor(value, "name")?.value as unknown
  return typeof name === "string" ? clipped(name, 200) : ""
}

const clipped = (value: string, longest: number): string =>
  value.length <= longest ? value : `${value.slice(0, longest - 1)}…`

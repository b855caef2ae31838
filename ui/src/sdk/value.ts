import type { Field } from "../ipc/generated/Field"
import type { Runtime } from "../ipc/generated/Runtime"
import type { Value } from "../ipc/generated/Value"
import { methodOf } from "./result"

/** Makes the JavaScript value that a `Value` tells of. */
export function jsOf(value: Value, runtime: Runtime): unknown {
  switch (value.kind) {
    case "undefined":
      return undefined
    case "null":
      return null
    case "bool":
      return value.value
    case "number":
      return Number(value.text)
    case "text":
      return value.text
    case "bytes":
      return new TextEncoder().encode(value.text)
    case "json":
      return parsed(value.text)
    case "object":
      return objectOf(value.class, value.fields, runtime)
    case "method":
      return () => undefined
  }
}

/** What isn't JSON after all is handed over as written, as every Runtime does. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Classes of the language that a Runtime may throw. */
const ERRORS: Record<string, new (message?: string) => Error> = { Error, TypeError, SyntaxError, RangeError }

function objectOf(name: string | undefined, fields: readonly Field[], runtime: Runtime): object {
  const here = fields.filter((field) => field.value !== undefined)
  const textIn = (name: string): unknown => {
    const value = here.find((field) => field.name === name)?.value
    return value && jsOf(value, runtime)
  }
  const valueOf = (field: Field): unknown =>
    field.value!.kind === "method" ? methodOf(field.name, textIn, runtime) : jsOf(field.value!, runtime)
  const kind = name === undefined ? undefined : (ERRORS[name] ?? Error)
  if (kind === undefined) return Object.fromEntries(here.map((field) => [field.name, valueOf(field)]))
  const message = here.find((field) => field.name === "message")
  const error = new kind(message ? String(valueOf(message)) : "")
  for (const field of here) {
    // Neither is an enumerable property of an error that was thrown.
    if (field.name === "message") continue
    const enumerable = field.name !== "name" && field.name !== "stack"
    Object.defineProperty(error, field.name, {
      value: valueOf(field),
      enumerable,
      writable: true,
      configurable: true,
    })
  }
  return error
}

/** How a call is shown: as it would be written, shortened. */
import type { Named } from "./transport"

const LONGEST_ARG = 120
const LONGEST_CALL = 600

/** `ddClient.extension.vm.service.get` and what it was given. */
export function named(called: string, args: readonly unknown[]): Named {
  const given = args.slice()
  while (given.length > 0 && given.at(-1) === undefined) given.pop()
  const text = `${called.replace(/^ddClient\./, "")}(${given.map(written).join(", ")})`
  return { called, text: cut(text, LONGEST_CALL) }
}

function written(value: unknown): string {
  if (typeof value === "function") return "ƒ"
  if (typeof value === "bigint") return `${value}n`
  try {
    return cut(JSON.stringify(value, withFunctions) ?? String(value), LONGEST_ARG)
  } catch {
    return "…"
  }
}

/** Of a long text as much as is shown: megabytes are not written down to be cut away. */
const withFunctions = (_name: string, value: unknown): unknown => {
  if (typeof value === "string") return value.slice(0, LONGEST_ARG + 1)
  return typeof value === "function" ? "ƒ" : value
}

const cut = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest - 1)}…`

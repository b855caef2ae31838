"use strict"

/* How code and values are written down. */

/** The most of a value that is shown. */
const LONGEST = 20000

/** A function's body as it stands in the source, moved to the left edge. */
function codeOf(run) {
  let code = String(run).replace(/^(async )?\([^)]*\) =>\s*/, "")
  if (code.startsWith("{"))
    code = code
      .slice(1, -1)
      .replace(/^\s*\n/, "")
      .trimEnd()
  const lines = code.split("\n")
  // The first line of an expression has no indent of its own left.
  const rest = code.startsWith(" ") ? lines : lines.slice(1)
  const indents = rest.filter((line) => line.trim() !== "").map((line) => line.search(/\S/))
  const indent = indents.length > 0 ? Math.min(...indents) : 0
  return lines.map((line) => (line.slice(0, indent).trim() === "" ? line.slice(indent) : line)).join("\n")
}

/** A value as text: what is no JSON says so. */
function written(value) {
  const text = whole(value)
  if (text.length <= LONGEST) return text
  return `${text.slice(0, LONGEST)}\n… and ${text.length - LONGEST} more characters`
}

function whole(value) {
  if (value === undefined) return "undefined"
  if (typeof value === "string") return value === "" ? '""' : value
  if (value instanceof Uint8Array) return `${value.length} bytes: ${new TextDecoder().decode(value)}`
  try {
    if (value instanceof Error) {
      const more = Object.keys(value).length > 0 ? `\n${laidOut({ ...value })}` : ""
      return `${value.name}: ${value.message}${more}`
    }
    const json = JSON.stringify(value)
    return json === undefined ? String(value) : laidOut(JSON.parse(json))
  } catch {
    // It holds itself, most likely.
    return String(value)
  }
}

/** JSON, with what is short on one line. */
function laidOut(value, indent = "") {
  const flat = JSON.stringify(value)
  if (typeof value !== "object" || value === null || indent.length + flat.length <= 60) return flat
  const deeper = `${indent}  `
  const [open, close] = Array.isArray(value) ? "[]" : "{}"
  const parts = Array.isArray(value)
    ? value.map((part) => laidOut(part, deeper))
    : Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${laidOut(part, deeper)}`)
  return `${open}\n${parts.map((part) => deeper + part).join(",\n")}\n${indent}${close}`
}

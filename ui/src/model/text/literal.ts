import { replaceHidden } from "./visible"

/** What a part of a literal is, for its colour. */
export type LiteralPart = "key" | "string" | "number" | "word" | "comment" | "outcome" | "call"

export interface LiteralPiece {
  text: string
  part?: LiteralPart
}

/** One line of a value that is written down as JavaScript. */
export interface LiteralLine {
  depth: number
  pieces: readonly LiteralPiece[]
  /** What is beside it and is no part of the value: how long a text is that is not all here. */
  aside?: string
  /** It is not the same on all Runtimes. */
  differs?: true
}

// How many characters of a string are drawn: an outcome is read at a glance, the rest is in the output.
const LONGEST = 200

/** A string as JavaScript would write it, with nothing in it that could look like something else. */
export function quoted(text: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  return replaceHidden(JSON.stringify(text), (hidden) => hidden.split("").map(escaped).join(""))
}

/** The beginning of a text that is too long to be drawn. */
export function shortened(text: string, most = LONGEST): string {
  // A pair of surrogates is one character.
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`
}

/** A name as written before a colon: quoted only where it must be. */
export function keyOf(name: string): string {
  // Written plainly it would be the prototype.
  if (name === "__proto__") return '["__proto__"]'
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

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
  /** What stands beside it and is no part of the value: how long a text is that is not all here. */
  aside?: string
  /** It is not the same on all Runtimes. */
  differs?: true
}

// How many characters of a string are drawn: an outcome is read at a glance, the rest is in the output.
const LONGEST = 200

// What a text could use to look like something else: controls, marks of direction, invisible spaces.
const HIDDEN = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** A string as JavaScript would write it. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    HIDDEN,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
}

/** The beginning of a text that is too long to be drawn. */
export function shortened(text: string, most = LONGEST): string {
  // A pair of surrogates is one character.
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`
}

/** A name as it stands before a colon: quoted only where it must be. */
export function keyOf(name: string): string {
  // Written plainly it would be the prototype.
  if (name === "__proto__") return '["__proto__"]'
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

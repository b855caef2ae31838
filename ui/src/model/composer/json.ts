import type { VariableUse } from "./variable-uses"

/** Where and why a text isn't JSON. Lines and columns count from 1. */
export interface JsonProblem {
  from: number
  to: number
  line: number
  column: number
  message: string
}

interface Token {
  text: string
  at: number
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z_$][\w$]*/y
const SPACE = /[ \t\r\n]*/y

/** What is wrong with a text, or `undefined` for JSON. `uses`: variables, which may be in the place of values. */
export function jsonProblem(text: string, uses: readonly VariableUse[] = []): JsonProblem | undefined {
  const read = scan(text, uses)
  if (Array.isArray(read)) return undefined
  const { from, message } = read
  const before = text.slice(0, from)
  const start = before.lastIndexOf("\n") + 1
  return {
    from,
    to: Math.min(text.length, from + 1),
    line: before.split("\n").length,
    column: from - start + 1,
    message,
  }
}

/** The same JSON, indented; numbers, strings and variables as they were typed. `undefined` for what isn't JSON. */
export function formatJson(text: string, uses: readonly VariableUse[] = []): string | undefined {
  const tokens = scan(text, uses)
  if (!Array.isArray(tokens)) return undefined
  let depth = 0
  let out = ""
  const line = () => `\n${"  ".repeat(depth)}`
  tokens.forEach(({ text: token }, i) => {
    const closed = tokens[i + 1]?.text === "}" || tokens[i + 1]?.text === "]"
    if (token === "{" || token === "[") {
      depth += 1
      out += closed ? token : token + line()
    } else if (token === "}" || token === "]") {
      depth -= 1
      const before = tokens[i - 1]?.text
      out += before === "{" || before === "[" ? token : line() + token
    } else if (token === ",") {
      out += token + line()
    } else out += token === ":" ? ": " : token
  })
  return out
}

interface Wrong {
  from: number
  message: string
}

/** What may come next. */
type Wants = "value" | "first value" | "name" | "first name" | ":" | ", or end" | "end"

/** The tokens of a JSON text, or where it stops being one. */
function scan(text: string, uses: readonly VariableUse[]): Token[] | Wrong {
  const variables = new Map(uses.map(({ from, to }) => [from, text.slice(from, to)]))
  const tokens: Token[] = []
  const open: ("{" | "[")[] = []
  let wants: Wants = "value"
  const after = (): Wants => (open.length === 0 ? "end" : ", or end")
  for (let at = 0; ;) {
    at += matchAt(SPACE, text, at)!.length
    if (at >= text.length) {
      if (wants === "end") return tokens
      return { from: text.length, message: missing(wants, open.at(-1)) }
    }
    const c = text[at]!
    let token: string = c
    if (wants === "end") return { from: at, message: "There is more text after the value." }
    if (c === "}" || c === "]") {
      const fits = open.at(-1) === (c === "}" ? "{" : "[")
      const may: readonly Wants[] = [", or end", c === "}" ? "first name" : "first value"]
      if (!fits || !may.includes(wants)) return wrongEnd(wants, open.at(-1), at, c)
      open.pop()
      wants = after()
    } else if (wants === ", or end") {
      if (c !== ",") return { from: at, message: missing(wants, open.at(-1)) }
      wants = open.at(-1) === "{" ? "name" : "value"
    } else if (wants === ":") {
      if (c !== ":") return { from: at, message: missing(wants, open.at(-1)) }
      wants = "value"
    } else if (wants === "name" || wants === "first name") {
      if (c !== '"') return { from: at, message: missing(wants, open.at(-1)) }
      const read = stringAt(text, at)
      if (typeof read !== "string") return read
      token = read
      wants = ":"
    } else if (variables.has(at)) {
      token = variables.get(at)!
      wants = after()
    } else if (c === "{" || c === "[") {
      open.push(c)
      wants = c === "{" ? "first name" : "first value"
    } else {
      const read = c === '"' ? stringAt(text, at) : plainAt(text, at)
      if (typeof read !== "string") return read
      token = read
      wants = after()
    }
    tokens.push({ text: token, at })
    at += token.length
  }
}

function wrongEnd(wants: Wants, open: string | undefined, from: number, c: string): Wrong {
  if (wants === "name" || (wants === "value" && open === "["))
    return { from, message: `A comma before ${c} isn't allowed.` }
  return { from, message: missing(wants, open) }
}

function missing(wants: Wants, open: string | undefined): string {
  switch (wants) {
    case "name":
    case "first name":
      return 'Expected a name in double quotes or "}".'
    case ":":
      return 'Expected ":" after the name.'
    case ", or end":
      return `Expected "," or "${open === "{" ? "}" : "]"}".`
    default:
      return "Expected a value."
  }
}

/** A number or a word. */
function plainAt(text: string, at: number): string | Wrong {
  const number = matchAt(NUMBER, text, at)
  if (number !== undefined) {
    const next = text[at + number.length]
    return next !== undefined && /[\w.+-]/.test(next)
      ? { from: at, message: "This isn't a valid number." }
      : number
  }
  const word = matchAt(WORD, text, at)
  if (word === "true" || word === "false" || word === "null") return word
  if (text[at] === "'") return { from: at, message: "Use double quotes for strings." }
  if (word !== undefined) return { from: at, message: `${word.slice(0, 40)} isn't a JSON value.` }
  return { from: at, message: text[at] === "-" ? "This isn't a valid number." : "Expected a value." }
}

function stringAt(text: string, start: number): string | Wrong {
  for (let at = start + 1; at < text.length; at += 1) {
    const c = text[at]!
    if (c === '"') return text.slice(start, at + 1)
    if (c < " ") {
      const message =
        c === "\n" ? "This string isn't closed on its line." : "A string can't contain this character."
      return { from: c === "\n" ? start : at, message }
    }
    if (c === "\\") {
      if (!/^(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(text.slice(at + 1, at + 6)))
        return { from: at, message: "This escape sequence isn't valid." }
      at += 1
    }
  }
  return { from: start, message: "This string isn't closed." }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

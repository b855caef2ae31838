/** Arguments that only a shell would take for more than arguments. */
import ts from "typescript"
import { isExec, isLine, isSpawn, streams, type SdkCallSite } from "../sdk-calls"
import { lint, type CodeLint } from "./lint"

const SHELL = /^(.*\/)?(ba|da|z|k|a)?sh$/
/** An argument that is nothing but an operator. */
const OPERATOR = /^(\||\|\||&&|&|;|>>?|<|\d?>&\d|\d>)$/
/** What a shell would act on inside of an argument. */
const INSIDE = /\$\(|`|&&|\|\||[|;<>]/

const FIX =
  'Run one program for each exec, or pass a whole script to one: exec("sh", ["-c", script], { stream }).'

export function shell(call: SdkCallSite): CodeLint[] {
  if (isLine(call)) return lines(call)
  if (!isExec(call) && !isSpawn(call) && call.path !== "execDockerCmd") return []
  const [program, ...rest] = call.node.arguments
  const list = call.path === "execDockerCmd" ? rest : listOf(rest[0])
  const streaming = isSpawn(call) || streams(call)
  const name = program && textOf(program)
  if (name !== undefined && SHELL.test(name)) return streaming ? [] : scripts(list)
  const caught = program && name !== undefined && isLineOf(name) ? [chained(program)] : []
  return [...caught, ...list.filter((one) => isChaining(one, streaming)).map(chained)]
}

/** `program | other`, `program && other` in the place of the program. */
const isLineOf = (name: string) => INSIDE.test(name)

function isChaining(argument: ts.Expression, streaming: boolean): boolean {
  const text = textOf(argument)
  if (text === undefined) return false
  // Without a shell, a `|` in the middle of an argument is a letter like others.
  return OPERATOR.test(text) || /\$\(.*\)|&&/.test(text) || (!streaming && INSIDE.test(text))
}

function chained(node: ts.Node): CodeLint {
  return lint(node, "shell-characters", "warning", {
    summary: `\`${node.getText()}\` has a meaning only in a shell.`,
    impact:
      "Chaining isn't supported: the program gets it as an argument, except on runtimes that run a plain exec in a shell.",
    fix: FIX,
  })
}

/** The deprecated functions take one line; how it is split is not documented. */
function lines(call: SdkCallSite): CodeLint[] {
  const line = call.node.arguments.at(-1)
  const text = line && textOf(line)
  return line && text !== undefined && INSIDE.test(text) ? [chained(line)] : []
}

/** `sh -c script` without `stream`: the script's words fall apart where the line is joined again. */
function scripts(list: readonly ts.Expression[]): CodeLint[] {
  const at = list.findIndex((one) => textOf(one) === "-c")
  const script = at >= 0 ? list[at + 1] : undefined
  const text = script && textOf(script)
  if (!script || text === undefined || !/\s|[|;&<>$`]/.test(text) || /^(["']).*\1$/s.test(text)) return []
  return [
    lint(script, "shell-joined", "warning", {
      summary: "Docker Desktop joins a plain exec into one shell line without quotes (reported).",
      impact: "`sh -c` then gets the first word of the script only.",
      fix: "Add `stream`, which passes arguments as they are, or put the script into a file of the image.",
    }),
  ]
}

function listOf(node: ts.Expression | undefined): readonly ts.Expression[] {
  return node && ts.isArrayLiteralExpression(node) ? node.elements : []
}

/** The fixed text of it; of a template its fixed parts. */
function textOf(node: ts.Expression): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (ts.isTemplateExpression(node))
    return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join("x")
  return undefined
}

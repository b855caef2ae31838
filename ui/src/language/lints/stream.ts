/** What a streaming exec does not do, and what its callbacks get. */
import ts from "typescript"
import {
  bare,
  each,
  isExec,
  isLine,
  isSpawn,
  propertyOf,
  streamOf,
  streams,
  type SdkCallSite,
} from "../sdk-calls"
import { contains, isCondition, outputOf, readsOf, resultsOf, spawnedOf, type Held } from "../sdk-uses"
import { lint, type CodeLint } from "./lint"

export function streaming(call: SdkCallSite): CodeLint[] {
  const output = isSpawn(call) ? spawnedOf(call) : outputOf(call)
  const plain = (isExec(call) && !streams(call)) || isLine(call) || call.path === "execDockerCmd"
  const held = [...(output ? [output] : []), ...(plain ? resultsOf(call) : [])]
  return [
    ...held.flatMap(swapped),
    ...(output ? either(output) : []),
    ...(isExec(call) && streams(call) ? [...awaited(call), ...endless(call)] : []),
  ]
}

/** stdout printed as an error, and stderr as if it were not one. */
function swapped(held: Held): CodeLint[] {
  const printed = (stream: "stdout" | "stderr", how: RegExp) => {
    const other = readsOf(held, stream === "stdout" ? "stderr" : "stdout")
    return readsOf(held, stream)
      .map(printOf)
      .filter(
        (print) =>
          print !== undefined &&
          how.test(print.expression.getText()) &&
          !other.some((one) => contains(print, one)),
      ) as ts.CallExpression[]
  }
  const out = printed("stdout", /^console\.(error|warn)$/)
  if (out.length === 0) return []
  const err = printed("stderr", /^console\.(log|info)$/)
  return [...out, ...err].map((print) =>
    lint(print, "streams-swapped", "warning", {
      summary: out.includes(print)
        ? "The command's stdout is printed as an error."
        : "The command's stderr is printed as its output.",
      impact: "A sample in the documentation swaps the two.",
      fix: "Print stdout with console.log, stderr with console.error.",
    }),
  )
}

/** The print that a value is an argument of. */
function printOf(node: ts.Node): ts.CallExpression | undefined {
  for (let at = node; !ts.isStatement(at) && at.parent; at = at.parent) {
    if (ts.isCallExpression(at) && /^console\.\w+$/.test(at.expression.getText())) return at
  }
  return undefined
}

/** `if (data.stdout) … else … data.stderr`: an empty line is not true either. */
function either(held: Held): CodeLint[] {
  const others = readsOf(held, "stderr")
  return readsOf(held, "stdout").flatMap((out) => {
    const otherwise = elseOf(out)
    if (!otherwise || !isCondition(out) || !others.some((err) => contains(otherwise, err))) return []
    return lint(out, "empty-line", "warning", {
      summary: `An empty line of stdout is "", which is falsy: \`${out.getText()}\` then chooses stderr.`,
      impact: "`undefined` is printed for it.",
      fix: `Ask \`${out.getText()} !== undefined\`.`,
    })
  })
}

function elseOf(condition: ts.Expression): ts.Node | undefined {
  const { parent } = condition
  if (ts.isIfStatement(parent)) return parent.elseStatement
  if (ts.isConditionalExpression(parent)) return parent.whenFalse
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.BarBarToken
    ? parent.right
    : undefined
}

function awaited({ node }: SdkCallSite): CodeLint[] {
  let outer: ts.Node = node.parent
  while (ts.isExpression(outer) && bare(outer) !== outer) outer = outer.parent
  const then = ts.isPropertyAccessExpression(outer) && ["then", "catch", "finally"].includes(outer.name.text)
  if (!ts.isAwaitExpression(outer) && !then) return []
  return [
    lint(then ? (outer as ts.PropertyAccessExpression).name : node.expression, "stream-awaited", "warning", {
      summary: "An exec with `stream` returns its process immediately, not a promise.",
      impact: then ? "It has no such method." : "`await` doesn't wait for the command's end.",
      fix: "Wait in `onClose`: `await new Promise((done) => … onClose: done …)`.",
    }),
  ]
}

/** Nothing hears of the end, or that it could not be started. */
function endless(call: SdkCallSite): CodeLint[] {
  const stream = streamOf(call)
  // What is spread into it is not known here.
  if (!stream || stream.properties.some(ts.isSpreadAssignment)) return []
  if (propertyOf(stream, "onClose") || propertyOf(stream, "onError")) return []
  let name: ts.Node = call.node.expression
  each(call.node, (node) => {
    if (ts.isPropertyAssignment(node) && node.initializer === stream) name = node.name
  })
  return [
    lint(name, "stream-unended", "note", {
      summary: "This stream has neither `onClose` nor `onError`.",
      impact: "Your code isn't notified when the command ends or can't be started.",
      fix: "Add `onClose(code)` and `onError(error)`.",
    }),
  ]
}

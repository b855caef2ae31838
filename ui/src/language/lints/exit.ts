/** Exit codes that are asked for in a way that does not answer. */
import ts from "typescript"
import { isExec, isLine, isSpawn, streams, type SdkCallSite } from "../sdk-calls"
import { isCondition, readsOf, resultsOf, spawnedOf } from "../sdk-uses"
import { lint, type CodeLint } from "./lint"

export function exitCodes(call: SdkCallSite): CodeLint[] {
  if (isSpawn(call)) return ofLastCall(call)
  const plain = (isExec(call) && !streams(call)) || isLine(call) || call.path === "execDockerCmd"
  return plain ? ofResult(call) : []
}

/** `if (data.code)` in the callback of the deprecated functions. */
function ofLastCall(call: SdkCallSite): CodeLint[] {
  const data = spawnedOf(call)
  if (!data) return []
  return readsOf(data, "code")
    .filter(isCondition)
    .map((code) =>
      lint(code, "exit-code-truth", "warning", {
        summary: `\`${code.getText()}\` is 0 when the command succeeds, and 0 is falsy.`,
        impact: "Code that waits for the end here never runs after a success.",
        fix: `Ask \`${code.getText()} !== undefined\`.`,
      }),
    )
}

/** `if (result.code)` and `result.code === 0` of a plain exec. */
function ofResult(call: SdkCallSite): CodeLint[] {
  const codes = resultsOf(call).flatMap((held) => readsOf(held, "code"))
  return codes.flatMap((code) => {
    const text = code.getText()
    if (isCondition(code))
      return lint(code, "exit-code-truth", "warning", {
        summary: `\`${text}\` is never true here: after a success it is 0 or absent.`,
        impact: "A command that fails rejects instead, so this says nothing about failures.",
        fix: "Catch the rejection and read its `code`.",
      })
    if (!isCompared(code)) return []
    return lint(code, "exit-code-absent", "warning", {
      summary: `\`${text}\` is absent after a success on Docker Desktop (reported); elsewhere it is 0.`,
      impact: "A comparison with 0 then treats a success as a failure.",
      fix: "A plain exec that resolves has succeeded: catch the rejection for the rest.",
    })
  })
}

const COMPARES = [
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]

function isCompared({ parent }: ts.Expression): boolean {
  if (!ts.isBinaryExpression(parent) || !COMPARES.includes(parent.operatorToken.kind)) return false
  return [parent.left, parent.right].some((side) => ts.isNumericLiteral(side))
}

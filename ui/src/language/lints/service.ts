/** What a request of the SDK resolves with, and what it does not. */
import ts from "typescript"
import { isService, type SdkCallSite } from "../sdk-calls"
import { isCondition, readsOf, resultsOf, usesOf } from "../sdk-uses"
import { lint, type CodeLint } from "./lint"

export function service(call: SdkCallSite): CodeLint[] {
  if (!isService(call)) return []
  return call.path.endsWith(".head") ? heads(call) : [...asked(call), ...members(call)]
}

/** `if (!r)`: an empty body, 0 and false are answers too. */
function asked(call: SdkCallSite): CodeLint[] {
  return resultsOf(call)
    .flatMap(usesOf)
    .filter(isCondition)
    .map((used) =>
      lint(used, "body-truth", "warning", {
        summary: `\`${used.text}\` is the body: an empty response (204), 0 and false are falsy too.`,
        impact: "A successful response is then treated as missing.",
        fix: "A failed request rejects: catch the rejection, and compare the body with the expected value.",
      }),
    )
}

/** Of a response, there is the body only. `sure`: a body has hardly a member of that name. */
const RESPONSE: Record<string, { sure: boolean }> = {
  headers: { sure: true },
  ok: { sure: true },
  statusText: { sure: true },
  statusCode: { sure: true },
  json: { sure: true },
  status: { sure: false },
  data: { sure: false },
}

function members(call: SdkCallSite): CodeLint[] {
  const held = resultsOf(call)
  return Object.entries(RESPONSE).flatMap(([member, { sure }]) =>
    held
      .flatMap((one) => readsOf(one, member))
      .map((read) =>
        lint(read, "body-only", sure ? "warning" : "note", {
          summary: `A request resolves with the body alone; \`${read.getText()}\` is a member of that body.`,
          impact: "The SDK doesn't return the status and headers of a success.",
          fix: sure
            ? "Use the value itself. A failed request rejects with `statusCode`."
            : `Keep it if the backend's JSON has \`${member}\`; otherwise use the value itself.`,
        }),
      ),
  )
}

/** What HEAD resolves with is empty. */
function heads(call: SdkCallSite): CodeLint[] {
  const used = resultsOf(call).flatMap((held) =>
    ts.isIdentifier(held.name) ? usesOf(held) : [held.name as ts.Node],
  )
  const { parent } = call.node
  const printed = ts.isAwaitExpression(parent) && ts.isCallExpression(parent.parent) ? [parent] : []
  return [...used, ...printed].map((node) =>
    lint(node, "head-empty", "note", {
      summary: "HEAD has no body, and the SDK returns nothing else.",
      impact: "The promise resolves with an empty value.",
      fix: "Check only whether it resolves or rejects, or use GET.",
    }),
  )
}

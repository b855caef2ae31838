/** What a request of the SDK resolves with, and what it does not. */
import ts from "typescript"
import { isService, type SdkCall } from "./sdk-calls"
import { isCondition, readsOf, resultsOf, usesOf } from "./sdk-uses"
import { trap, type Trap } from "./traps"

export function service(call: SdkCall): Trap[] {
  if (!isService(call)) return []
  return call.path.endsWith(".head") ? heads(call) : [...asked(call), ...members(call)]
}

/** `if (!r)`: an empty body, 0 and false are answers too. */
function asked(call: SdkCall): Trap[] {
  return resultsOf(call)
    .flatMap(usesOf)
    .filter(isCondition)
    .map((used) =>
      trap(used, "body-truth", "warning", {
        happened: `\`${used.text}\` is the body: an empty answer (204), 0 and false are not true either.`,
        matters: "A successful answer is then taken for none.",
        advice: "A request that fails rejects: catch that, and compare the body with what is expected.",
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

function members(call: SdkCall): Trap[] {
  const held = resultsOf(call)
  return Object.entries(RESPONSE).flatMap(([member, { sure }]) =>
    held
      .flatMap((one) => readsOf(one, member))
      .map((read) =>
        trap(read, "body-only", sure ? "warning" : "note", {
          happened: `A request resolves with the body alone; \`${read.getText()}\` is a member of that body.`,
          matters: "Status and headers of a success are not handed over.",
          advice: sure
            ? "Use the value itself. What failed rejects with `statusCode`."
            : `Keep it if the backend's JSON has \`${member}\`; else use the value itself.`,
        }),
      ),
  )
}

/** What HEAD resolves with is empty. */
function heads(call: SdkCall): Trap[] {
  const used = resultsOf(call).flatMap((held) =>
    ts.isIdentifier(held.name) ? usesOf(held) : [held.name as ts.Node],
  )
  const { parent } = call.node
  const printed = ts.isAwaitExpression(parent) && ts.isCallExpression(parent.parent) ? [parent] : []
  return [...used, ...printed].map((node) =>
    trap(node, "head-empty", "note", {
      happened: "HEAD has no body, and the SDK hands over nothing else.",
      matters: "There is nothing to read in what it resolves with.",
      advice: "Use only that it resolves or rejects, or ask with GET.",
    }),
  )
}

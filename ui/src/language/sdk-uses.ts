/** What code does with what the SDK hands to it. */
import ts from "typescript"
import { bare, each, functionOf, isFunction, streamOf, type SdkCallSite } from "./sdk-calls"

/** A name for something that the SDK handed over, and where that name is known. */
export interface Held {
  name: ts.BindingName
  scope: ts.Node
}

/** The names that a call's value is given: by `await`, or as what `then` hands on. */
export function resultsOf({ node }: SdkCallSite): Held[] {
  const outer = climb(node)
  const held: Held[] = []
  if (
    ts.isPropertyAccessExpression(outer) &&
    outer.name.text === "then" &&
    ts.isCallExpression(outer.parent)
  ) {
    const call = outer.parent.arguments[0]
    const name = isFunction(call) ? call.parameters[0]?.name : undefined
    if (isFunction(call) && name) held.push({ name, scope: call.body })
  }
  if (ts.isAwaitExpression(outer)) {
    const declared = climb(outer)
    if (ts.isVariableDeclaration(declared)) {
      const scope = declared.parent.parent.parent
      held.push({ name: declared.name, scope })
    }
  }
  return held
}

/** What `onOutput` is called with. */
export function outputOf(call: SdkCallSite): Held | undefined {
  const stream = streamOf(call)
  return stream && parameterOf(functionOf(stream, "onOutput"))
}

/** What the one callback of the deprecated functions is called with. */
export function spawnedOf({ node }: SdkCallSite): Held | undefined {
  const last = node.arguments.at(-1)
  return isFunction(last) ? parameterOf(last) : undefined
}

function parameterOf(call: ts.FunctionLikeDeclaration | undefined): Held | undefined {
  const name = call?.parameters[0]?.name
  return call?.body && name ? { name, scope: call.body } : undefined
}

/** Where a member of it is read: `data.code`, or `code` of `({ code })`. */
export function readsOf({ name, scope }: Held, member: string): ts.Expression[] {
  const found: ts.Expression[] = []
  const own = ts.isObjectBindingPattern(name)
    ? name.elements.find(
        (one) =>
          ((one.propertyName as ts.Identifier | undefined) ?? (one.name as ts.Identifier)).text === member,
      )?.name
    : undefined
  if (own && ts.isIdentifier(own)) return usesOf({ name: own, scope })
  if (!ts.isIdentifier(name)) return []
  each(scope, (node) => {
    if (
      ts.isPropertyAccessExpression(node) &&
      node.name.text === member &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === name.text
    )
      found.push(node)
  })
  return found
}

/** Where the name itself is used. */
export function usesOf({ name, scope }: Held): ts.Identifier[] {
  const found: ts.Identifier[] = []
  if (!ts.isIdentifier(name)) return found
  each(scope, (node) => {
    if (!ts.isIdentifier(node) || node.text !== name.text || node === name) return
    const { parent } = node
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return
    if (ts.isPropertyAssignment(parent) && parent.name === node) return
    found.push(node)
  })
  return found
}

/** Whether only the truth of a value counts where it is. */
export function isCondition(node: ts.Expression): boolean {
  const outer = climb(node)
  if (ts.isPrefixUnaryExpression(outer)) return outer.operator === ts.SyntaxKind.ExclamationToken
  if (ts.isIfStatement(outer) || ts.isWhileStatement(outer)) return contains(outer.expression, node)
  if (ts.isConditionalExpression(outer)) return contains(outer.condition, node)
  if (!ts.isBinaryExpression(outer)) return false
  const { kind } = outer.operatorToken
  const joined = kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken
  return joined && (contains(outer.left, node) || isCondition(outer))
}

export function contains(outer: ts.Node, inner: ts.Node): boolean {
  return outer.pos <= inner.pos && inner.end <= outer.end
}

/** The first parent that is no bracket, cast or `!`. */
function climb(node: ts.Node): ts.Node {
  const { parent } = node
  return ts.isExpression(parent) && bare(parent) !== parent ? climb(parent) : parent
}

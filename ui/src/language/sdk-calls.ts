/**
 * Where code calls the SDK: read from the shape of the code alone, so that it also holds for code
 * whose types are not known.
 */
import ts from "typescript"
import { FUNCTIONS } from "../ipc/generated/functions"
import type { Signature } from "../ipc/generated/Signature"

/** A call of the SDK, by the full name of what is called, without `ddClient` itself. */
export interface SdkCallSite {
  /** `extension.vm.cli.exec`, `backend.get`. */
  path: string
  node: ts.CallExpression
}

/** What a name represents: `const service = ddClient.extension.vm.service`. */
type Names = Map<string, readonly string[] | undefined>

const CLIENTS = ["createDockerDesktopClient", "useDockerDesktopClient"]
const SDK =
  /^(extension\.(vm|host)\.cli\.exec|docker\.(cli\.exec|listContainers|listImages)|extension\.vm\.service\.\w+|desktopUI\.\w+\.\w+|host\.\w+|backend\.\w+|(exec|spawn)\w+|listContainers|listImages|toast\w+|openExternal|navigateTo\w+)$/

/** How a function takes its arguments, of those that make a call. */
const signatureOf = ({ path }: SdkCallSite) => SIGNATURES.get(path)
const SIGNATURES = new Map<string, Signature>(FUNCTIONS.map(({ path, signature }) => [path, signature]))

export const isService = (call: SdkCallSite) => ["method", "request"].includes(signatureOf(call)?.kind ?? "")
export const isExec = (call: SdkCallSite) => signatureOf(call)?.kind === "exec"
/** The deprecated ones that take one callback. */
export const isSpawn = (call: SdkCallSite) => signatureOf(call)?.kind === "spawn"
/** The deprecated ones that take a command line and nothing after it. */
export function isLine(call: SdkCallSite): boolean {
  const signature = signatureOf(call)
  return signature?.kind === "line" && !signature.rest
}

/** All calls of the SDK, in the order in which they are. */
export function sdkCalls(file: ts.SourceFile): SdkCallSite[] {
  const names = namesOf(file)
  const found: SdkCallSite[] = []
  each(file, (node) => {
    if (!ts.isCallExpression(node)) return
    const path = memberOf(pathOf(node.expression, names))
    if (path !== undefined && SDK.test(path)) found.push({ path, node })
  })
  return found
}

/** The options of an exec that streams. */
export function streamOf({ node }: SdkCallSite): ts.ObjectLiteralExpression | undefined {
  const options = node.arguments[2]
  const stream = options && ts.isObjectLiteralExpression(options) ? propertyOf(options, "stream") : undefined
  return stream && ts.isPropertyAssignment(stream) && ts.isObjectLiteralExpression(stream.initializer)
    ? stream.initializer
    : undefined
}

/** An exec with options in which something streams, whatever it is. */
export function streams({ node }: SdkCallSite): boolean {
  const options = node.arguments[2]
  return options !== undefined && ts.isObjectLiteralExpression(options) && !!propertyOf(options, "stream")
}

export function propertyOf(object: ts.ObjectLiteralExpression, name: string) {
  return object.properties.find(
    (one) =>
      one.name && (ts.isIdentifier(one.name) || ts.isStringLiteral(one.name)) && one.name.text === name,
  )
}

/** The function that a property is, as a method or as a value. */
export function functionOf(object: ts.ObjectLiteralExpression, name: string) {
  const found = propertyOf(object, name)
  if (!found) return undefined
  if (ts.isMethodDeclaration(found)) return found
  return ts.isPropertyAssignment(found) && isFunction(found.initializer) ? found.initializer : undefined
}

export function isFunction(node: ts.Node | undefined): node is ts.ArrowFunction | ts.FunctionExpression {
  return node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node))
}

/** Looks at a node and all in it, in the order in which they are. */
export function each(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node)
  ts.forEachChild(node, (child) => each(child, look))
}

/** Without what changes nothing of a value: brackets, casts, `!`. */
export function bare(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node)
    ? bare(node.expression)
    : node
}

/** A name that is declared twice, anywhere, represents nothing that could be relied on. */
function namesOf(file: ts.SourceFile): Names {
  const names: Names = new Map()
  const put = (name: string, path: readonly string[] | undefined) =>
    names.set(name, names.has(name) ? undefined : path)
  each(file, (node) => {
    if (!ts.isVariableDeclaration(node)) return
    const path = node.initializer && pathOf(node.initializer, names)
    if (ts.isIdentifier(node.name)) put(node.name.text, path)
    else if (ts.isObjectBindingPattern(node.name) && path)
      for (const { name, propertyName } of node.name.elements) {
        if (!ts.isIdentifier(name)) continue
        const member = propertyName && ts.isIdentifier(propertyName) ? propertyName.text : name.text
        put(name.text, [...path, member])
      }
  })
  return names
}

function pathOf(wrapped: ts.Expression, names: Names): readonly string[] | undefined {
  const node = bare(wrapped)
  if (ts.isIdentifier(node)) return names.get(node.text) ?? [node.text]
  if (ts.isPropertyAccessExpression(node)) {
    const of = pathOf(node.expression, names)
    return of && [...of, node.name.text]
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression)) {
    const of = pathOf(node.expression, names)
    return of && [...of, node.argumentExpression.text]
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && CLIENTS.includes(node.expression.text))
    return ["ddClient"]
  return undefined
}

/** What of the client is named. A client under its own name is known by `extension.vm`. */
function memberOf(path: readonly string[] | undefined): string | undefined {
  if (!path) return undefined
  const client = path.indexOf("ddClient")
  if (client >= 0) return path.slice(client + 1).join(".")
  const extension = path.findIndex(
    (name, at) => name === "extension" && /^(vm|host)$/.test(path[at + 1] ?? ""),
  )
  return extension >= 0 ? path.slice(extension).join(".") : undefined
}

/** What the language service says of the code, in the page's words. */
import ts from "typescript"
import type { DiagnosticCode } from "../ipc/generated/DiagnosticCode"
import { jsxIn, NO_JSX } from "./compile"
import { CODE, reading } from "./service"
import type { HoverInfo, Offers, CodeDiagnostic, NameInfo } from "./protocol"
import { lints } from "./lints/lints"

/**
 * What may be typed at a place. Asked for the code without the word that is being typed there: an
 * option that is half a name would not fit any form of a call, and nothing of use would be offered.
 */
export function offers(code: string, at: number): Offers | null {
  const word = wordBefore(code, at)
  const found = reading(without(code, at, word)).getCompletionsAtPosition(CODE, at - word, {})
  if (!found) return null
  return {
    from: at - word,
    to: at,
    offers: found.entries.map(({ name, kind, sortText, kindModifiers }) => ({
      label: name,
      kind,
      sort: sortText,
      deprecated: kindModifiers?.includes("deprecated") ?? false,
    })),
  }
}

/** What is told of one of the offers. */
export function nameInfo(code: string, at: number, name: string): NameInfo | null {
  const word = wordBefore(code, at)
  const found = reading(without(code, at, word)).getCompletionEntryDetails(
    CODE,
    at - word,
    name,
    {},
    undefined,
    {},
    undefined,
  )
  return found ? tell(found.displayParts, found.documentation, found.tags) : null
}

const wordBefore = (code: string, at: number) => /[\w$]*$/.exec(code.slice(0, at))?.[0].length ?? 0
const without = (code: string, at: number, word: number) => code.slice(0, at - word) + code.slice(at)

/** What is told of the name at a place. */
export function hover(code: string, at: number): HoverInfo | null {
  const found = reading(code).getQuickInfoAtPosition(CODE, at)
  if (!found) return null
  const { start, length } = found.textSpan
  return { from: start, to: start + length, ...tell(found.displayParts, found.documentation, found.tags) }
}

function tell(
  declared: ts.SymbolDisplayPart[] | undefined,
  doc: ts.SymbolDisplayPart[] | undefined,
  tags: ts.JSDocTagInfo[] | undefined,
): NameInfo {
  const deprecated = tags?.find((tag) => tag.name === "deprecated")
  return {
    declared: ts.displayPartsToString(declared),
    doc: plain(ts.displayPartsToString(doc)),
    // The official text begins with the name of a picture.
    ...(deprecated
      ? { deprecated: plain(ts.displayPartsToString(deprecated.text)).replace(/^:warning:\s*/, "") }
      : {}),
  }
}

/** Links of the official texts name what they link to; code fences are read as written. */
function plain(text: string): string {
  return text.replace(/\{@link\s+([^}]*)\}/g, (_, to: string) => to.trim()).replace(/\r/g, "")
}

/** Syntax, types and traps, in the order in which they are. */
export function diagnostics(code: string): CodeDiagnostic[] {
  const service = reading(code)
  const file = service.getProgram()?.getSourceFile(CODE)
  if (!file) return []
  const wrong = service.getSyntacticDiagnostics(CODE)
  const tag = wrong.length > 0 ? jsxIn(code) : undefined
  if (tag !== undefined) return [{ from: tag, to: tag + 1, code: "jsx", severity: "error", summary: NO_JSX }]
  const found: CodeDiagnostic[] = wrong.map((one) => codeDiagnostic(one, "syntax", "error"))
  // Of code that cannot be read, types say nothing.
  if (wrong.length > 0) return found
  const caught = lints(file)
  const checker = service.getProgram()?.getTypeChecker()
  for (const one of service.getSemanticDiagnostics(CODE)) {
    if (checker && one.code === NO_PROPERTY && isOfUnknown(file, one.start ?? 0, checker)) continue
    const said = typeDiagnostic(one, code)
    if (said) found.push(said)
  }
  for (const { from, to, severity, summary, impact, fix, code } of caught)
    found.push({ from, to, severity, summary, impact, fix, code })
  for (const one of service.getSuggestionDiagnostics(CODE)) {
    if (!one.reportsDeprecated) continue
    const said = codeDiagnostic(one, "deprecated", "note")
    const known = caught.some(
      ({ code, from, to }) => code === "deprecated" && from <= said.from && said.to <= to,
    )
    if (!known) found.push(said)
  }
  return found.sort((a, b) => a.from - b.from || a.to - b.to)
}

function codeDiagnostic(
  one: ts.Diagnostic,
  code: DiagnosticCode,
  severity: CodeDiagnostic["severity"],
): CodeDiagnostic {
  const from = one.start ?? 0
  return {
    code,
    from,
    to: from + Math.max(1, one.length ?? 1),
    severity,
    summary: ts.flattenDiagnosticMessageText(one.messageText, "\n"),
    quoted: true,
  }
}

/** There is no such property on a type. */
const NO_PROPERTY = 2339

/** Whether the name at a place is read from a value of type `unknown`: `({ name } = value)`. */
function isOfUnknown(file: ts.SourceFile, at: number, checker: ts.TypeChecker): boolean {
  let node: ts.Node = file
  for (let inner: ts.Node | undefined = file; inner;) {
    node = inner
    inner = ts.forEachChild(node, (child) =>
      child.getStart(file) <= at && at < child.getEnd() ? child : undefined,
    )
  }
  const { parent } = node
  const of = ts.isBindingElement(parent)
    ? parent.parent
    : ts.isPropertyAccessExpression(parent)
      ? parent.expression
      : undefined
  return of !== undefined && (checker.getTypeAtLocation(of).flags & ts.TypeFlags.Unknown) !== 0
}

const UNKNOWN_NAMES = [2304, 2552, 2580, 2581, 2582, 2583, 2584, 2591]
const UNKNOWN_MODULES = [2307, 2792, 7016]
/**
 * Not said: what a service resolves with is `unknown` to the types, and code that was written as
 * JavaScript reads its members; a `return` at the top ends the run.
 */
const UNSAID = [1108, 2571, 18046]

/** Code with wrong types runs all the same: what is wrong with them is a warning. */
function typeDiagnostic(one: ts.Diagnostic, code: string): CodeDiagnostic | undefined {
  if (UNSAID.includes(one.code)) return undefined
  const said = codeDiagnostic(one, "types", one.category === ts.DiagnosticCategory.Error ? "warning" : "note")
  const name = code.slice(said.from, said.to).replace(/^['"]|['"]$/g, "")
  if (UNKNOWN_MODULES.includes(one.code))
    return {
      ...said,
      code: "not-available",
      quoted: false,
      summary: `"${name}" isn't available: the console has only "@docker/extension-api-client".`,
      fix: "Code that uses it fails when it runs; the rest of the code works.",
    }
  if (UNKNOWN_NAMES.includes(one.code) && name in ABSENT)
    return {
      ...said,
      code: "not-available",
      quoted: false,
      summary: `\`${name}\` isn't available here.`,
      fix: ABSENT[name]!,
    }
  return said
}

const PAGE = "The console runs code in a worker, without a page to draw on."
const NETWORK = "Code in the console reaches the backend through ddClient.extension.vm.service only."
const NODE = "An extension's code runs in a page, not in Node.js: commands go through ddClient."
const ABSENT: Record<string, string> = {
  document: PAGE,
  localStorage: PAGE,
  sessionStorage: PAGE,
  alert: "Print with console.log, or show ddClient.desktopUI.toast.success(…).",
  fetch: NETWORK,
  XMLHttpRequest: NETWORK,
  WebSocket: NETWORK,
  EventSource: NETWORK,
  process: NODE,
  Buffer: NODE,
  __dirname: NODE,
}

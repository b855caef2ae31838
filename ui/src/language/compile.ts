/** What was typed, turned into the JavaScript that the console runs. */
import ts from "typescript"
import type { CompiledCode } from "./protocol"
import { CODE } from "./service"

const NO_JSX =
  "This is JSX. The console runs code and draws no components: keep what calls ddClient, and leave the component out."

/** TypeScript becomes JavaScript, `import` becomes `require`, and the value of a last expression is returned; types are
 * not looked at. */
export function compile(code: string): CompiledCode {
  const { outputText, sourceMapText, diagnostics } = ts.transpileModule(code, {
    fileName: CODE,
    reportDiagnostics: true,
    transformers: { before: [() => returnsLast] },
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.CommonJS,
      moduleDetection: ts.ModuleDetectionKind.Force,
      esModuleInterop: true,
      // The page never fetches it: the map is kept beside the code.
      sourceMap: true,
      inlineSourceMap: false,
      removeComments: false,
    },
  })
  const wrong = diagnostics?.find((one) => one.category === ts.DiagnosticCategory.Error)
  const tag = wrong && jsxIn(code)
  if (tag !== undefined) return refused(code, tag, NO_JSX)
  if (wrong) return refused(code, wrong.start ?? 0, ts.flattenDiagnosticMessageText(wrong.messageText, "\n"))
  return { js: outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"), map: sourceMapText ?? "" }
}

/** Returns the value of the last expression, in a list: a promise is handed over as it is and not waited for. */
function returnsLast(file: ts.SourceFile): ts.SourceFile {
  const last = file.statements.at(-1)
  if (last === undefined || !ts.isExpressionStatement(last)) return file
  const { factory } = ts
  const value = factory.createArrayLiteralExpression([last.expression])
  const returned = ts.setTextRange(factory.createReturnStatement(value), last)
  const statements = [...file.statements.slice(0, -1), ts.setOriginalNode(returned, last)]
  return factory.updateSourceFile(file, ts.setTextRange(factory.createNodeArray(statements), file.statements))
}

function refused(code: string, at: number, text: string): CompiledCode {
  const before = code.slice(0, at).split("\n")
  return { js: "", map: "", problem: { text, line: before.length, column: before.at(-1)!.length + 1 } }
}

/** Where the first element of JSX is, in code that is no TypeScript. */
export function jsxIn(code: string): number | undefined {
  const file = ts.createSourceFile("/code.tsx", code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TSX)
  let at: number | undefined
  const look = (node: ts.Node): void => {
    if (at !== undefined) return
    if (ts.isJsxElement(node) || ts.isJsxSelfClosingElement(node) || ts.isJsxFragment(node)) {
      at = node.getStart(file)
    } else ts.forEachChild(node, look)
  }
  look(file)
  return at
}

export { NO_JSX }

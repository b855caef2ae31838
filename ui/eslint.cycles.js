/**
 * A rule that finds import cycles. `no-cycle` of the usual plugins leaves out `import type`, but two files that need each
 * other's types belong together as much as any others.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import ts from "typescript"

const scripts = (file, text) =>
  file.endsWith(".svelte")
    ? [...text.matchAll(/<script[^>]*>(.*?)<\/script>/gs)].map(([, script]) => script).join("\n")
    : text

/** The file that an import of another file of ours means. */
function target(from, specifier) {
  if (!specifier.startsWith(".")) return undefined
  const path = resolve(dirname(from), specifier)
  return [path, `${path}.ts`].find((file) => /\.(ts|svelte)$/.test(file) && existsSync(file))
}

const known = new Map()
/** The files that this one imports. */
function imports(file) {
  if (!known.has(file)) {
    const { importedFiles } = ts.preProcessFile(scripts(file, readFileSync(file, "utf8")), true, true)
    known.set(
      file,
      importedFiles.map(({ fileName }) => target(file, fileName)).filter((found) => found !== undefined),
    )
  }
  return known.get(file)
}

/** The shortest way from a file to another one. */
function route(from, to) {
  const ways = [[from]]
  const seen = new Set([from])
  for (const way of ways) {
    const last = way.at(-1)
    if (last === to) return way
    for (const next of imports(last)) {
      if (seen.has(next)) continue
      seen.add(next)
      ways.push([...way, next])
    }
  }
  return undefined
}

export const noCycle = {
  meta: { type: "problem", schema: [], messages: { cycle: "Import cycle: {{files}}" } },
  create(context) {
    const file = context.physicalFilename
    const check = (node) => {
      const to = typeof node.source?.value === "string" ? target(file, node.source.value) : undefined
      // A component may draw itself.
      if (to === undefined || to === file) return
      const way = route(to, file)
      if (way === undefined) return
      const files = [file, ...way].map((path) => relative(context.cwd, path)).join(" → ")
      context.report({ node, messageId: "cycle", data: { files } })
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    }
  },
}

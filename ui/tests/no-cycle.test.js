import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ESLint } from "eslint"
import svelte from "eslint-plugin-svelte"
import ts from "typescript-eslint"
import { afterEach, beforeEach, expect, test } from "vitest"
import { noCycle } from "../eslint.cycles.js"

let folder = ""
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "porthole-cycles-"))))
afterEach(() => rmSync(folder, { recursive: true }))

/** What the rule says of these files. */
async function found(files) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const eslint = new ESLint({
    cwd: folder,
    overrideConfigFile: true,
    overrideConfig: [
      ts.configs.base,
      ...svelte.configs.base,
      {
        files: ["**/*.ts", "**/*.svelte"],
        languageOptions: { parserOptions: { parser: ts.parser } },
        plugins: { porthole: { rules: { "no-cycle": noCycle } } },
        rules: { "porthole/no-cycle": "error" },
      },
    ],
  })
  const results = await eslint.lintFiles(Object.keys(files))
  return results.flatMap(({ messages }) => messages.map(({ message }) => message)).sort()
}

const component = (script) => `<script lang="ts">\n  ${script}\n</script>\n\n<p>text</p>\n`

test("a cycle of types alone is one, and so is one through components and a dynamic import", async () => {
  const types = {
    "a.ts": 'import type { B } from "./b"\nexport type A = B',
    "b.ts": 'export type { A as B } from "./a"',
  }
  expect(await found(types)).toEqual(["Import cycle: a.ts → b.ts → a.ts", "Import cycle: b.ts → a.ts → b.ts"])
  const components = {
    "C.svelte": component('import D from "./D.svelte"\n  export const c = D'),
    "D.svelte": component('import { e } from "./e"\n  export const d = e'),
    "e.ts": 'export const e = () => import("./C.svelte")',
  }
  expect(await found(components)).toHaveLength(3)
})

test("files that only use each other one way, and a component that draws itself, are no cycle", async () => {
  const files = {
    "F.svelte": component(
      'import F from "./F.svelte"\n  import { g } from "./g.svelte"\n  export const f = [F, g]',
    ),
    "g.svelte.ts": 'import { h } from "./h"\nexport const g = h',
    "h.ts": 'import { readFileSync } from "node:fs"\nexport const h = readFileSync',
  }
  expect(await found(files)).toEqual([])
})

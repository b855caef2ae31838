/**
 * The files that code in the console is read with: the language's own declarations, the official
 * types, and what a worker has around it. They are texts; nothing of them runs.
 */
import around from "./around.d.ts.txt?raw"

const language = import.meta.glob<string>(
  [
    "/node_modules/typescript/lib/lib.es5.d.ts",
    "/node_modules/typescript/lib/lib.es20{15,16,17,18,19,20,21,22}*.d.ts",
    "/node_modules/typescript/lib/lib.decorators*.d.ts",
    // With the DOM in it.
    "!**/*.full.d.ts",
  ],
  { query: "?raw", import: "default", eager: true },
)
const official = import.meta.glob<string>(
  [
    "/node_modules/@docker/extension-api-client/package.json",
    "/node_modules/@docker/extension-api-client/dist/**/*.d.ts",
    "/node_modules/@docker/extension-api-client-types/package.json",
    "/node_modules/@docker/extension-api-client-types/dist/**/*.d.ts",
  ],
  { query: "?raw", import: "default", eager: true },
)

export const AROUND = "/around.d.ts"
export const LANGUAGE = "/node_modules/typescript/lib/lib.es2022.d.ts"

/** Texts by path. */
export const files: ReadonlyMap<string, string> = new Map([
  ...Object.entries(language),
  ...Object.entries(official),
  [AROUND, around],
])

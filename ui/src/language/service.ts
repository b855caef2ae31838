/** TypeScript's own language service over the one file that is typed, and what it is read with. */
import ts from "typescript"
import { AROUND, files, LANGUAGE } from "./files"

export const CODE = "/code.ts"

// Not strict: code that was written as JavaScript runs too, and is not to be lectured about.
export const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  // Top-level `await` is taken for one in code without any import too.
  moduleDetection: ts.ModuleDetectionKind.Force,
  lib: [LANGUAGE],
  types: [],
  strict: false,
  noEmit: true,
  skipLibCheck: true,
  allowJs: true,
  esModuleInterop: true,
}

let code = ""
let version = 0

/** A text that never changes is read and split into lines once. */
const snapshots = new Map<string, ts.IScriptSnapshot>()

function fixed(path: string): ts.IScriptSnapshot | undefined {
  const text = files.get(path)
  if (text === undefined) return undefined
  const known = snapshots.get(path) ?? ts.ScriptSnapshot.fromString(text)
  snapshots.set(path, known)
  return known
}

const host: ts.LanguageServiceHost = {
  getCompilationSettings: () => options,
  getScriptFileNames: () => [CODE, AROUND],
  getScriptVersion: (path) => (path === CODE ? String(version) : "0"),
  getScriptSnapshot: (path) => (path === CODE ? ts.ScriptSnapshot.fromString(code) : fixed(path)),
  getCurrentDirectory: () => "/",
  getDefaultLibFileName: () => LANGUAGE,
  fileExists: (path) => path === CODE || files.has(path),
  readFile: (path) => (path === CODE ? code : files.get(path)),
  directoryExists: (path) => {
    const inside = path.endsWith("/") ? path : `${path}/`
    for (const known of files.keys()) if (known.startsWith(inside)) return true
    return false
  },
  getDirectories: () => [],
}

const service = ts.createLanguageService(host)

/** The language service, with this text in the file. */
export function reading(text: string): ts.LanguageService {
  if (text !== code || version === 0) {
    code = text
    version += 1
  }
  return service
}

/** What the editor and the language worker say to each other. Positions count UTF-16 units from 0. */
import type { DiagnosticCode } from "../ipc/generated/DiagnosticCode"
import type { Severity } from "../ipc/generated/Severity"

/** What can appear at a place, and the part of the code that it would replace. */
export interface Offers {
  from: number
  to: number
  offers: readonly Offer[]
}

export interface Offer {
  label: string
  /** TypeScript's word for it: `method`, `property`, `const`. */
  kind: string
  sort: string
  deprecated: boolean
}

/** What is told of a name. */
export interface NameInfo {
  /** Its declaration in one line or a few: `(method) HttpService.get(url: string): Promise<unknown>`. */
  declared: string
  doc: string
  /** Why it should not be used any more. */
  deprecated?: string
}

/** What is told of the name at a place. */
export interface HoverInfo extends NameInfo {
  from: number
  to: number
}

/** Something to say about a part of the code. */
export interface CodeDiagnostic {
  from: number
  to: number
  severity: Severity
  summary: string
  /** Why it matters. */
  impact?: string
  /** What to do. */
  fix?: string
  /** Which rule found it. */
  code: DiagnosticCode
  /** Summary is the compiler's: backticks in it are a part of it. */
  quoted?: boolean
}

/** Code turned into JavaScript, as it crosses to the page: functions do not. */
export interface CompiledCode {
  js: string
  /** The source map, as JSON. */
  map: string
  problem?: { text: string; line: number; column: number }
}

/** What the worker may be asked. */
export interface Questions {
  compile: { args: { code: string }; answer: CompiledCode }
  offers: { args: { code: string; at: number }; answer: Offers | null }
  nameInfo: { args: { code: string; at: number; name: string }; answer: NameInfo | null }
  hover: { args: { code: string; at: number }; answer: HoverInfo | null }
  diagnostics: { args: { code: string }; answer: readonly CodeDiagnostic[] }
}

export type Question = {
  [K in keyof Questions]: { n: number; what: K; args: Questions[K]["args"] }
}[keyof Questions]

export type Answer = { n: number; answer: unknown } | { n: number; failed: string }

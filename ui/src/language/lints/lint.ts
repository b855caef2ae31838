import type ts from "typescript"
import type { DiagnosticCode } from "../../ipc/generated/DiagnosticCode"
import type { Severity } from "../../ipc/generated/Severity"

/** A finding on code, before it ran. */
export interface CodeLint {
  /** Which rule found it. */
  code: DiagnosticCode
  severity: Severity
  from: number
  to: number
  /** What the code does. */
  summary: string
  /** What comes of it. */
  impact: string
  /** What to do. */
  fix: string
}

/** A finding on a node. */
export function lint(
  node: ts.Node,
  code: DiagnosticCode,
  severity: Severity,
  said: Pick<CodeLint, "summary" | "impact" | "fix">,
): CodeLint {
  return { code, severity, from: node.getStart(), to: node.end, ...said }
}

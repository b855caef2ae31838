import type ts from "typescript"
import type { Severity } from "../../ipc/generated/Severity"

/** A finding on code, before it ran. */
export interface CodeLint {
  /** The rule's name, which never changes. */
  rule: string
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
  rule: string,
  severity: Severity,
  said: Pick<CodeLint, "summary" | "impact" | "fix">,
): CodeLint {
  return { rule, severity, from: node.getStart(), to: node.end, ...said }
}

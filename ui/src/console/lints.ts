/**
 * What is known to go wrong in code against the SDK, seen in the code itself. One family a file;
 * each rule is a pure function of what is there, and silent on the right form.
 */
import type ts from "typescript"
import type { Severity } from "../ipc/generated/Severity"
import { sdkCalls, type SdkCallSite } from "./sdk-calls"
import { deprecated } from "./lints-deprecated"
import { exitCodes } from "./lints-exit"
import { service } from "./lints-service"
import { shell } from "./lints-shell"
import { streaming } from "./lints-stream"

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

type Family = (call: SdkCallSite) => CodeLint[]

const families: readonly Family[] = [exitCodes, streaming, shell, service, deprecated]

/** All traps of a text, in the order in which they are. `file` has its parents set. */
export function lints(file: ts.SourceFile): CodeLint[] {
  const calls = sdkCalls(file)
  return families.flatMap((family) => calls.flatMap(family)).sort((a, b) => a.from - b.from || a.to - b.to)
}

/** A trap at a node. */
export function lint(
  node: ts.Node,
  rule: string,
  severity: Severity,
  said: Pick<CodeLint, "summary" | "impact" | "fix">,
): CodeLint {
  return { rule, severity, from: node.getStart(), to: node.end, ...said }
}

import type { Diagnostic } from "../../ipc/generated/Diagnostic"
import type { DiagnosticCounts } from "../../ipc/generated/DiagnosticCounts"
import type { Effect } from "../../ipc/generated/Effect"
import type { ManifestDiagnostic } from "../../ipc/generated/ManifestDiagnostic"
import type { ManifestSeverity } from "../../ipc/generated/ManifestSeverity"
import type { Runtime } from "../../ipc/generated/Runtime"
import type { Severity } from "../../ipc/generated/Severity"
import { many } from "../text/numbers"

/** What a card shows: a finding on a call (as it is), a manifest, a page or code. Code stands between backticks. */
export interface Finding {
  severity: Severity
  /** What happened. */
  summary: string
  /** File, line and column. */
  where?: string
  /** The key of a manifest that it is about. */
  key?: string
  /** Why it matters. */
  impact?: string | undefined
  /** What the Runtimes do with it. */
  effects?: readonly Effect[]
  /** What to do. */
  fix?: string | undefined
  /** The rule's name. */
  rule?: string | undefined
  /** The Runtimes that it is about; empty when it is about all. */
  runtimes?: readonly Runtime[]
  /** Summary and impact are a stranger's words: backticks are a part of them. */
  quoted?: boolean
}

const MANIFEST: Record<ManifestSeverity, Severity> = { broken: "error", odd: "warning", idle: "note" }

export function manifestFinding(of: ManifestDiagnostic): Finding {
  const { weight, file = "metadata.json", line, column, key, summary, effects, fix } = of
  return { severity: MANIFEST[weight], where: `${file}:${line}:${column}`, key, summary, effects, fix }
}

/** From the gravest on, with the word for each. */
export const SEVERITIES: Record<Severity, string> = { error: "Error", warning: "Warning", note: "Note" }
const order = Object.keys(SEVERITIES) as Severity[]

/** Gravest first; findings of one severity stay in their order. */
export function bySeverity(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}

export function countOf(found: DiagnosticCounts): number {
  return found.errors + found.warnings + found.notes
}

/** The gravest severity among those that were found. */
export function gravest({ errors, warnings, notes }: DiagnosticCounts): Severity | undefined {
  return errors > 0 ? "error" : warnings > 0 ? "warning" : notes > 0 ? "note" : undefined
}

/** `1 error, 2 warnings`. */
export function foundWords({ errors, warnings, notes }: DiagnosticCounts): string {
  const parts = [
    errors > 0 ? many(errors, "error") : "",
    warnings > 0 ? many(warnings, "warning") : "",
    notes > 0 ? many(notes, "note") : "",
  ]
  return parts.filter((part) => part !== "").join(", ")
}

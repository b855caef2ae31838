import type { Diagnostic } from "../../ipc/generated/Diagnostic"
import type { DiagnosticCounts } from "../../ipc/generated/DiagnosticCounts"
import type { Severity } from "../../ipc/generated/Severity"
import { many } from "../text/numbers"

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

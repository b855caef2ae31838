import type { Diagnostic } from "../../ipc/generated/Diagnostic"
import type { DiagnosticCounts } from "../../ipc/generated/DiagnosticCounts"
import type { Severity } from "../../ipc/generated/Severity"
import { many } from "../text/numbers"

/** What a card shows: a finding on a call, a manifest, a page or code. Code is between backticks. */
export type Finding = Pick<Diagnostic, "severity" | "summary"> & {
  [key in keyof Diagnostic]?: Diagnostic[key] | undefined
} & {
  /** Summary and impact are a stranger's words: backticks are a part of them. */
  quoted?: boolean
}

/** File, line and column of a finding. */
export function placeOf({ location }: Finding): string | undefined {
  if (location === undefined) return undefined
  const { file = "metadata.json", line, column } = location
  return `${file}:${line}:${column}`
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

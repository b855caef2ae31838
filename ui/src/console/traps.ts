/**
 * What is known to go wrong in code against the SDK, seen in the code itself. One family a file;
 * each rule is a pure function of what stands there, and silent on the right form.
 */
import type ts from "typescript"
import type { Severity } from "../ipc/generated/Severity"
import { sdkCalls, type SdkCall } from "./sdk-calls"
import { deprecated } from "./traps-deprecated"
import { exitCodes } from "./traps-exit"
import { service } from "./traps-service"
import { shell } from "./traps-shell"
import { streaming } from "./traps-stream"

export interface Trap {
  /** The rule's name, which never changes. */
  rule: string
  severity: Severity
  from: number
  to: number
  /** What the code does. */
  happened: string
  /** What comes of it. */
  matters: string
  /** What to do. */
  advice: string
}

type Family = (call: SdkCall) => Trap[]

const families: readonly Family[] = [exitCodes, streaming, shell, service, deprecated]

/** All traps of a text, in the order in which they stand. `file` has its parents set. */
export function traps(file: ts.SourceFile): Trap[] {
  const calls = sdkCalls(file)
  return families.flatMap((family) => calls.flatMap(family)).sort((a, b) => a.from - b.from || a.to - b.to)
}

/** A trap at a node. */
export function trap(
  node: ts.Node,
  rule: string,
  severity: Severity,
  said: Pick<Trap, "happened" | "matters" | "advice">,
): Trap {
  return { rule, severity, from: node.getStart(), to: node.end, ...said }
}

/**
 * What is known to go wrong in code against the SDK, seen in the code itself. One family a file;
 * each rule is a pure function of what is there, and silent on the right form.
 */
import type ts from "typescript"
import { sdkCalls, type SdkCallSite } from "../sdk-calls"
import { deprecated } from "./deprecated"
import { exitCodes } from "./exit"
import type { CodeLint } from "./lint"
import { service } from "./service"
import { shell } from "./shell"
import { streaming } from "./stream"

type Family = (call: SdkCallSite) => CodeLint[]

const families: readonly Family[] = [exitCodes, streaming, shell, service, deprecated]

/** All findings on a text, in the order in which they stand. `file` has its parents set. */
export function lints(file: ts.SourceFile): CodeLint[] {
  const calls = sdkCalls(file)
  return families.flatMap((family) => calls.flatMap(family)).sort((a, b) => a.from - b.from || a.to - b.to)
}

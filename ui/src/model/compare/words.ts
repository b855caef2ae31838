import type { ComparedPart } from "../../ipc/generated/ComparedPart"
import type { Comparison } from "../../ipc/generated/Comparison"
import type { CallPart } from "../../ipc/generated/CallPart"
import { count, many, size } from "../text/numbers"

const PARTS: Record<CallPart, string> = {
  request: "Request",
  outcome: "Outcome",
  headers: "Headers",
  trailers: "Trailers",
  body: "Body",
  stdout: "stdout",
  stderr: "stderr",
  callbacks: "Callbacks",
  in_your_code: "In your code",
  timing: "Timing",
}

export const partName = (part: CallPart): string => PARTS[part]

/** Whether a part differs. How long a call took is shown and never counts. */
export const differs = ({ difference: { kind } }: ComparedPart): boolean =>
  kind !== "same" && kind !== "times"

/** How many differences a part has, or that it has none. */
export function summaryOf({ difference }: ComparedPart): string {
  switch (difference.kind) {
    case "same":
      return "Same"
    case "times":
      return ""
    case "fields":
      return many(difference.fields.length, "difference")
    case "json":
      return many(difference.changes.length + difference.more, "change")
    case "text":
      return `${many(difference.hunks.length + difference.more, "place")} with different lines`
    case "bytes":
      return `Different bytes from offset ${count(difference.offset)}`
  }
}

/** How far the comparison went, where that isn't all. */
export function limitOf({ partial }: ComparedPart): string | undefined {
  if (partial === undefined) return undefined
  const { first, second, callbacks } = partial
  const [a, b] = callbacks ? [many(first, "callback"), many(second, "callback")] : [size(first), size(second)]
  return `Only the first ${a} and ${b} were compared in detail. Whether the rest differs isn't known.`
}

/** The whole result in a line. */
export function resultOf({ parts }: Comparison): string {
  const different = parts.filter(differs).map(({ part }) => partName(part))
  const unique = [...new Set(different)]
  return unique.length === 0 ? "No differences" : `Different: ${unique.join(", ")}`
}

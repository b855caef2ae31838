import type { DecodedFacts } from "../../ipc/generated/DecodedFacts"
import type { Summary } from "../../ipc/generated/Summary"
import { withoutBackticks } from "../text/inline-code"
import { size } from "../text/numbers"

/** What is said of a body with a content encoding. */
export interface Banner {
  text: string
  /** Why it isn't decoded, or not to its end. */
  problem?: string | undefined
  hint?: string | undefined
  /** What the button does. */
  action?: string
}

/** `decoded` is absent until the first rows of a decoded body are here. */
export function bannerOf(row: Summary, decoded: DecodedFacts | undefined): Banner | undefined {
  const { encoded } = row
  if (encoded === undefined) return undefined
  const sent = row.counts.stdout.bytes
  const { by, asSent, refused } = encoded
  if (refused !== undefined)
    return { text: "", problem: withoutBackticks(refused.message), hint: refused.hint ?? undefined }
  if (asSent) return { text: `Shown as sent: ${size(sent)} of ${by}`, action: "Decode" }
  if (decoded === undefined) return { text: `Decoding ${by}…`, action: "Show as sent" }
  return {
    text: `Decoded from ${by}: ${size(sent)} sent, ${size(decoded.bytes)} decoded${decoded.problem ? "." : ""}`,
    problem: decoded.problem && withoutBackticks(decoded.problem.message),
    hint: decoded.problem?.hint ?? undefined,
    action: "Show as sent",
  }
}

import type { Line } from "../../ipc/generated/Line"

const utf8 = new TextEncoder()

/** How many bytes of a cut line its text does not show. */
export function moreBytes(line: Pick<Line, "text" | "shown" | "bytes" | "skipped">): number {
  let seen = 0
  let at = 0
  for (const [from, to] of line.shown) {
    seen += utf8.encode(line.text.slice(at, from)).length
    // A control picture represents one byte, and so does `\xNN`.
    seen += line.text.slice(from, to).replace(/\\x[0-9a-fA-F]{2}/g, ".").length
    at = to
  }
  seen += utf8.encode(line.text.slice(at)).length
  return Math.max(0, line.bytes - (line.skipped ?? 0) - seen)
}

/** Where a person wants to go. */
export type GoToPosition =
  | { kind: "line"; line: number }
  | { kind: "offset"; offset: number }
  | { kind: "time"; us: number }
  | { kind: "end" }

const HALF_DAY_MS = 12 * 3_600_000

/**
 * Reads where to go: `1,234` a line, `+12.5s` or `+1:02` since the start, `09:41:02.5` a time of
 * day, `0x1f40` an offset, `end`. In bytes (`hex`) a plain number is an offset too.
 */
export function readPosition(text: string, beganMs: number, hex: boolean): GoToPosition | undefined {
  const typed = text.trim().toLowerCase()
  if (typed === "end") return { kind: "end" }
  if (/^0x[0-9a-f]{1,13}$/.test(typed)) return hex ? { kind: "offset", offset: Number(typed) } : undefined
  if (/^(\d{1,15}|\d{1,3}(,\d{3}){1,4})$/.test(typed)) {
    const number = Number(typed.replaceAll(",", ""))
    if (hex) return { kind: "offset", offset: number }
    return number > 0 ? { kind: "line", line: number - 1 } : undefined
  }
  const seconds = /^\+?(\d{1,9}(?:\.\d+)?)\s*s$/.exec(typed) ?? /^\+(\d{1,9}(?:\.\d+)?)$/.exec(typed)
  if (seconds) return { kind: "time", us: Math.round(Number(seconds[1]) * 1_000_000) }
  const since = /^\+(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:\.\d+)?)$/.exec(typed)
  if (since) {
    const [, hours = "0", minutes, rest] = since
    const s = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
    return { kind: "time", us: Math.round(s * 1_000_000) }
  }
  const clock = /^(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(typed)
  if (clock) return ofDay(Number(clock[1]), Number(clock[2]), Number(clock[3]), beganMs)
  return undefined
}

/** A time of day as time since the Call began; one that is long before it is of the next day. */
function ofDay(hours: number, minutes: number, seconds: number, beganMs: number): GoToPosition | undefined {
  if (hours > 23 || minutes > 59 || seconds >= 60) return undefined
  const day = new Date(beganMs)
  const ms = day.setHours(hours, minutes, 0, 0) + seconds * 1000 - beganMs
  const since = ms < -HALF_DAY_MS ? ms + 2 * HALF_DAY_MS : ms
  return { kind: "time", us: Math.max(0, Math.round(since * 1000)) }
}

/** What is said when it cannot be read. */
export function positionHelp(hex: boolean): string {
  return hex
    ? "Enter an offset, such as 0x1f40, or end."
    : "Enter a line (1,234), a time (+12.5s, +1:02, 09:41:02) or end."
}

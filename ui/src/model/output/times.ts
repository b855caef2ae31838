import type { Times } from "../../ipc/generated/Times"
import { sinceStart, timeOfDay } from "../text/numbers"

/** What the menu calls each of them. */
export const TIMES: readonly { value: Times; text: string; short: string }[] = [
  { value: "off", text: "No times", short: "no times" },
  { value: "clock", text: "Time of day", short: "clock" },
  { value: "start", text: "Since the call began", short: "since start" },
  { value: "previous", text: "Since the previous row", short: "since previous" },
]

/** The time beside a row. `beforeUs` is that of the row before it; the first row counts from the start. */
export function timeBeside(
  times: Times,
  atUs: number,
  beforeUs: number | undefined,
  beganMs: number,
): string {
  switch (times) {
    case "off":
      return ""
    case "clock":
      return timeOfDay(beganMs + atUs / 1000, 3)
    case "start":
      return sinceStart(atUs)
    case "previous":
      // The streams of a command are merged as they were read: a row may be a little older.
      return sinceStart(Math.max(0, atUs - (beforeUs ?? 0)))
  }
}

/** Where the bars of the rows are on their axis of time. */
import type { Summary } from "../../ipc/generated/Summary"
import { duration } from "../text/numbers"

export interface Axis {
  fromMs: number
  lengthMs: number
}

/** A bar; both numbers are shares of the axis. */
export interface Bar {
  from: number
  length: number
  pieces: Piece[]
}

/** A part of a bar. Shares of one bar are 100 together. */
export interface Piece {
  part: "wait" | "work"
  share: number
}

export interface Phase {
  name: string
  us: number
}

export interface Tick {
  at: number
  text: string
}

export const endOf = (row: Summary, now: number): number =>
  row.tookUs === undefined ? Math.max(now, row.beganMs) : row.beganMs + row.tookUs / 1000

/** The time from the first beginning to the last end of these rows. */
export function axisOf(rows: readonly Summary[], now: number): Axis {
  let from = Infinity
  let to = -Infinity
  for (const row of rows) {
    from = Math.min(from, row.beganMs)
    to = Math.max(to, endOf(row, now))
  }
  return rows.length === 0 ? { fromMs: now, lengthMs: 1 } : { fromMs: from, lengthMs: Math.max(1, to - from) }
}

/** What the time of a call consists of: waiting for the first byte, or for the start; then the rest. */
export function phasesOf(row: Summary, now: number): Phase[] {
  const wholeUs = Math.max(0, (endOf(row, now) - row.beganMs) * 1000)
  const waitedUs = Math.min(row.waitedUs ?? wholeUs, wholeUs)
  const [waiting, working] = row.http ? ["Wait", "Receive"] : ["Start", "Run"]
  const phases = [{ name: waiting as string, us: waitedUs }]
  if (row.waitedUs !== undefined) phases.push({ name: working as string, us: wholeUs - waitedUs })
  return phases
}

export function barOf(row: Summary, axis: Axis, now: number): Bar {
  const phases = phasesOf(row, now)
  const whole = phases.reduce((sum, { us }) => sum + us, 0)
  const pieces = phases.map(({ us }, at): Piece => ({
    part: at === 0 ? "wait" : "work",
    share: whole === 0 ? 100 / phases.length : (100 * us) / whole,
  }))
  const from = (row.beganMs - axis.fromMs) / axis.lengthMs
  return { from, length: whole / 1000 / axis.lengthMs, pieces }
}

/** `Wait 12 ms, receive 3 ms`. */
export function phaseWords(row: Summary, now: number): string {
  const words = phasesOf(row, now).map(({ name, us }) => `${name} ${duration(us)}`)
  return words.map((word, at) => (at === 0 ? word : word.charAt(0).toLowerCase() + word.slice(1))).join(", ")
}

const STEPS_MS = [1, 2, 5]
  .flatMap((step) => [step, step * 10, step * 100])
  .concat([
    1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
    7_200_000, 21_600_000, 43_200_000, 86_400_000,
  ])
const STEPS = STEPS_MS.toSorted((a, b) => a - b)
const TICK_WIDTH = 52

/** A few round times on the axis, as many as there is room for. */
export function ticksOf({ lengthMs }: Axis, width: number): Tick[] {
  const most = Math.max(1, Math.min(5, Math.floor(width / TICK_WIDTH)))
  const largest = STEPS.at(-1) ?? 1
  let step = STEPS.find((step) => lengthMs / step <= most)
  step ??= Math.ceil(lengthMs / most / largest) * largest
  const ticks: Tick[] = []
  for (let at = 0; at <= lengthMs && ticks.length <= most; at += step) {
    ticks.push({
      at: at / lengthMs,
      text:
        at === 0
          ? "0"
          : duration(at * 1000)
              .replace(".0 ", " ")
              .replace(" 00 s", ""),
    })
  }
  return ticks
}

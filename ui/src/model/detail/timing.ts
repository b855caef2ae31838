import type { Phases } from "../../ipc/generated/Phases"
import type { Run } from "../../ipc/generated/Run"

/** A part of a Call's time, in microseconds since it began; a moment when both ends are one. */
export interface Span {
  name: string
  from: number
  to: number
  tone: "work" | "wait" | "sent"
  /** It is running. */
  open: boolean
}

/** Phases that were reached; the last one is open until the exchange is done. */
export function exchangeSpans(phases: Phases, nowUs: number): Span[] {
  const { connectedUs, sentUs, firstByteUs, doneUs } = phases
  const steps = [
    { name: "Connect", tone: "work", end: connectedUs },
    { name: "Send", tone: "work", end: sentUs },
    { name: "Wait", tone: "wait", end: firstByteUs },
    { name: "Receive", tone: "work", end: doneUs },
  ] as const
  const spans: Span[] = []
  let from = 0
  for (const { name, tone, end } of steps) {
    if (end === undefined) {
      // What failed or still runs ends where the exchange does.
      spans.push({ name, from, to: Math.max(from, doneUs ?? nowUs), tone, open: doneUs === undefined })
      break
    }
    // A backend may answer before it has read the whole request.
    spans.push({ name, from, to: Math.max(from, end), tone, open: false })
    from = Math.max(from, end)
  }
  return spans
}

export function runSpans(run: Run, nowUs: number): Span[] {
  const { startedUs, endedUs, closedUs, stops } = run
  const end = closedUs ?? nowUs
  const open = closedUs === undefined
  const spans: Span[] = [
    { name: "Start", from: 0, to: startedUs ?? end, tone: "work", open: open && startedUs === undefined },
  ]
  if (startedUs === undefined) return spans
  const running = open && endedUs === undefined
  spans.push({ name: "Run", from: startedUs, to: endedUs ?? end, tone: "work", open: running })
  stops.forEach((stop, at) => {
    const name = stops.length > 1 ? `${stop.signal} (${at + 1})` : stop.signal
    spans.push({ name, from: stop.atUs, to: stop.atUs, tone: "sent", open: false })
  })
  if (endedUs !== undefined) spans.push({ name: "Close streams", from: endedUs, to: end, tone: "work", open })
  return spans
}

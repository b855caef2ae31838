import type { Call } from "../ipc/generated/Call"
import type { Summary } from "../ipc/generated/Summary"
import type { View } from "../ipc/generated/View"
import type { Shell } from "../ipc/shell"
import { Lines } from "./lines.svelte"
import { isLive } from "./outcome"
import { Rate } from "./rate"

/** Which view of the selected Call's output is shown, and how fast it grows. */
export class Output {
  lines: Lines
  streams = $state<"both" | "stdout" | "stderr">("both")
  raw = $state(false)
  times = $state(true)
  row = $state.raw<Summary>()
  /** Whether *Pretty* can be shown. */
  json = $state(false)
  perSecond = $state<number>()
  view = $derived<View>(this.row?.http ? (this.json && !this.raw ? "pretty" : "stdout") : this.streams)

  #rate = new Rate()
  #unpretty: number | undefined
  #call: Call | undefined

  constructor(shell: Shell) {
    this.lines = new Lines(shell, () => this.#failed())
  }

  /** Tells how the row and the facts of the selected Call stand. */
  see(row: Summary | undefined, call: Call | undefined): void {
    if (row?.id !== this.row?.id) {
      this.#rate.clear()
      this.perSecond = undefined
      this.json = false
    }
    this.row = row
    this.#call = call
    const finished = row?.outcome.kind === "status" && row.counts.stdout.bytes > 0
    const known = call !== undefined && call.id === row?.id
    if (known || !row?.http) this.json = finished && known && saysJson(call) && this.#unpretty !== row.id
    // The body of a finished exchange waits for its headers: they decide which view it is.
    if (row?.http && finished && !known && this.lines.look?.id !== row.id) {
      this.lines.see(undefined)
      return
    }
    this.#show()
    if (row) {
      this.#rate.add(performance.now(), this.#total(row) ?? 0)
      this.perSecond = isLive(row.outcome) ? this.#rate.perSecond() : undefined
    }
  }

  chooseStreams(streams: "both" | "stdout" | "stderr"): void {
    this.streams = streams
    this.#rate.clear()
    this.#show()
  }

  chooseRaw(raw: boolean): void {
    this.raw = raw
    this.#show()
  }

  /** A body that says that it is JSON and is not: shown as it came. */
  #failed(): void {
    if (this.view !== "pretty") return
    this.#unpretty = this.row?.id
    this.see(this.row, this.#call)
  }

  #show(): void {
    const row = this.row
    if (row === undefined) return this.lines.see(undefined)
    const live = isLive(row.outcome)
    const bytes = row.counts.stdout.bytes + row.counts.stderr.bytes
    const look = { id: row.id, view: this.view, live, bytes, total: this.#total(row) }
    // A finished body is read from its beginning, like a file; a command's end tells how it went.
    this.lines.see(look, live || !row.http)
  }

  #total(row: Summary): number | undefined {
    const { stdout, stderr } = row.counts
    switch (this.view) {
      case "both":
        return stdout.lines + stderr.lines
      case "stdout":
        return stdout.lines
      case "stderr":
        return stderr.lines
      case "pretty":
        return undefined
    }
  }
}

function saysJson(call: Call): boolean {
  if (call.act.kind !== "exchange") return false
  const headers = call.act.response?.head.headers ?? []
  const type = headers.find((header) => header.name.toLowerCase() === "content-type")?.value ?? ""
  // `application/json`, `application/problem+json`; not ndjson, whose lines are documents.
  return /^[^;]*[/+]json\s*(;|$)/i.test(type)
}

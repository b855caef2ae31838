import type { Call } from "../../ipc/generated/Call"
import type { Callback } from "../../ipc/generated/Callback"
import type { Called } from "../../ipc/generated/Called"
import type { Line } from "../../ipc/generated/Line"
import type { Runtime } from "../../ipc/generated/Runtime"
import type { Summary } from "../../ipc/generated/Summary"
import type { Text } from "../../ipc/generated/Text"
import type { Shell } from "../../ipc/shell"
import { quoted } from "../text/literal"
import { Lines, type LogSource, type Window } from "../output/lines.svelte"
import { isLive } from "../timeline/outcome"
import { RUNTIMES } from "../target/runtimes"

/** How code asked for a Run: plain, or with one callback a chunk or a line. */
export type CallbackMode = "plain" | "chunks" | "lines"

/** A callback as a row of a list. */
export interface CalledLine extends Line {
  called: Called
}

interface CallbackSource extends LogSource {
  runtime: Runtime
  split: boolean
}

/** The callbacks of the selected Run on the chosen Runtime, pulled like lines of an output. */
export class Callbacks {
  lines: Lines<CalledLine, CallbackSource>
  /** How the code asked; absent until that is known. */
  way = $state<CallbackMode>()
  /** What was written and reaches no callback. */
  lost = $state.raw<Text>()
  /** All that was written is counted. */
  whole = $state(true)

  /** What the user chose to see, in place of what was asked. */
  #chosen = $state.raw<{ id: number; split: boolean }>()
  #id = $state<number>()
  split = $derived(this.#chosen?.id === this.#id ? (this.#chosen?.split ?? false) : this.way === "lines")

  #runtime: () => Runtime
  #row: Summary | undefined

  constructor(shell: Shell, runtime: () => Runtime) {
    this.#runtime = runtime
    this.lines = new Lines(async (look, from, count) => {
      const { id, runtime, split } = look
      const answer = await shell.ask("callbacks", { id, runtime, split, from, count })
      if (this.lines.look?.id === id && this.lines.look.edition === look.edition) {
        this.lost = answer.lost
        this.whole = answer.whole
      }
      return windowOf(answer)
    })
  }

  /** Tells which Run is selected, how its row is, and whether anybody sees its callbacks. */
  look(row: Summary | undefined, call: Call | undefined, looking: boolean): void {
    this.#row = row
    this.#id = row?.id
    this.way = call?.id === row?.id ? callbackModeOf(call) : undefined
    if (looking) this.#see()
  }

  choose(split: boolean): void {
    if (this.#id !== undefined) this.#chosen = { id: this.#id, split }
    this.#see()
  }

  #see(): void {
    const row = this.#row
    // Before their split is known, the wrong ones would be requested.
    if (row === undefined || this.way === undefined) return this.lines.see(undefined)
    const [runtime, split, live] = [this.#runtime(), this.split, isLive(row.outcome)]
    const edition = 2 * RUNTIMES.findIndex(({ value }) => value === runtime) + Number(split)
    const before = this.lines.look
    if (before?.id !== row.id || before.edition !== edition) {
      this.lost = undefined
      this.whole = true
    }
    const bytes = row.counts.stdout.bytes + row.counts.stderr.bytes
    const look = { id: row.id, view: "chunks" as const, edition, live, ansi: false, bytes, runtime, split }
    this.lines.see(look, live)
  }
}

export function callbackModeOf(call: Call | undefined): CallbackMode | undefined {
  if (call?.act.kind !== "run") return undefined
  const asked = call.sdk?.asked
  const stream = asked?.kind === "exec" ? asked.stream : call.act.command.stream
  if (stream === undefined) return "plain"
  return stream.splitLines ? "lines" : "chunks"
}

type Answer = { from: number; total: number; whole: boolean; rows: readonly Callback[] }

function windowOf({ from, total, whole, rows }: Answer): Window<CalledLine> {
  const window: Window<CalledLine> = { from, total, lines: rows.map(lineOf) }
  // A long output is counted in steps: it is requested again, as for a view that is being built.
  return whole ? window : { ...window, making: { done: 0, whole: 0 } }
}

function lineOf({ n, atUs, what }: Callback): CalledLine {
  const text =
    what.kind === "output" && (what.value.kind === "text" || what.value.kind === "bytes")
      ? what.value
      : { text: "", bytes: 0, cut: false }
  const stream = what.kind === "output" ? what.stream : "stdout"
  // Drawn as the code would write it, so that line ends can be seen.
  return {
    n,
    atUs,
    stream,
    text: what.kind === "output" ? quoted(text.text) : "",
    bytes: text.bytes,
    cut: text.cut,
    shown: [],
    called: what,
  }
}

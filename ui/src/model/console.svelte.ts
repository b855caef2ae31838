import { Calls } from "../console/calls"
import { examples } from "../console/examples"
import { frameAt, type OpenFrame, type Running } from "../console/host"
import { Log } from "../console/log"
import type { FromConsole } from "../console/messages"
import { placed, placeOf } from "../console/placed"
import type { Asking, Compiled, Entry, Leave } from "../console/words"
import type { Machine } from "../ipc/generated/Machine"
import type { Target } from "../ipc/generated/Target"
import type { Shell } from "../ipc/shell"
import type { ToSdk } from "../sdk/messages"
import type { Settings } from "./settings.svelte"

export type Compile = (code: string) => Promise<Compiled>

/** Takes code as JavaScript that needs no compiling. */
export const asJavaScript: Compile = async (js) => ({ js, place: (line, column) => ({ line, column }) })

/** What the console asks of the rest of the window. */
export interface Around {
  settings: Settings
  machine: () => Machine
  target: () => Target
  compile: Compile
  /** Tests put something in its place. */
  open?: OpenFrame
}

/** A dialog for files that the code asked the desktop for. */
export interface Dialog {
  title: string
  /** What the code gave, as JSON. */
  properties: string
}

interface Waits {
  asking: Asking
  answer: (may: boolean) => void
}

/** So many dialogs may wait for the one that is open. */
const MOST_DIALOGS = 20

/** A run: its frame, its calls, and where its code was typed. */
interface Run {
  frame?: Running
  calls: Calls
  place: Compiled["place"]
  /** The entry of each call, by the code's number for it. */
  entries: Map<number, number>
  /** The entry that counts what was dropped. */
  droppedEntry?: number
}

/** The console: code against `ddClient`, its runs, and what they showed. */
export class Console {
  running = $state(false)
  /** The last ones; `dropped` counts those before them. */
  entries = $state.raw<readonly Entry[]>([])
  dropped = $state(0)
  /** A host command that waits for leave. */
  asking = $state.raw<Asking>()
  dialog = $state.raw<Dialog>()
  /** Host commands need no leave until Porthole ends, or it is revoked. */
  sessionLeave = $state(false)

  #shell: Shell
  #around: Around
  #open: OpenFrame
  #run: Run | undefined
  #waits: Waits[] = []
  #dialogs: { id: number; dialog: Dialog }[] = []
  #log = new Log((entries, dropped) => {
    this.entries = entries
    this.dropped = dropped
  })

  constructor(shell: Shell, around: Around) {
    this.#shell = shell
    this.#around = around
    this.#open = around.open ?? frameAt(() => shell.consoleFrame)
  }

  /** What the editor holds: the first example, until something else was typed. */
  get code(): string {
    return this.#around.settings.console ?? examples[0]!.code
  }

  set code(code: string) {
    this.#around.settings.setConsole(code)
  }

  /** Runs the code from the beginning; what still runs is stopped. */
  async run(): Promise<void> {
    this.stop()
    const run: Run = { calls: this.#callsOf(() => run), place: () => undefined, entries: new Map() }
    this.#run = run
    this.running = true
    this.#log.begin()
    try {
      const compiled = await this.#around.compile(this.code)
      if (this.#run !== run) return
      if (compiled.problem) {
        this.#log.add({ kind: "problem", ...compiled.problem })
        return this.#end(run, "failed", "The code was not run.")
      }
      run.place = compiled.place
      run.frame = this.#open(
        { js: compiled.js, facts: this.#facts() },
        {
          told: (message, chars) => this.#told(run, message, chars),
          ended: (how, text) => this.#end(run, how, text),
        },
      )
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown)
      this.#log.add({ kind: "problem", text: `The code could not be started: ${text}` })
      this.#end(run, "failed", "The code was not run.")
    }
  }

  stop(): void {
    if (this.#run) this.#end(this.#run, "stopped", "Stopped, and with it what it had going.")
  }

  clear(): void {
    this.#log.clear()
  }

  /** Answers for the host command that waits. */
  leave(answer: Leave): void {
    if (answer === "session") {
      this.sessionLeave = true
      for (const { answer } of this.#waits.splice(0)) answer(true)
    } else this.#waits.shift()?.answer(answer === "once")
    this.asking = this.#waits[0]?.asking
  }

  revokeLeave(): void {
    this.sessionLeave = false
  }

  /** Answers the dialog: the paths chosen, or none of them. */
  answerDialog(paths?: readonly string[]): void {
    const first = this.#dialogs.shift()
    this.dialog = this.#dialogs[0]?.dialog
    if (first) this.#choose(first.id, paths)
  }

  #choose(id: number, paths?: readonly string[]): void {
    const result = { canceled: paths === undefined, filePaths: [...(paths ?? [])] }
    this.#run?.frame?.post({ kind: "chosen", id, result })
  }

  #facts() {
    const { settings, machine, target } = this.#around
    const { name, container } = target()
    // There is always a service: the demo backend is it where the target names none.
    const reach = { container: container !== undefined, service: true }
    return { runtime: settings.runtime, machine: machine(), image: name, ...reach }
  }

  #callsOf(run: () => Run): Calls {
    const change = (id: number, more: { id: number } | { refused: string }): void => {
      const n = run().entries.get(id)
      run().entries.delete(id)
      if (n !== undefined) this.#log.change(n, (what) => (what.kind === "call" ? { ...what, ...more } : what))
    }
    return new Calls(this.#shell, this.#around.settings.runtime, {
      asked: (call) => run().entries.set(call.id, this.#log.add({ kind: "call", text: call.text })),
      performed: (call, id) => change(call.id, { id }),
      refused: (call, why) => change(call.id, { refused: why }),
      leave: (asking) => this.#leave(asking),
      post: (message: ToSdk) => run().frame?.post(message),
    })
  }

  async #leave(asking: Asking): Promise<boolean> {
    if (this.sessionLeave) return true
    return new Promise((answer) => {
      this.#waits.push({ asking, answer })
      this.asking ??= asking
    })
  }

  #told(run: Run, message: FromConsole, chars: number): void {
    if (this.#run !== run) return
    switch (message.kind) {
      case "call":
        return run.calls.ask(message, chars)
      case "close":
        return run.calls.close(message.id)
      case "took":
        return run.calls.took(message.id)
      case "dialog":
        return this.#ask(message.id, message.properties)
      case "print":
        this.#log.add({ ...message, values: message.values.map((value) => placed(value, run.place)) })
        return
      case "uncaught": {
        const { error, promise, line, column } = message
        const at = placeOf(line, column, run.place)
        this.#log.add({ kind: "uncaught", error: placed(error, run.place), promise, ...at })
        return
      }
      case "problem":
        this.#log.add({
          kind: "problem",
          text: message.text,
          ...placeOf(message.line, message.column, run.place),
        })
        return
      case "dropped":
        return this.#tellDropped(run, message.count)
      case "over":
        if (message.threw) this.#end(run, "failed", "Ended by what it threw.")
        else this.#end(run, "done", "Done.")
        return
      default:
        this.#log.add(message)
    }
  }

  /** One entry, which counts on. */
  #tellDropped(run: Run, count: number): void {
    const text = `${count.toLocaleString("en")} more were dropped: it prints faster than can be shown.`
    if (run.droppedEntry === undefined) run.droppedEntry = this.#log.add({ kind: "warning", text })
    else this.#log.change(run.droppedEntry, (what) => ({ ...what, text }) as Entry["what"])
  }

  #ask(id: number, properties: string): void {
    const dialog = { title: titleIn(properties), properties }
    this.#log.add({ kind: "desktop", what: "dialog", text: dialog.title || "A dialog for files" })
    if (this.#dialogs.length >= MOST_DIALOGS) return this.#choose(id)
    this.#dialogs.push({ id, dialog })
    this.dialog ??= dialog
  }

  #end(run: Run, how: "done" | "stopped" | "flood" | "failed", text: string): void {
    if (this.#run !== run) return
    this.#run = undefined
    run.frame?.end()
    run.calls.end()
    for (const { answer } of this.#waits.splice(0)) answer(false)
    this.#dialogs = []
    this.asking = undefined
    this.dialog = undefined
    this.running = false
    this.#log.add({ kind: "end", how, text })
    this.#log.flush()
  }
}

function titleIn(properties: string): string {
  try {
    const read: unknown = JSON.parse(properties)
    const title = read !== null && typeof read === "object" && "title" in read ? read.title : undefined
    return typeof title === "string" ? title : ""
  } catch {
    return ""
  }
}

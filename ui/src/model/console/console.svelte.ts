import { examples } from "./examples"
import { frameAt, type OpenFrame, type Running } from "../../console/host"
import type { FromConsole } from "../../bridge/messages"
import type { Compiled } from "../../language/compiled"
import type { Entry } from "../guest/entry"
import type { Machine } from "../../ipc/generated/Machine"
import type { Prompt } from "../../ipc/generated/Prompt"
import type { Target } from "../../ipc/generated/Target"
import type { Shell } from "../../ipc/shell"
import { GuestSession } from "../guest/guest-session.svelte"
import type { Permissions } from "../permission/permissions.svelte"
import type { Settings } from "../settings/settings.svelte"

export type Compile = (code: string) => Promise<Compiled>

/** Takes code as JavaScript that needs no compiling. */
export const asJavaScript: Compile = async (js) => ({ js, place: (line, column) => ({ line, column }) })

/** What the console asks of the rest of the window. */
export interface ConsoleDeps {
  settings: Settings
  permissions: Permissions
  machine: () => Machine
  target: () => Target
  compile: Compile
  /** Tests put something in its place. */
  open?: OpenFrame
}

/** A run: its frame, and where its code was typed. */
interface Run {
  frame?: Running
  place: Compiled["place"]
}

type End = Extract<Entry["what"], { kind: "end" }>["how"]

/** The console: code against `ddClient`, its runs, and what they showed. */
export class Console {
  running = $state(false)
  /** Shows a place of the code in the editor, while there is one. */
  goTo = $state.raw<(line: number, column?: number) => void>()

  #deps: ConsoleDeps
  #open: OpenFrame
  #run: Run | undefined
  #session: GuestSession

  constructor(shell: Shell, deps: ConsoleDeps) {
    this.#deps = deps
    this.#open = deps.open ?? frameAt(() => shell.consoleFrame)
    this.#session = new GuestSession(shell)
  }

  get entries() {
    return this.#session.entries
  }

  get dropped() {
    return this.#session.dropped
  }

  /** Its call that waits for the user. */
  get prompt(): Prompt | undefined {
    return this.#deps.permissions.promptOf("console")
  }

  get permissions(): Permissions {
    return this.#deps.permissions
  }

  get dialog() {
    return this.#session.dialog
  }

  /** What the editor holds: the first example, until something else was typed. */
  get code(): string {
    return this.#deps.settings.console ?? examples[0]!.code
  }

  set code(code: string) {
    this.#deps.settings.setConsole(code)
  }

  /** Runs the code from the beginning; what still runs is stopped. */
  async run(): Promise<void> {
    this.stop()
    const run: Run = { place: () => undefined }
    this.#run = run
    this.running = true
    this.#session.anew()
    this.#session.begin({
      runtime: this.#deps.settings.runtime,
      origin: "console",
      post: (message) => run.frame?.post(message),
      place: (line, column) => run.place(line, column),
    })
    try {
      const compiled = await this.#deps.compile(this.code)
      if (this.#run !== run) return
      if (compiled.problem) {
        this.#session.add({ kind: "problem", ...compiled.problem })
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
      this.#session.add({ kind: "problem", text: `The code could not be started: ${text}` })
      this.#end(run, "failed", "The code was not run.")
    }
  }

  stop(): void {
    if (this.#run) this.#end(this.#run, "stopped", "Stopped, with its running calls.")
  }

  clear(): void {
    this.#session.clear()
  }

  answerDialog(paths?: readonly string[]): void {
    this.#session.answerDialog(paths)
  }

  #facts() {
    const { settings, machine, target } = this.#deps
    const { name, container } = target()
    // There is always a service: the demo backend is it where the target names none.
    const reach = { container: container !== undefined, service: true }
    return { runtime: settings.runtime, machine: machine(), image: name, ...reach }
  }

  #told(run: Run, message: FromConsole, chars: number): void {
    if (this.#run !== run) return
    if (message.kind !== "over") this.#session.told(message, chars)
    else if (message.threw) this.#end(run, "failed", "Ended with an uncaught error.")
    else this.#end(run, "done", "Done.")
  }

  #end(run: Run, how: End, text: string): void {
    if (this.#run !== run) return
    this.#run = undefined
    run.frame?.end()
    this.running = false
    this.#session.end({ kind: "end", how, text })
  }
}

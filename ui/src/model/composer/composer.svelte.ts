import type { Call } from "../../ipc/generated/Call"
import type { Draft } from "../../ipc/generated/Draft"
import type { PathKind } from "../../ipc/generated/PathKind"
import type { Signal } from "../../ipc/generated/Signal"
import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { consoleCodeOf } from "../detail/sdk-call"
import { composedOf } from "./code.svelte"
import { CommandForm } from "./command.svelte"
import { isLive } from "../timeline/outcome"
import { RequestForm } from "./request.svelte"
import { UsedVariables } from "./variables.svelte"

export type Tab = "request" | "command" | "console" | "page"

/** What the composer needs to know of the rest. */
export interface ComposerDeps {
  container: () => string | undefined
  row: (id: number | undefined) => Summary | undefined
  selected: () => Summary | undefined
  began: (id: number) => void
  /** A terminal was opened here. */
  opened: (id: number) => void
  /** When the shell knows the variables that were changed last. */
  settled: () => Promise<void>
  acted: () => void
  console: () => { code: string; run(): Promise<void> }
  extension: () => { openTyped(): Promise<void>; reload(): Promise<void>; open?: unknown }
}

/** An interactive shell ignores SIGTERM, and ends when its terminal is closed. */
function usualSignal(row: Summary | undefined): Signal {
  return row?.terminal ? "SIGHUP" : "SIGTERM"
}

/** The forms, and what was sent and run from them. The console keeps its own code. */
export class Composer {
  tab = $state<Tab>("request")
  request = new RequestForm()
  command: CommandForm
  /** The variables of the environment that the shown form uses. */
  variables: UsedVariables
  trouble = $state.raw<Trouble>()
  lastSent = $state<number>()
  lastRun = $state<number>()

  #shell: Shell
  #deps: ComposerDeps
  #queue: Promise<void> = Promise.resolve()

  constructor(shell: Shell, deps: ComposerDeps) {
    this.#shell = shell
    this.#deps = deps
    this.command = new CommandForm(shell)
    this.variables = new UsedVariables(shell)
  }

  /** The exchange that *Cancel* ends: the selected one, else the last one sent, while it is live. */
  get cancellable(): number | undefined {
    return this.#live(this.#deps.selected(), true) ?? this.#live(this.#deps.row(this.lastSent), true)
  }

  /** The run that *Stop* ends: the selected one, else the last one started, while it is live. */
  get stoppable(): number | undefined {
    return this.#live(this.#deps.selected(), false) ?? this.#live(this.#deps.row(this.lastRun), false)
  }

  /** What the shown tab would send or run. */
  composed(): Draft {
    if (this.tab === "console") return { kind: "console", code: this.#deps.console().code }
    return this.tab === "request"
      ? { kind: "request", ...this.request.request() }
      : { kind: "command", ...this.command.command(this.#deps.container()) }
  }

  load(composed: Draft): void {
    this.trouble = undefined
    this.tab = composed.kind
    if (composed.kind === "request") this.request.load(composed)
    else if (composed.kind === "command") this.command.load(composed)
    else this.#deps.console().code = composed.code
  }

  /** Sends or runs what the shown tab holds. May be pressed faster than answers come. */
  submit(): void {
    if (this.tab === "console") {
      void this.#deps.console().run()
      return
    }
    if (this.tab === "page") {
      const extension = this.#deps.extension()
      void (extension.open ? extension.reload() : extension.openTyped())
      return
    }
    if (this.tab === "request") {
      if (!this.request.ready) return
      const request = this.request.request()
      this.#enqueue(async () => {
        await this.#deps.settled()
        this.lastSent = await this.#shell.ask("send", { request })
        this.#deps.began(this.lastSent)
      })
      return
    }
    if (!this.command.ready || this.#lacksContainer(this.command.place)) return
    const command = this.command.command(this.#deps.container())
    this.#enqueue(async () => {
      await this.#deps.settled()
      this.lastRun = await this.#shell.ask("run", { command })
      this.#deps.began(this.lastRun)
    })
  }

  /** Opens a shell in a terminal, in the place and with the directory and variables of the command. */
  openTerminal(place = this.command.place): void {
    if (this.#lacksContainer(place)) return
    const command = this.command.terminal(place, this.#deps.container())
    this.#enqueue(async () => {
      await this.#deps.settled()
      this.lastRun = await this.#shell.ask("terminal_open", { command })
      this.#deps.opened(this.lastRun)
      this.#deps.began(this.lastRun)
    })
  }

  #lacksContainer(place: CommandForm["place"]): boolean {
    const lacks = place === "container" && this.#deps.container() === undefined
    if (lacks) {
      this.trouble = {
        code: "container_not_found",
        message: "The target has no container to run this in.",
        hint: "Choose one with Connect… in the target menu, or run the command on the host.",
      }
    }
    return lacks
  }

  /** Does again exactly what a Call did, or was to do. */
  repeat(id: number): void {
    this.#enqueue(async () => this.#deps.began(await this.#shell.ask("repeat", { id })))
  }

  /** Puts a Call into the form that it can be edited in, or into the console as the code that asked for it. */
  edit(call: Call, as: "form" | "code" = "form"): void {
    const { sdk, act } = call
    // The engine has no form here: a request would go to the service.
    const coded = sdk !== undefined && (as === "code" || sdk.asked.kind === "list")
    this.load(coded ? { kind: "console", code: consoleCodeOf(sdk) } : composedOf(call))
    const own = this.#deps.container()
    if (coded || act.kind === "exchange" || act.command.place.kind !== "container") return
    const { name } = act.command.place
    if (own === undefined || name === own || name === "") return
    this.trouble = {
      code: "container_not_found",
      message: `This was saved for the container ${name}. Here it runs in the target's container, ${own}.`,
      hint: "To run it there, choose the other container with Connect… in the target menu.",
    }
  }

  /** Lets the user choose a path in a dialog of the system. */
  async choosePath(kind: PathKind, title: string): Promise<string | undefined> {
    try {
      return (await this.#shell.ask("choose_path", { kind, title })) ?? undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return undefined
    }
  }

  async cancel(id = this.cancellable): Promise<void> {
    if (id !== undefined) await this.#act(() => this.#shell.ask("cancel", { id }))
  }

  /** Sends a signal, or the usual one. */
  async stop(signal?: Signal): Promise<void> {
    const id = this.stoppable
    const usual = usualSignal(this.#deps.row(id))
    if (id !== undefined) await this.#act(() => this.#shell.ask("stop", { id, signal: signal ?? usual }))
  }

  /** Cancels a request, and stops a command with SIGTERM; SIGKILL is only ever chosen by name. */
  async end(row: Summary): Promise<void> {
    const { id, http } = row
    await this.#act(() =>
      http ? this.#shell.ask("cancel", { id }) : this.#shell.ask("stop", { id, signal: usualSignal(row) }),
    )
  }

  /** One after the other, so that twenty presses are twenty Calls in their order. */
  #enqueue(act: () => Promise<void>): void {
    this.#queue = this.#queue.then(() => this.#act(act))
  }

  async #act(act: () => Promise<void>): Promise<void> {
    try {
      await act()
      this.trouble = undefined
      this.#deps.acted()
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  #live(row: Summary | undefined, http: boolean): number | undefined {
    return row !== undefined && row.http === http && isLive(row.outcome) ? row.id : undefined
  }
}

import type { Call } from "../../ipc/generated/Call"
import type { Diagnostic } from "../../ipc/generated/Diagnostic"
import type { Runtime } from "../../ipc/generated/Runtime"
import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { About } from "./about.svelte"
import { Callbacks } from "./callbacks.svelte"
import { composedOf, Forms } from "../composer/code.svelte"
import { SdkResults } from "./sdk-results.svelte"
import { tabsOf, type Tab } from "./tabs"

/** All that is known of the selected Call. What is not looked at is not asked for. */
export class Detail {
  results: SdkResults
  callbacks: Callbacks
  diagnostics: About<Diagnostic[]>
  code: Forms

  /** What code gets is shown for all runtimes at once, where there is room. */
  sideBySide = $state(false)

  #tab = $state<Tab>("output")
  #keeping = $state.raw<Trouble>()
  #facts: About<Call>
  #shell: Shell
  #id: number | undefined
  #row = $state.raw<Summary>()

  /** The tab that is shown: a Call without callbacks has no tab for them. */
  shown = $derived.by<Tab>(() => {
    const has = this.#row === undefined || tabsOf(this.#row).some(({ value }) => value === this.#tab)
    return has ? this.#tab : this.#row?.http ? "received" : "output"
  })

  /** `runtime`: the runtime whose behavior is shown. */
  constructor(shell: Shell, runtime: () => Runtime = () => "docker-desktop") {
    this.#shell = shell
    this.#facts = new About(
      (id) => shell.ask("call", { id }),
      () => this.#look(),
    )
    this.callbacks = new Callbacks(shell, runtime)
    this.results = new SdkResults(shell, () => this.callbacks.way === "lines")
    this.diagnostics = new About((id) => shell.ask("diagnostics", { id }))
    this.code = new Forms(shell)
  }

  get tab(): Tab {
    return this.#tab
  }

  set tab(tab: Tab) {
    this.#tab = tab
    this.#look()
  }

  /** All facts of the Call. */
  get call(): Call | undefined {
    return this.#facts.value
  }

  get trouble(): Trouble | undefined {
    return this.#keeping ?? this.#facts.trouble
  }

  /** Tells what is selected and how its row is. */
  look(id: number | undefined, row: Summary | undefined): void {
    if (id !== this.#id) this.#keeping = undefined
    this.#id = id
    this.#row = row
    this.#look()
  }

  /** Asks again although no row changed: something was done to the Call from here. */
  refresh(): void {
    this.#facts.refresh()
  }

  /** Another Runtime was chosen. */
  again(): void {
    this.#look()
  }

  /** Keeps a Call's output for the next start, or lets it go. */
  async keep(id: number, kept: boolean): Promise<void> {
    try {
      await this.#shell.ask("keep", { id, kept })
    } catch (thrown) {
      if (id === this.#id) this.#keeping = trouble(thrown)
    }
  }

  #look(): void {
    const [id, row, tab] = [this.#id, this.#row, this.shown]
    this.#facts.look(id, row)
    const call = this.call
    this.callbacks.look(row, call, tab === "callbacks")
    // How callbacks are counted depends on the call's split, which the facts have.
    this.results.look(id, row, tab === "received" && call !== undefined)
    this.diagnostics.look(id, row, tab === "findings" || tab === "received")
    this.code.want(tab === "code" && call ? composedOf(call) : undefined, 0)
  }
}

import type { Callbacks } from "../../ipc/generated/Callbacks"
import type { SdkResult } from "../../ipc/generated/SdkResult"
import type { Runtime } from "../../ipc/generated/Runtime"
import type { Summary } from "../../ipc/generated/Summary"
import type { Shell } from "../../ipc/shell"
import { About } from "./about.svelte"

/** What code receives on one Runtime, and how many callbacks tell it. */
export interface Outcome extends SdkResult {
  callbacks?: Pick<Callbacks, "total" | "whole">
}

/** What code receives for the selected Call, on each Runtime. */
export class SdkResults {
  #about: About<Outcome[]>
  #shell: Shell
  #split: () => boolean

  /** `split`: whether callbacks are counted by lines. */
  constructor(shell: Shell, split: () => boolean) {
    this.#shell = shell
    this.#split = split
    this.#about = new About((id) => this.#all(id))
  }

  get outcomes(): readonly Outcome[] | undefined {
    return this.#about.value
  }

  get trouble() {
    return this.#about.trouble
  }

  look(id: number | undefined, row: Summary | undefined, looking: boolean): void {
    this.#about.look(id, row, looking)
  }

  async #all(id: number): Promise<Outcome[]> {
    const outcomes: Outcome[] = await this.#shell.ask("sdk_results", { id })
    const streamed = outcomes.filter(({ outcome }) => outcome.kind === "streamed")
    const counted = new Map<Runtime, Pick<Callbacks, "total" | "whole">>()
    for (const { runtime } of streamed) {
      const asked = { id, runtime, split: this.#split(), from: 0, count: 0 }
      const { total, whole } = await this.#shell.ask("callbacks", asked)
      counted.set(runtime, { total, whole })
    }
    return outcomes.map((outcome) => {
      const callbacks = counted.get(outcome.runtime)
      return callbacks === undefined ? outcome : { ...outcome, callbacks }
    })
  }
}

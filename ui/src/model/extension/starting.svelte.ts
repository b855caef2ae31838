import type { AccessLevel } from "../../ipc/generated/AccessLevel"
import type { RequestedAccess } from "../../ipc/generated/RequestedAccess"
import type { StartPlan } from "../../ipc/generated/StartPlan"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { InputGuard } from "../permission/guard.svelte"

/** What happens around a start. */
export interface StartingDeps {
  /** Starts what was shown. */
  start(plan: number): Promise<void>
  /** What would be started couldn't be worked out: why is in the backend's stage. */
  failed(): Promise<void>
  /** It was started, or it won't be. */
  decided(): Promise<void>
}

/** What starting the backend asks of the machine, and the user's decision on it. */
export class Starting {
  plan = $state.raw<StartPlan>()
  /** It is being worked out. */
  working = $state(false)
  trouble = $state.raw<Trouble>()
  /** What is shown is confirmed by input that was meant for it: its view begins the waiting. */
  readonly guard: InputGuard

  #shell: Shell
  #deps: StartingDeps
  /** Its image is built also when it is there. */
  #again = false
  /** Counts what was asked: what comes back for an older one is dropped. */
  #turn = 0

  constructor(shell: Shell, deps: StartingDeps, guard = new InputGuard()) {
    this.#shell = shell
    this.#deps = deps
    this.guard = guard
  }

  /** Works out what starting would do and shows it; what was confirmed before is done at once. */
  async ask(again = false): Promise<void> {
    const turn = ++this.#turn
    this.#again = again
    this.working = true
    this.trouble = undefined
    try {
      const plan = await this.#shell.ask("start_plan", { again })
      if (turn !== this.#turn) return
      this.working = false
      if (plan.confirmed) return await this.#start(plan)
      this.#show(plan)
    } catch (thrown) {
      if (turn !== this.#turn) return
      this.working = false
      this.plan = undefined
      const why = trouble(thrown)
      if (why.code !== "cancelled") this.trouble = why
      await this.#deps.failed()
      await this.#deps.decided()
    }
  }

  /** Starts what is shown. */
  async confirm(): Promise<void> {
    if (this.plan && !this.plan.cannot_start && !this.working && this.guard.armed)
      await this.#start(this.plan)
  }

  /** Starts nothing. */
  async cancel(): Promise<void> {
    this.forget()
    await this.#deps.decided()
  }

  /** Lets compose see a variable of Porthole's environment, or no longer, and shows what that changes. */
  async pass(name: string, pass: boolean): Promise<void> {
    if (!this.plan || this.working || !this.guard.armed) return
    const { content, variables } = this.plan
    const before = variables.filter(({ state }) => state !== "not_passed").map((variable) => variable.name)
    const names = pass ? [...before, name] : before.filter((other) => other !== name)
    await this.#shell.ask("allow_variables", { content, names })
    await this.ask(this.#again)
  }

  /** What was worked out is of no use any more. */
  forget(): void {
    this.#turn += 1
    this.plan = undefined
    this.working = false
    this.trouble = undefined
  }

  async #start(plan: StartPlan): Promise<void> {
    this.#turn += 1
    this.plan = undefined
    await this.#deps.start(plan.id)
    await this.#deps.decided()
  }

  #show(plan: StartPlan): void {
    this.guard.end()
    this.plan = plan
  }
}

/** What is asked for, with the services that ask for it; none when it is asked for all. */
export interface AccessRow {
  ask: RequestedAccess
  services: string[]
}

export interface AccessGroup {
  level: AccessLevel
  title: string
  rows: AccessRow[]
}

const TITLES: [AccessLevel, string][] = [
  ["control", "Gives control of the machine"],
  ["access", "Reaches outside of its containers"],
  ["notice", "Good to know"],
]

/** Everything that is requested, what gives most first; the same of several services is once. */
export function groups(plan: StartPlan): AccessGroup[] {
  const rows: AccessRow[] = []
  const several = plan.services.length > 1
  const add = (ask: RequestedAccess, service?: string) => {
    const same = rows.find(({ ask: other }) => other.summary === ask.summary && other.value === ask.value)
    const row = same ?? { ask, services: [] }
    if (!same) rows.push(row)
    if (service !== undefined && several) row.services.push(service)
  }
  for (const { name, asks } of plan.services) for (const ask of asks) add(ask, name)
  for (const ask of plan.asks) add(ask)
  const of = (level: AccessLevel) => rows.filter(({ ask }) => ask.level === level)
  return TITLES.map(([level, title]) => ({ level, title, rows: of(level) })).filter(
    (group) => group.rows.length > 0,
  )
}

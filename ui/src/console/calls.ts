import type { Delivery } from "../ipc/generated/Delivery"
import type { Origin } from "../ipc/generated/Origin"
import type { Plan } from "../ipc/generated/Plan"
import type { Runtime } from "../ipc/generated/Runtime"
import type { Sdk } from "../ipc/generated/Sdk"
import type { Value } from "../ipc/generated/Value"
import { trouble, type Shell } from "../ipc/shell"
import { RUNTIME_NAMES } from "../sdk/facts"
import type { FromSdk, ToSdk } from "../sdk/messages"
import type { Refusal } from "./words"

export type Call = Extract<FromSdk, { kind: "call" }>

/** Who is told what becomes of the calls that code makes. */
export interface Told {
  /** The code asked for it; it may wait for others. */
  asked(call: Call): void
  /** It is done as the Call with this number. */
  performed(call: Call, id: number): void
  /** It is not done; somebody decided so, and the Call with this number tells of it. */
  recorded(call: Call, id: number, why: string): void
  /** It is not done, and there is no Call. */
  refused(call: Call, why: string): void
  /** Whether this may be done: why not, or nothing. It may take as long as a person does. */
  may(call: Call, plan: Plan): Promise<Refusal | undefined>
  /** To the code's side. */
  post(message: ToSdk): void
}

/** So many Calls go on at once; what more the code asks for waits its turn. */
export const AT_ONCE = 256
/** So many wait, with so many characters in all. Code that asks for more is told so. */
const MOST_WAITING = 5_000
const MOST_WAITING_CHARS = 64 * 1024 * 1024

interface Live {
  call: Call
  /** The number of the Call, once it is performed. */
  id?: number
  closed: boolean
  /** Somebody waits for the code to take its callbacks. */
  took?: () => void
}

/**
 * The window's part of the calls that code makes of `ddClient`: what the Runtime makes of each is
 * asked for first, what it does may need leave, and then what the code receives is handed over.
 */
export class Calls {
  #live = new Map<number, Live>()
  #line: { live: Live; chars: number }[] = []
  #lineChars = 0
  #running = 0
  #ended = false

  constructor(
    private readonly shell: Shell,
    private readonly as: { runtime: Runtime; origin: Origin },
    private readonly told: Told,
  ) {}

  /** `chars`: how long its message was. */
  ask(call: Call, chars: number): void {
    if (this.#ended || this.#live.has(call.id)) return
    this.told.asked(call)
    if (this.#line.length >= MOST_WAITING || this.#lineChars + chars > MOST_WAITING_CHARS) {
      this.#fail(call, "Too many calls wait for others to end.")
      return
    }
    const live: Live = { call, closed: false }
    this.#live.set(call.id, live)
    this.#line.push({ live, chars })
    this.#lineChars += chars
    this.#next()
  }

  /** The code closed a process. It may not even have been started: then it is stopped right after. */
  close(id: number): void {
    const live = this.#live.get(id)
    if (live === undefined || live.closed) return
    live.closed = true
    this.#stop(live)
  }

  /** The code took the callbacks that it was given. */
  took(id: number): void {
    const live = this.#live.get(id)
    live?.took?.()
    delete live?.took
  }

  /** Ends whatever goes on, as it ends when an extension's page is closed. */
  end(): void {
    this.#ended = true
    this.#line = []
    for (const live of this.#live.values()) {
      this.#quit(live)
      live.took?.()
    }
    this.#live.clear()
  }

  #next(): void {
    while (this.#running < AT_ONCE && this.#line.length > 0 && !this.#ended) {
      const { live, chars } = this.#line.shift()!
      this.#lineChars -= chars
      this.#running += 1
      void this.#perform(live).finally(() => {
        this.#running -= 1
        this.#live.delete(live.call.id)
        this.#next()
      })
    }
  }

  async #perform(live: Live): Promise<void> {
    const { call } = live
    const { runtime, origin } = this.as
    try {
      const plan = await this.shell.ask("plan", { asked: call.asked, runtime, origin })
      if (this.#ended) return
      if (plan.does.kind === "refuses") {
        this.told.refused(call, whyOf(plan, plan.does.outcome, runtime))
        this.told.post({ kind: "delivered", id: call.id, outcome: plan.does.outcome })
        return
      }
      const not = await this.told.may(call, plan)
      if (this.#ended) return
      const sdk = sdkOf(call, runtime)
      if (not !== undefined) return await this.#record(call, sdk, not)
      const judged = plan.does.kind === "command" ? plan.does.command : null
      const id = await this.shell.ask("perform", { sdk, origin, judged })
      live.id = id
      if (this.#ended) return this.#quit(live)
      this.told.performed(call, id)
      if (live.closed) this.#stop(live)
      if (isStream(call)) await this.#stream(live, id)
      else await this.#whole(call, id)
    } catch (thrown) {
      if (!this.#ended) this.#fail(call, trouble(thrown).message)
    }
  }

  async #whole(call: Call, id: number): Promise<void> {
    const { outcome } = await this.shell.ask("delivered", { id })
    if (!this.#ended) this.told.post({ kind: "delivered", id: call.id, outcome })
  }

  /** The next part is asked for when the code took this one, so that nothing piles up on the way. */
  async #stream(live: Live, id: number): Promise<void> {
    let from = 0
    for (;;) {
      const part = await this.shell.ask("delivery", { id, from })
      if (this.#ended) return
      from = part.from + part.rows.length
      const last = part.ended && part.whole && from >= part.total
      if (part.rows.length === 0 && !last) continue
      const taken = last ? undefined : new Promise<void>((done) => (live.took = done))
      this.told.post({ kind: "callbacks", id: live.call.id, rows: part.rows, last })
      if (last) return
      await taken
      if (this.#ended) return
    }
  }

  /** What cannot be recorded is refused all the same. */
  async #record(call: Call, sdk: Sdk, { why, words }: Refusal): Promise<void> {
    const { origin } = this.as
    const id = await this.shell.ask("not_done", { sdk, origin, why, words }).catch(() => undefined)
    if (this.#ended) return
    if (id === undefined) this.told.refused(call, words)
    else this.told.recorded(call, id, words)
    this.told.post({ kind: "failed", id: call.id, message: words })
  }

  #fail(call: Call, message: string): void {
    this.told.refused(call, message)
    this.told.post({ kind: "failed", id: call.id, message })
  }

  /** What is not there any more cannot be stopped, and need not be. */
  #stop({ id }: Live): void {
    if (id !== undefined) this.shell.ask("stop", { id, signal: "SIGTERM" }).catch(() => {})
  }

  #quit(live: Live): void {
    if (live.id === undefined) return
    if (isStream(live.call)) this.#stop(live)
    else this.shell.ask("cancel", { id: live.id }).catch(() => {})
  }
}

const sdkOf = ({ asked, called, at }: Call, runtime: Runtime): Sdk => ({
  asked,
  runtime,
  called,
  ...(at === undefined ? {} : { at }),
})

const isStream = ({ asked }: Call): boolean => asked.kind === "exec" && asked.stream !== undefined

/** In one line why a Runtime does not do it. */
function whyOf(plan: Plan, outcome: Delivery, runtime: Runtime): string {
  const value = "value" in outcome ? outcome.value : undefined
  return textIn(value) ?? plan.rules[0]?.text ?? `${RUNTIME_NAMES[runtime]} does not do this.`
}

function textIn(value: Value | undefined): string | undefined {
  if (value?.kind === "text") return value.text
  if (value?.kind !== "object") return undefined
  const message = value.fields.find(({ name }) => name === "message")?.value
  return message?.kind === "text" && message.text !== "" ? message.text : undefined
}

import type { SdkOutcome } from "../ipc/generated/SdkOutcome"
import type { Origin } from "../ipc/generated/Origin"
import type { Plan } from "../ipc/generated/Plan"
import type { ProposedState } from "../ipc/generated/ProposedState"
import type { Runtime } from "../ipc/generated/Runtime"
import type { Sdk } from "../ipc/generated/Sdk"
import type { Value } from "../ipc/generated/Value"
import { trouble, type Shell } from "../ipc/shell"
import { nameOf } from "../sdk/facts"
import type { FromSdk, ToSdk } from "../sdk/messages"

export type Call = Extract<FromSdk, { kind: "call" }>

/** Who is told what becomes of the calls that code makes. */
export interface Told {
  /** The code asked for it; it may wait for others. */
  asked(call: Call): void
  /** It is done as the Call with this number. */
  performed(call: Call, id: number): void
  /** It is not done; the user decided so, and the Call with this number tells of it. */
  recorded(call: Call, id: number, why: string): void
  /** It is not done, and there is no Call. */
  refused(call: Call, why: string): void
  /** To the code's side. */
  post(message: ToSdk): void
}

/** This many Calls go on at once; what more the code asks for waits its turn. */
export const AT_ONCE = 256
/** This many wait, with this many characters in all. Code that asks for more is told so. */
const MOST_WAITING = 5_000
const MOST_WAITING_CHARS = 64 * 1024 * 1024

interface Live {
  call: Call
  /** The number of the Call, once it is performed. */
  id?: number
  closed: boolean
  /** The user waits for the code to take its callbacks. */
  ack?: () => void
}

/**
 * The window's part of the calls that code makes of `ddClient`: each is proposed to the shell, which starts it,
 * refuses it or lets it wait for the user; then what the code receives is handed over.
 */
export class Calls {
  #live = new Map<number, Live>()
  #line: { live: Live; chars: number }[] = []
  #lineChars = 0
  #running = 0
  #ended = false

  constructor(
    private readonly shell: Shell,
    private readonly as: { runtime: Runtime; origin: Origin; beganMs?: number },
    private readonly told: Told,
    /** Resolves when calls may be proposed: those of the code before are withdrawn then. */
    private readonly ready: Promise<unknown> = Promise.resolve(),
  ) {}

  /** `chars`: how long its message was. */
  ask(call: Call, chars: number): void {
    if (this.#ended || this.#live.has(call.id)) return
    this.told.asked(call)
    if (this.#line.length >= MOST_WAITING || this.#lineChars + chars > MOST_WAITING_CHARS) {
      this.#fail(call, "Too many calls are waiting for other calls to end.")
      return
    }
    const live: Live = { call, closed: false }
    this.#live.set(call.id, live)
    this.#line.push({ live, chars })
    this.#lineChars += chars
    this.#next()
  }

  /** Whether there is enough to do for a while. */
  get full(): boolean {
    return this.#line.length >= AT_ONCE
  }

  /** The code closed a process. It may not even have been started: then it is stopped right after. */
  close(id: number): void {
    const live = this.#live.get(id)
    if (live === undefined || live.closed) return
    live.closed = true
    this.#stop(live)
  }

  /** The code took the callbacks that it was given. */
  ack(id: number): void {
    const live = this.#live.get(id)
    live?.ack?.()
    delete live?.ack
  }

  /** Ends all running calls, as they end when an extension's page is closed. */
  end(): void {
    this.#ended = true
    this.#line = []
    for (const live of this.#live.values()) {
      this.#quit(live)
      live.ack?.()
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
    const { runtime, origin, beganMs } = this.as
    try {
      await this.ready
      if (this.#ended) return
      const sdk = { ...sdkOf(call, runtime), ...(beganMs === undefined ? {} : { began_ms: beganMs }) }
      const { plan, state } = await this.shell.ask("propose", { sdk, origin })
      const decided = state.kind === "waiting" ? await this.#decision(state.pending) : state
      if (decided === undefined) return
      if (decided.kind === "started") live.id = decided.id
      if (this.#ended) return this.#quit(live)
      await this.#decided(live, decided, plan)
    } catch (thrown) {
      if (!this.#ended) this.#fail(call, trouble(thrown).message)
    }
  }

  /** What became of a pending call; nothing when the code ended before it was proposed. */
  async #decision(pending: number): Promise<ProposedState | undefined> {
    if (this.#ended) {
      await this.shell.ask("deny", { pending }).catch(() => {})
      return undefined
    }
    return this.shell.ask("decision", { pending })
  }

  async #decided(live: Live, state: ProposedState, plan: Plan): Promise<void> {
    const { call } = live
    switch (state.kind) {
      case "rejected":
        if (plan.does.kind !== "refuses") return
        this.told.refused(call, whyOf(plan, plan.does.outcome, this.as.runtime))
        this.told.post({ kind: "delivered", id: call.id, outcome: plan.does.outcome })
        return
      case "refused":
        this.told.recorded(call, state.id, state.error.message)
        this.told.post({ kind: "failed", id: call.id, message: state.error.message })
        return
      case "started":
        this.told.performed(call, state.id)
        if (live.closed) this.#stop(live)
        return isStream(call) ? this.#stream(live, state.id) : this.#whole(call, state.id)
      case "waiting":
        return
    }
  }

  async #whole(call: Call, id: number): Promise<void> {
    const { outcome } = await this.shell.ask("sdk_result", { id })
    if (!this.#ended) this.told.post({ kind: "delivered", id: call.id, outcome })
  }

  /** The next part is asked for when the code took this one, so that nothing piles up on the way. */
  async #stream(live: Live, id: number): Promise<void> {
    let from = 0
    for (;;) {
      const part = await this.shell.ask("next_callbacks", { id, from })
      if (this.#ended) return
      from = part.from + part.rows.length
      const last = part.ended && part.whole && from >= part.total
      if (part.rows.length === 0 && !last) continue
      const taken = last ? undefined : new Promise<void>((done) => (live.ack = done))
      this.told.post({ kind: "callbacks", id: live.call.id, rows: part.rows, last })
      if (last) return
      await taken
      if (this.#ended) return
    }
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
function whyOf(plan: Plan, outcome: SdkOutcome, runtime: Runtime): string {
  const value = "value" in outcome ? outcome.value : undefined
  return textIn(value) ?? plan.rules[0]?.text ?? `${nameOf(runtime)} doesn't support this.`
}

function textIn(value: Value | undefined): string | undefined {
  if (value?.kind === "text") return value.text
  if (value?.kind !== "object") return undefined
  const message = value.fields.find(({ name }) => name === "message")?.value
  return message?.kind === "text" && message.text !== "" ? message.text : undefined
}

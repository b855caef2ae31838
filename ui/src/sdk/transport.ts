import type { SdkCall } from "../ipc/generated/SdkCall"
import type { Called } from "../ipc/generated/Called"
import type { SdkOutcome } from "../ipc/generated/SdkOutcome"
import type { Runtime } from "../ipc/generated/Runtime"
import type { Chosen, FromSdk, ToSdk } from "./messages"
import type { Port } from "./port"
import { jsOf } from "./value"

/** How a call is named to the person: the function, and the call as it was written. */
export interface Named {
  called: string
  text: string
}

/** Where the callbacks of a streaming exec go. */
export interface Listener {
  called(what: Called): void
  /** There was no process: the Runtime refused, or Porthole did. */
  failed(error: unknown): void
}

/** All that `ddClient` needs of the outside. It knows of no window and no shell. */
export interface Transport {
  /** Called first by every function of the client. Throws when the code must not go on calling in this turn. */
  guard(): void
  /** Asks for something that ends once: resolves or rejects with what the code receives. */
  call(asked: SdkCall, named: Named): Promise<unknown>
  /** Asks for something with callbacks; `close` tells that the code closed it. */
  stream(asked: SdkCall, named: Named, to: Listener): { close(): void }
  /** Asks the person for files. */
  ask(what: "dialog", properties: unknown): Promise<Chosen>
  /** Tells something that has no answer. */
  tell(what: Extract<FromSdk, { kind: "desktop" | "warning" }>): void
}

/** Who wants to know whether something is still under way. */
export interface Liveness {
  began(): void
  ended(): void
}

const nobody: Liveness = { began: () => {}, ended: () => {} }

interface Waiting {
  delivered(outcome: SdkOutcome): void
  failed(message: string): void
  callbacks?(called: readonly Called[]): void
  chosen?(result: Chosen): void
}

/** The calls that wait for the window, and what its messages are given to. */
class WaitingCalls {
  #last = 0
  #waiting = new Map<number, Waiting>()

  constructor(
    private readonly port: Port,
    private readonly liveness: Liveness,
    private readonly place: () => string | undefined,
  ) {}

  /** Sends it; what cannot be sent is not waited for. */
  begin(of: (id: number) => FromSdk, wait: Waiting): number {
    const id = ++this.#last
    this.port.send(of(id))
    this.#waiting.set(id, wait)
    this.liveness.began()
    return id
  }

  /** To be made while the code that calls still is on the stack. */
  called(asked: SdkCall, named: Named): (id: number) => FromSdk {
    this.port.demand()
    const at = this.place()
    return (id) => ({ kind: "call", id, asked, ...named, ...(at === undefined ? {} : { at }) })
  }

  close(id: number): void {
    if (this.#waiting.has(id)) this.port.send({ kind: "close", id } satisfies FromSdk)
  }

  take(message: ToSdk): void {
    switch (message.kind) {
      case "room":
        return this.port.room(message.messages, message.chars)
      case "delivered":
        return this.#end(message.id)?.delivered(message.outcome)
      case "failed":
        return this.#end(message.id)?.failed(message.message)
      case "chosen":
        return this.#end(message.id)?.chosen?.(message.result)
      case "callbacks": {
        const called = message.rows.map((row) => row.what)
        const wait = message.last ? this.#end(message.id) : this.#waiting.get(message.id)
        wait?.callbacks?.(called)
        if (!message.last) this.port.send({ kind: "ack", id: message.id } satisfies FromSdk, true)
      }
    }
  }

  #end(id: number): Waiting | undefined {
    const wait = this.#waiting.get(id)
    if (this.#waiting.delete(id)) this.liveness.ended()
    return wait
  }
}

/**
 * A transport over one port, and what the window's messages are given to. `place` tells where in
 * the code it is called from.
 */
export function portTransport(
  port: Port,
  runtime: Runtime,
  liveness: Liveness = nobody,
  place: () => string | undefined = () => undefined,
): Transport & { take(message: ToSdk): void } {
  const calls = new WaitingCalls(port, liveness, place)

  return {
    guard: () => port.guard(),

    call: (asked, named) =>
      new Promise((resolve, reject) => {
        calls.begin(calls.called(asked, named), {
          delivered(outcome) {
            if (outcome.kind === "resolved") resolve(jsOf(outcome.value, runtime))
            else if (outcome.kind === "rejected" || outcome.kind === "thrown")
              reject(jsOf(outcome.value, runtime))
            // `never`: no Runtime would settle it, and so it is left as it is.
          },
          failed: (message) => reject(new Error(message)),
        })
      }),

    stream(asked, named, to) {
      const id = calls.begin(calls.called(asked, named), {
        delivered(outcome) {
          if (outcome.kind === "streamed") to.called({ kind: "end", end: outcome.end })
          else if (outcome.kind === "rejected" || outcome.kind === "thrown")
            to.failed(jsOf(outcome.value, runtime))
        },
        failed: (message) => to.failed(new Error(message)),
        callbacks: (called) => called.forEach((what) => to.called(what)),
      })
      return {
        close: () => calls.close(id),
      }
    },

    ask: (_what, properties) =>
      new Promise((resolve, reject) => {
        calls.begin((id) => ({ kind: "dialog", id, properties: jsonOf(properties) }), {
          delivered: () => {},
          failed: (message) => reject(new Error(message)),
          chosen: resolve,
        })
      }),

    tell: (what) => port.send(what),

    take: (message) => calls.take(message),
  }
}

/** Long properties are of no use to whoever answers the dialog. */
function jsonOf(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? "").slice(0, 5_000)
  } catch {
    return ""
  }
}

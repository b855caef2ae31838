/** Whether anything goes on that the code began: calls, streams, and timers. */
import type { Liveness } from "../sdk/transport"

/**
 * Promises of the engine itself (`crypto.subtle`, `Blob.text`) can't be counted: they have this
 * long to go on before a run without anything else counts as over.
 */
export const GRACE_MS = 50

type Later = (call: () => void, ms: number) => unknown

/** Tells `over` once, when nothing goes on any more and nothing new began in a while. */
export class Alive implements Liveness {
  #live = 0
  #told = false
  #changes = 0

  constructor(
    private readonly over: () => void,
    private readonly later: Later,
  ) {}

  began(): void {
    this.#live += 1
    this.#changes += 1
  }

  ended(): void {
    this.#live -= 1
    if (this.#live > 0) return
    const then = ++this.#changes
    this.later(() => {
      if (this.#live > 0 || this.#changes !== then || this.#told) return
      this.#told = true
      this.over()
    }, GRACE_MS)
  }
}

interface Clock {
  setTimeout(call: () => void, ms?: number): number
  clearTimeout(id: number): void
  setInterval(call: () => void, ms?: number): number
  clearInterval(id: number): void
}

/** The timers that the code gets: each counts until it ran or was cleared. */
export function timersOf(clock: Clock, alive: Liveness, uncaught: (error: unknown) => void): Clock {
  const pending = new Map<number, "once" | "often">()
  const run = (call: unknown, args: unknown[]): void => {
    try {
      // Text would be compiled, which the frame's policy forbids.
      if (typeof call === "function") call(...args)
      else throw new TypeError("A timer needs a function: strings aren't run here.")
    } catch (thrown) {
      uncaught(thrown)
    }
  }
  const clear = (id: number): void => {
    const kind = pending.get(id)
    if (kind === undefined) return
    if (kind === "once") clock.clearTimeout(id)
    else clock.clearInterval(id)
    pending.delete(id)
    alive.ended()
  }
  return {
    setTimeout(call: unknown, ms?: number, ...args: unknown[]) {
      const id: number = clock.setTimeout(() => {
        run(call, args)
        if (pending.delete(id)) alive.ended()
      }, ms)
      pending.set(id, "once")
      alive.began()
      return id
    },
    setInterval(call: unknown, ms?: number, ...args: unknown[]) {
      const id: number = clock.setInterval(() => run(call, args), ms)
      pending.set(id, "often")
      alive.began()
      return id
    },
    clearTimeout: clear,
    clearInterval: clear,
  }
}

import type { Port } from "../sdk/port"
import type { FromConsole } from "./messages"

/** So often it is told how many prints were dropped. */
const TELL_MS = 1000

/** Prints on their way to the window. What finds no room is dropped and counted: waiting would fill the memory. */
export class PrintQueue {
  #dropped = 0
  #toldAt = 0

  constructor(
    private readonly port: Port,
    private readonly now: () => number,
  ) {}

  /** Whether something that has to be made first would find room. If not, it counts as dropped. */
  wanted(): boolean {
    if (this.port.open) return true
    this.#drop()
    return false
  }

  print(message: FromConsole): void {
    if (!this.port.offer(message)) this.#drop()
  }

  #drop(): void {
    this.#dropped += 1
    const now = this.now()
    if (now - this.#toldAt < TELL_MS) return
    this.#toldAt = now
    this.tellDropped()
  }

  /** Says so, if any were dropped. */
  tellDropped(): void {
    if (this.#dropped > 0) this.port.force({ kind: "dropped", count: this.#dropped } satisfies FromConsole)
  }
}

import type { Entry } from "./entry"

/** What is kept of a run; older entries go, and are counted. */
export const KEPT = 2000

/** Entries may come in thousands a second; they are shown so often, and seldom enough that drawing them leaves time. */
const SHOW_MS = 33
const REST = 2
/** Nothing waits longer than that: a page that kept the thread busy has not made drawing dear. */
const LONGEST_MS = 1000

/** The entries of a run, in the order in which they came. */
export class Log {
  #entries: Entry[] = []
  #last = 0
  #dropped = 0
  #began = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** How long the last drawing took, in milliseconds. */
  #cost = 0

  /** `show` is given all entries that are kept, and how many are not. */
  constructor(
    private readonly show: (entries: readonly Entry[], dropped: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Forgets everything and counts anew. */
  begin(): void {
    this.#entries = []
    this.#last = 0
    this.#dropped = 0
    this.#began = this.now()
    this.flush()
  }

  /** Forgets what was printed; the run isn't stopped. */
  clear(): void {
    this.#entries = []
    this.#dropped = 0
    this.flush()
  }

  add(what: Entry["what"]): number {
    const n = ++this.#last
    this.#entries.push({ n, atMs: Math.round(this.now() - this.#began), what })
    // Not at each one: moving all of them would be most of the work.
    if (this.#entries.length > KEPT * 2) this.#cut()
    this.#later()
    return n
  }

  /** Says something else in the place of the nth, if that is still there. */
  change(n: number, change: (what: Entry["what"]) => Entry["what"]): void {
    // Their numbers follow each other.
    const at = n - (this.#entries[0]?.n ?? 0)
    const entry = this.#entries[at]
    if (entry === undefined) return
    this.#entries[at] = { ...entry, what: change(entry.what) }
    this.#later()
  }

  /** Shows it now. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#cut()
    const began = this.now()
    this.show(this.#entries.slice(), this.#dropped)
    // What comes after the next frame comes after its layout. Where nothing is drawn, nothing is to be waited for.
    globalThis.requestAnimationFrame?.(() => setTimeout(() => (this.#cost = this.now() - began)))
  }

  #cut(): void {
    const more = this.#entries.length - KEPT
    if (more <= 0) return
    this.#entries = this.#entries.slice(more)
    this.#dropped += more
  }

  #later(): void {
    this.#timer ??= setTimeout(() => this.flush(), Math.min(Math.max(SHOW_MS, REST * this.#cost), LONGEST_MS))
  }
}

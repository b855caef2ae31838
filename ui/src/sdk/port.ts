import { LONGEST, CREDIT } from "./messages"

// Taken before any code runs that could put others in their place.
const { stringify } = JSON
const { freeze } = Object
const { setTimeout } = globalThis

/** This many messages wait at most; code that asks for more is told so. */
const MOST_WAITING = 5_000
/** This many calls are refused in one turn of the event loop, each in its own way. Every one after that throws. */
const MOST_REFUSED = 100

/**
 * The way to the window, on the code's side. The window's thread must not drown in messages, so
 * only so much is on its way at a time (`CREDIT`); the rest waits here, on the thread that
 * causes it. Anyone who holds `post` could go around that: only this object holds it.
 */
export class Port {
  #post: (text: string) => void
  #messages: number = CREDIT.messages
  #chars: number = CREDIT.chars
  #waiting: string[] = []
  /** What goes before all that waits. */
  #first: string[] = []
  /** How many calls were refused in this turn of the event loop. */
  #refused = 0
  /** What every further call of this turn throws. */
  #stop: RangeError | undefined
  #nextTurn: (then: () => void) => void

  constructor(
    post: (text: string) => void,
    nextTurn: (then: () => void) => void = (then) => void setTimeout(then, 0),
  ) {
    this.#post = post
    this.#nextTurn = nextTurn
  }

  /**
   * To be called first by every function of the client. A loop that goes on calling after it was refused would keep the
   * thread busy that a page shares with its window. This ends the loop with an exception, also where the function
   * itself would return a promise that rejects. A loop that catches it pays next to nothing: the error is made once a turn.
   */
  guard(): void {
    if (this.#stop) throw this.#stop
    if (this.#waiting.length < MOST_WAITING) return
    this.#refused += 1
    if (this.#refused === 1) this.#nextTurn(() => this.#forgive())
    if (this.#refused <= MOST_REFUSED) return
    this.#stop = freeze(
      new RangeError(
        `Too many calls in one turn of the event loop: ${MOST_WAITING} are waiting, and ${MOST_REFUSED} more were refused.`,
      ),
    )
    throw this.#stop
  }

  #forgive(): void {
    this.#refused = 0
    this.#stop = undefined
  }

  /** Throws if nothing more can be sent for now: what has to be made for a message need not be made then. */
  demand(): void {
    if (this.#waiting.length >= MOST_WAITING) {
      throw new RangeError(`Too many calls are waiting: ${MOST_WAITING} haven't started yet.`)
    }
  }

  /** Whether `offer` would find room for something small. */
  get open(): boolean {
    return this.#waiting.length === 0 && this.#first.length === 0 && this.#messages > 0
  }

  /**
   * Sends it, now or when there is room. Throws what the code should see when it cannot be sent. What is `first` overtakes
   * calls that wait: those that go on wait for it, and no call begins before one of them has ended.
   */
  send(message: object, first = false): void {
    if (!first) this.demand()
    // Writing down what is far too much would hold up the window, whose thread a page has.
    const least = charsIn(message)
    const text = least > LONGEST ? "" : stringify(message)
    if (least > LONGEST || text.length > LONGEST) {
      const chars = Math.max(least, text.length)
      throw new RangeError(`The call is too large: ${size(chars)}, and the limit is ${size(LONGEST)}.`)
    }
    const before = first ? this.#first.length : this.#first.length + this.#waiting.length
    if (before === 0 && this.#fits(text)) return this.#go(text)
    ;(first ? this.#first : this.#waiting).push(text)
  }

  /** Sends it if there is room now. */
  offer(message: object): boolean {
    if (!this.open) return false
    const text = stringify(message)
    if (text.length > LONGEST || !this.#fits(text)) return false
    this.#go(text)
    return true
  }

  /** Sends it without asking for room: for the few that come at most once a second, or at the end. */
  force(message: object): void {
    this.#post(stringify(message))
  }

  /** The window took so much. */
  room(messages: number, chars: number): void {
    this.#messages += messages
    this.#chars += chars
    this.#forgive()
    this.#first = this.#flush(this.#first)
    if (this.#first.length === 0) this.#waiting = this.#flush(this.#waiting)
  }

  /** Sends what fits, and gives the rest. */
  #flush(waiting: string[]): string[] {
    let sent = 0
    while (sent < waiting.length && this.#fits(waiting[sent]!)) this.#go(waiting[sent++]!)
    return sent > 0 ? waiting.slice(sent) : waiting
  }

  #fits(text: string): boolean {
    return this.#messages > 0 && this.#chars >= text.length
  }

  #go(text: string): void {
    this.#messages -= 1
    this.#chars -= text.length
    this.#post(text)
  }
}

/** The characters of all texts in a message: it is at least as long, written down. */
function charsIn(value: unknown): number {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 0
  let chars = 0
  for (const key in value) chars += charsIn((value as Record<string, unknown>)[key])
  return chars
}

const size = (chars: number): string => `${(chars / 1e6).toFixed(1)} MB`

/**
 * Keeps input that was meant for something else from answering a prompt: the second click of a double click, a key
 * that is held or typed on, a click on what was there a moment ago.
 *
 * An answer counts when
 * - the prompt has been on the screen, unchanged, for `ARM_MS` in which the window was responsive and nothing was held
 *   or pressed: steady clicking or typing starts the waiting again with each press,
 * - the press that leads to it began after that, on the same control,
 * - and no key was pressed in between that was meant for something else.
 */

export const ARM_MS = 500

/** So often the guard looks at the clock. */
const TICK_MS = 50

/**
 * No more than this is counted between two looks. A page shares the window's thread: while it blocks the thread nothing
 * is drawn, and clicks made meanwhile arrive later, all at once. Such a pause must not count as time to read.
 */
const MOST_COUNTED_MS = 2 * TICK_MS

/** What the guard needs to know of an event. Those made by scripts are not trusted, and never count. */
export interface Press {
  isTrusted: boolean
  /** Which pointer or key. */
  id: string
  /** A key that is held repeats. */
  repeat?: boolean
  /** A key that says nothing to a prompt and is not a sign of typing on either: it moves the focus, scrolls or selects. */
  moves?: boolean
  /** A key, not a pointer. */
  key?: boolean
}

export class InputGuard {
  /** Answers count now. */
  armed = $state(false)
  /** How much of the waiting is over, from 0 to 1. */
  progress = $state(0)
  /** How many activations counted as answers. */
  answers = $state(0)

  /** A prompt is on the screen. */
  #on = false
  #counted = 0
  #last = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** What is held down, as far as the window was told. */
  #down = new Set<string>()
  /** A press that may lead to an answer, and on what. */
  #press: { id: string; on: unknown } | undefined
  #now: () => number
  #isShown: () => boolean

  constructor(
    now: () => number = () => performance.now(),
    isShown: () => boolean = () => document.visibilityState === "visible",
  ) {
    this.#now = now
    this.#isShown = isShown
  }

  /** The prompt appeared, or shows something else: what was pressed before does not count. */
  begin(): void {
    this.#stop()
    this.#on = true
    this.armed = false
    this.progress = 0
    this.#counted = 0
    this.#press = undefined
    this.#last = this.#now()
    this.#tick()
  }

  end(): void {
    this.#stop()
    this.#on = false
    this.armed = false
    this.#press = undefined
  }

  /** Something was pressed, on a control that answers or on anything else. */
  down(press: Press, on?: unknown): void {
    if (!press.isTrusted) return
    const held = this.#down.has(press.id)
    this.#down.add(press.id)
    if (this.#on && (!this.armed || (press.key && !press.moves && on === undefined))) {
      this.begin()
      return
    }
    // What is still held from before, and its repeats, lead to nothing.
    this.#press = this.armed && !held && !press.repeat && on !== undefined ? { id: press.id, on } : undefined
  }

  up(press: Press): void {
    if (press.isTrusted) this.#down.delete(press.id)
  }

  /** A pointer moved with these buttons held: some may have been pressed where the window was not told. */
  pointer(id: string, buttons: number, isTrusted: boolean): void {
    if (!isTrusted) return
    if (buttons === 0) this.#down.delete(id)
    else if (!this.#down.has(id)) {
      this.#down.add(id)
      this.#press = undefined
    }
  }

  /** The window lost the keyboard, and will not be told what is let go. What comes after is a new beginning. */
  lost(): void {
    this.#down.clear()
    if (this.#on) this.begin()
  }

  /** Whether an activation of this control is an answer. It counts once. */
  accepts(isTrusted: boolean, on: unknown): boolean {
    const press = this.#press
    this.#press = undefined
    const counts = isTrusted && this.armed && press?.on === on
    if (counts) this.answers += 1
    return counts
  }

  #tick(): void {
    const now = this.#now()
    const passed = Math.max(0, now - this.#last)
    this.#last = now
    if (this.#down.size > 0) this.#counted = 0
    else if (this.#isShown()) this.#counted += Math.min(passed, MOST_COUNTED_MS)
    this.progress = Math.min(1, this.#counted / ARM_MS)
    if (this.#counted >= ARM_MS) {
      this.armed = true
      return
    }
    this.#timer = setTimeout(() => this.#tick(), TICK_MS)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

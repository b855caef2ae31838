/** The time that ages are shown against. It ticks only while something is live. */
export class Clock {
  now = $state(Date.now())
  #live = false
  /** Who else looks at an age. */
  #holds = 0
  #timer: ReturnType<typeof setInterval> | undefined

  /** Ticks ten times a second, or is still. */
  run(live: boolean): void {
    this.#live = live
    this.#turn()
  }

  /** Ticks until what is returned is called. */
  hold(): () => void {
    this.#holds += 1
    this.#turn()
    return () => {
      this.#holds -= 1
      this.#turn()
    }
  }

  #turn(): void {
    const ticks = this.#live || this.#holds > 0
    if (ticks === (this.#timer !== undefined)) return
    this.now = Date.now()
    if (ticks) {
      this.#timer = setInterval(() => (this.now = Date.now()), 100)
    } else {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }
}

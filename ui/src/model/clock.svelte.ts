/** The time that ages are shown against. It ticks only while something is live. */
export class Clock {
  now = $state(Date.now())
  #timer: ReturnType<typeof setInterval> | undefined

  /** Ticks ten times a second, or stands still. */
  run(live: boolean): void {
    if (live === (this.#timer !== undefined)) return
    this.now = Date.now()
    if (live) {
      this.#timer = setInterval(() => (this.now = Date.now()), 100)
    } else {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }
}

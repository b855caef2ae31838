/** How fast a count grows, over the last second or so. */
export class Rate {
  #samples: { at: number; n: number }[] = []

  add(at: number, n: number): void {
    this.#samples.push({ at, n })
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - SPAN_MS) this.#samples.shift()
  }

  /** A second, or nothing while there is too little to tell. */
  perSecond(): number | undefined {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < SPAN_MS / 4) return undefined
    return ((last.n - first.n) * 1000) / (last.at - first.at)
  }

  clear(): void {
    this.#samples = []
  }
}

const SPAN_MS = 1_000

/** Rows from one to another, which is not among them. */
export interface Span {
  from: number
  to: number
}

/** The rows that were marked by their numbers, to be copied or saved: however many they are. */
export class MarkedRows {
  span = $state.raw<Span>()
  #anchor = 0

  /** One row; the same one again clears the mark. */
  mark(row: number): void {
    const { span } = this
    if (span !== undefined && span.from === row && span.to === row + 1) return this.clear()
    this.#anchor = row
    this.span = { from: row, to: row + 1 }
  }

  /** All rows from the first one that was marked to this one. */
  extend(row: number): void {
    if (this.span === undefined) return this.mark(row)
    this.span = { from: Math.min(this.#anchor, row), to: Math.max(this.#anchor, row) + 1 }
  }

  /** The end that moves, by rows; gives the row that it came to. */
  stretch(by: number, total: number): number | undefined {
    if (this.span === undefined) return undefined
    const { from, to } = this.span
    const end = from === this.#anchor ? to - 1 : from
    const row = Math.max(0, Math.min(total - 1, end + by))
    this.extend(row)
    return row
  }

  has(row: number): boolean {
    return this.span !== undefined && row >= this.span.from && row < this.span.to
  }

  clear(): void {
    this.span = undefined
  }
}

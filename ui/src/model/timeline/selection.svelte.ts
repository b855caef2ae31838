import type { Summary } from "../../ipc/generated/Summary"

/** Which Call is looked at. It may be one whose row has not come yet. */
export class Selection {
  id = $state<number>()
  #told: () => void

  constructor(told: () => void) {
    this.#told = told
  }

  select(id: number | undefined): void {
    if (id === this.id) return
    this.id = id
    this.#told()
  }

  /** Moves by rows in the list as it is shown; from nowhere to its first or last row. */
  move(shown: readonly Summary[], by: number): void {
    if (shown.length === 0) return
    const at = shown.findIndex((row) => row.id === this.id)
    const from = at >= 0 ? at + by : by > 0 ? 0 : shown.length - 1
    this.select(shown[Math.min(shown.length - 1, Math.max(0, from))]!.id)
  }
}

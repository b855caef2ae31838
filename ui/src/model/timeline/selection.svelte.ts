import type { Item } from "./order"

const none: ReadonlySet<number> = new Set()

/** Which Calls are selected, and which of them is looked at. That one may be one whose row has not come yet. */
export class Selection {
  /** The call that is shown: the one that was selected last. */
  id = $state<number>()
  /** All that are selected. */
  ids = $state.raw<ReadonlySet<number>>(none)
  /** The group whose header the keys are at, in place of a row. */
  group = $state<string>()
  /** Where a range begins. */
  #anchor: number | undefined
  #told: () => void

  constructor(told: () => void) {
    this.#told = told
  }

  /** Selects this one alone. */
  select(id: number | undefined): void {
    this.group = undefined
    this.#anchor = id
    this.ids = id === undefined ? none : new Set([id])
    this.#show(id)
  }

  /** Adds this one, or takes it out. The last one stays. */
  toggle(id: number): void {
    const ids = new Set(this.ids)
    if (!ids.delete(id)) ids.add(id)
    if (ids.size === 0) return
    this.group = undefined
    this.#anchor = id
    this.ids = ids
    this.#show(ids.has(id) ? id : [...ids].at(-1))
  }

  /** Selects all from where the range began to this one. */
  extend(items: readonly Item[], id: number): void {
    const at = (wanted: number | undefined) =>
      items.findIndex((item) => item.kind === "call" && item.row.id === wanted)
    const anchor = this.#anchor ?? this.id
    const to = at(id)
    const from = at(anchor)
    if (to < 0 || from < 0) {
      this.select(id)
      return
    }
    const range = items.slice(Math.min(from, to), Math.max(from, to) + 1)
    this.group = undefined
    this.#anchor = anchor
    this.ids = new Set(range.flatMap((item) => (item.kind === "call" ? [item.row.id] : [])))
    this.#show(id)
  }

  all(items: readonly Item[]): void {
    const ids = items.flatMap((item) => (item.kind === "call" ? [item.row.id] : []))
    if (ids.length === 0) return
    this.ids = new Set(ids)
    this.group = undefined
    if (this.id === undefined || !this.ids.has(this.id)) this.#show(ids.at(-1))
  }

  /** The keys go to the header of a group; the call that is shown stays. */
  goToGroup(key: string): void {
    this.group = key
  }

  /** Where the keys are in the list as it is shown; -1 when they are at nothing in it. */
  placeIn(items: readonly Item[]): number {
    return items.findIndex((item) =>
      item.kind === "group" ? item.key === this.group : this.group === undefined && item.row.id === this.id,
    )
  }

  /** Moves by items in the list as it is shown; from nowhere to its first or last. */
  move(items: readonly Item[], by: number, extend = false): void {
    if (items.length === 0) return
    const last = items.length - 1
    const at = this.placeIn(items)
    let to = Math.min(last, Math.max(0, at >= 0 ? at + by : by > 0 ? 0 : last))
    // A range has no headers in it.
    while (extend && items[to]?.kind === "group" && to + Math.sign(by) in items) to += Math.sign(by)
    const item = items[to]
    if (item?.kind === "group") {
      if (!extend) this.goToGroup(item.key)
    } else if (item !== undefined) {
      if (extend) this.extend(items, item.row.id)
      else this.select(item.row.id)
    }
  }

  /** Forgets calls that are gone. */
  forget(isGone: (id: number) => boolean): void {
    if (this.id !== undefined && isGone(this.id)) {
      const left = [...this.ids].filter((id) => !isGone(id))
      this.select(left.at(-1))
    } else if (this.ids.size > 1 && [...this.ids].some(isGone)) {
      this.ids = new Set([...this.ids].filter((id) => !isGone(id)))
    }
  }

  #show(id: number | undefined): void {
    if (id === this.id) return
    this.id = id
    this.#told()
  }
}

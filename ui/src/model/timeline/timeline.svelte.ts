import type { Changes } from "../../ipc/generated/Changes"
import type { Cleared } from "../../ipc/generated/Cleared"
import type { TargetStatus } from "../../ipc/generated/TargetStatus"
import type { Summary } from "../../ipc/generated/Summary"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { nextFrame } from "./frame"
import { collectGarbage } from "./garbage"
import { parse } from "./filter"
import { grouped, sorted, type Item } from "./order"
import { isFailure, isLive } from "./outcome"
import type { Sort } from "./columns"
import type { Removal } from "../../ipc/generated/Removal"

/** Which Calls the list shows. */
export type Kind = "all" | "http" | "runs" | "failed"

const RETRY_MS = [250, 1_000, 3_000]

/** The Calls in the order in which they began, kept up to date by one question at a time. */
export class Timeline {
  /** Ascending by number, which is the order in which they began. */
  rows = $state.raw<readonly Summary[]>([])
  targetStatus = $state.raw<TargetStatus>({
    service: { kind: "unknown" },
    container: { kind: "unknown" },
    host: { kind: "unknown" },
    engine: { kind: "unknown" },
  })
  /** Why the shell does not answer; it is asked again. */
  trouble = $state.raw<Trouble>()
  /** Why pinned calls of an earlier start are not here; nothing once it was dismissed. */
  unread = $state.raw<Trouble>()
  text = $state("")
  kind = $state<Kind>("all")
  /** The column that the rows are in the order of; none is the order of time. */
  sort = $state.raw<Sort>()
  /** Page loads and console runs whose calls aren't shown. */
  collapsed = $state.raw<ReadonlySet<string>>(new Set())
  /** What was removed and can be put back. */
  removals = $state.raw<readonly Removal[]>([])
  /** Whether the list was left at its end. */
  #atEnd = $state(true)

  filter = $derived(parse(this.text))
  /** What matches the filter, in the order of time. */
  shown = $derived.by(() => {
    const { filter, kind } = this
    return this.rows.filter((row) => isOf(kind, row) && filter.matches(row, this.#now))
  })
  /** What is drawn, from top to bottom. */
  items = $derived<readonly Item[]>(
    this.sort === undefined ? grouped(this.shown, this.collapsed) : sorted(this.shown, this.sort),
  )
  live = $derived(this.rows.filter((row) => isLive(row.outcome)))

  #shell: Shell
  #revision = 0
  #newest = 0
  #stopped = false
  #knowsUnread = false
  #told: (changes: Changes) => void
  #now: () => number

  constructor(shell: Shell, told: (changes: Changes) => void, now: () => number = () => Date.now()) {
    this.#shell = shell
    this.#told = told
    this.#now = now
  }

  /** Whether the list stays at its end when rows come: only where the newest are there. */
  get followsEnd(): boolean {
    return this.#atEnd && this.sort === undefined
  }

  set followsEnd(follows: boolean) {
    this.#atEnd = follows
  }

  /** Shows or hides the calls of a page load or console run. */
  expand(key: string, expanded: boolean): void {
    const collapsed = new Set(this.collapsed)
    if (expanded) collapsed.delete(key)
    else collapsed.add(key)
    this.collapsed = collapsed
  }

  /** Asks for changes forever: the next question goes out when the answer is in, and drawn. */
  async watch(wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))): Promise<void> {
    let failures = 0
    while (!this.#stopped) {
      try {
        const changes = await this.#shell.ask("changes", { since: this.#revision })
        this.apply(changes)
        this.trouble = undefined
        failures = 0
        await nextFrame()
        if (changes.cleared !== undefined) collectGarbage()
      } catch (thrown) {
        this.trouble = trouble(thrown)
        await wait(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!)
        failures += 1
      }
    }
  }

  /** Ends `watch` after the answer that it waits for. */
  stop(): void {
    this.#stopped = true
  }

  apply(changes: Changes): void {
    this.#revision = changes.revision
    // Told with every change, and the same as before mostly: nothing is drawn again for it.
    if (!same(this.targetStatus, changes.target_status)) this.targetStatus = changes.target_status
    if (changes.calls.length > 0 || changes.cleared !== undefined) {
      this.rows = merge(this.rows, changes.calls, changes.cleared)
    }
    if (changes.removals.length > 0 || this.removals.length > 0) this.removals = changes.removals
    if (changes.kept_unread && !this.#knowsUnread) {
      this.#knowsUnread = true
      this.unread = changes.kept_unread
    }
    this.#newest = Math.max(this.#newest, this.rows.at(-1)?.id ?? 0, changes.cleared?.through ?? 0)
    this.#told(changes)
  }

  row(id: number | undefined): Summary | undefined {
    if (id === undefined) return undefined
    const found = this.rows[originalPosition(this.rows, id)]
    return found?.id === id ? found : undefined
  }

  /** Whether a Call was here and was cleared. One that has just begun is not here *yet*. */
  isGone(id: number | undefined): boolean {
    return id !== undefined && id <= this.#newest && this.row(id) === undefined
  }

  async clear(): Promise<void> {
    try {
      await this.#shell.ask("clear", {})
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

function isOf(kind: Kind, row: Summary): boolean {
  if (kind === "http") return row.http
  if (kind === "runs") return !row.http
  return kind === "all" || isFailure(row.outcome)
}

function same(a: TargetStatus, b: TargetStatus): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Puts changed rows in place of those with the same number, adds new ones, removes cleared ones. */
export function merge(rows: readonly Summary[], changed: readonly Summary[], cleared?: Cleared): Summary[] {
  const remaining = new Set(cleared?.except)
  const isGone = ({ id }: Summary) => cleared !== undefined && id <= cleared.through && !remaining.has(id)
  const merged = cleared ? rows.filter((row) => !isGone(row)) : rows.slice()
  for (const row of changed) {
    if (isGone(row)) continue
    const at = originalPosition(merged, row.id)
    if (merged[at]?.id === row.id) merged[at] = row
    else merged.splice(at, 0, row)
  }
  return merged
}

/** The first place whose number is not smaller. */
function originalPosition(rows: readonly Summary[], id: number): number {
  const last = rows.at(-1)
  if (last === undefined || last.id < id) return rows.length
  let low = 0
  let high = rows.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}

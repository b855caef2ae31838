import type { DecodedFacts } from "../../ipc/generated/DecodedFacts"
import type { Error as ShellError } from "../../ipc/generated/Error"
import type { Line } from "../../ipc/generated/Line"
import type { TaskProgress } from "../../ipc/generated/TaskProgress"
import type { View } from "../../ipc/generated/View"
import type { Window as Pulled } from "../../ipc/generated/Window"
import { trouble, type Trouble } from "../../ipc/shell"
import { beforeIn, held, type Held } from "./held"
import { lastFirst, LINE_HEIGHT } from "./scroll"
import { widened } from "./columns"
import { cellsOf } from "./width"

/** What is looked at, and how much of it there is. */
export interface LogSource {
  id: number
  view: View
  /** Rows of another edition are other rows: those that another search found. */
  edition: number
  live: boolean
  ansi: boolean
  /** What the rows are made of: in another charset or format there are other rows. */
  form?: string | undefined
  /** Rows by the counts of the Call; absent when only the answer can tell, as for `pretty`. */
  total?: number | undefined
  bytes: number
}

/** A row of the visible part; its text is absent until it has come. */
export interface Drawn<L extends Line = Line> {
  n: number
  line: L | undefined
  /** When the row before it came. */
  beforeUs: number | undefined
  /** Which element draws it: the same one while it is scrolled, and while the end is followed. */
  key: number
}

/** An answer: some rows, and how many there are. */
export interface Window<L extends Line = Line> extends Pulled {
  lines: L[]
}

/** Asks for rows of what is looked at. */
export type Pull<L extends Line, K extends LogSource> = (
  look: K,
  from: number,
  count: number,
) => Promise<Window<L>>

/** Where one looks: to come back to it. */
export interface Place {
  following: boolean
  first: number
  shift: number
}

const HELD_WINDOWS = 3
const RECHECK_MS = 500
const MAKING_MS = 100

/**
 * The visible part of an output, pulled from the shell. Nothing here grows with the output: a few
 * windows of rows are held. One question is in flight; when its answer is in, the next one asks
 * for what is visible *then*, so that fast scrolling skips what it passed.
 *
 * Rows of one height are placed by the number of the first one. Wrapped rows have heights that only
 * the drawing knows: there one row is the anchor, its top is `shift` pixels below the top of the
 * viewport, and what is above it grows upwards. While the end is followed the anchor is the end.
 */
export class Lines<L extends Line = Line, K extends LogSource = LogSource> {
  look = $state.raw<K>()
  rows = $state(0)
  total = $state(0)
  following = $state(true)
  wrap = $state(false)
  trouble = $state.raw<Trouble>()
  /** How far a view has come that is made of bytes which are all there. */
  making = $state.raw<TaskProgress>()
  /** Why the view ends before its bytes do. */
  problem = $state.raw<ShellError>()
  /** How much of the body was decoded, where it is shown decoded. */
  decoded = $state.raw<DecodedFacts>()
  /** The total when following was paused: what came since is new. */
  pausedAt = $state(0)
  /** The row that a search or a jump led to. */
  pointed = $state<number>()
  /** The widest row seen, in characters: what is scrolled sideways does not get narrower. */
  widest = $state(0)
  /** How wide the columns of a table are by the rows seen, in characters. */
  columns = $state.raw<readonly number[]>([])
  /** The first record of a table, which usually names the columns. */
  header = $state.raw<L>()
  /** The largest number beside a row so far: where rows are left out it is beyond their count. */
  largest = $state(0)
  /** The anchor of wrapped rows, and how far its top is below the top of the viewport. */
  anchor = $state(0)
  shift = $state(0)

  /** While following, the end of what is drawn: behind `total` until the answer is in. */
  #tail = $state(0)
  #held = $state.raw<readonly Held<L>[]>([])
  #viewport = 0
  #base = 0

  #edges = $derived(this.#edgesAt(this.#tail))
  first = $derived(this.#edges.from)
  drawn = $derived.by(() => {
    const { from, to } = this.#edges
    const base = this.following ? from : this.#base
    const drawn: Drawn<L>[] = []
    for (let n = from; n < to; n++) {
      drawn.push({ n, line: held(this.#held, n), beforeUs: beforeIn(this.#held, n), key: n - base })
    }
    return drawn
  })
  #split = $derived(this.following ? this.#tail : Math.max(this.anchor, this.first))
  /** Wrapped rows: those that end at the anchor's top, and those from it on. */
  above = $derived(this.drawn.slice(0, this.#split - this.first))
  below = $derived(this.drawn.slice(this.#split - this.first))
  fresh = $derived(this.following ? 0 : Math.max(0, this.total - this.pausedAt))

  #pull: Pull<L, K>
  #now: () => number
  #busy = false
  #stale = false
  #askedAt = 0
  /** An answer without lines: not asked again until something changes. */
  #dry = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #folded = false

  #told: () => void

  /** `told`: a view failed, or has a problem. */
  constructor(pull: Pull<L, K>, told: () => void = () => {}, now: () => number = () => performance.now()) {
    this.#pull = pull
    this.#told = told
    this.#now = now
  }

  /** Tells what to look at. Called whenever the row of the selected Call changed. */
  see(look: K | undefined, follow = true, place?: Place): void {
    const before = this.look
    this.look = look
    if (look === undefined || before === undefined || !isSame(before, look)) {
      this.#held = []
      this.#tail = 0
      this.#base = 0
      this.anchor = place?.first ?? 0
      this.shift = place?.shift ?? 0
      this.total = look?.total ?? 0
      this.following = place?.following ?? follow
      this.pausedAt = this.total
      this.pointed = undefined
      this.widest = 0
      this.largest = 0
      this.columns = []
      this.header = undefined
      this.trouble = undefined
      this.making = undefined
      this.problem = undefined
      this.decoded = undefined
      this.#stale = look !== undefined
      clearTimeout(this.#timer)
    } else {
      this.total = Math.max(this.total, look.total ?? 0)
      if (before.bytes !== look.bytes || before.total !== look.total) this.#grown(look)
      // What was cut in the middle of a line is whole now, wherever it is.
      if ((before.live && !look.live) || before.ansi !== look.ansi) this.#stale = true
    }
    this.#dry = false
    void this.#ask()
  }

  /** Asks for the visible part once more: it looks otherwise now. `folded`: rows that come with that aren't new. */
  again(folded = false): void {
    this.#folded ||= folded
    this.#stale = true
    this.#dry = false
    void this.#ask()
  }

  /** Tells how many rows fit, and into how many pixels. */
  fit(rows: number, viewport = rows * LINE_HEIGHT): void {
    this.#viewport = viewport
    if (rows === this.rows) return
    this.rows = rows
    this.#dry = false
    void this.#ask()
  }

  /** Whether long rows go on below. */
  setWrap(wrap: boolean): void {
    if (wrap === this.wrap) return
    const first = this.first
    this.wrap = wrap
    this.anchor = first
    this.shift = 0
    void this.#ask()
  }

  place(): Place {
    return { following: this.following, first: this.anchor, shift: this.shift }
  }

  /** Puts this row at the top; reaching the end follows again. */
  scrollTo(first: number): void {
    const end = this.wrap ? this.total : lastFirst(this.total, this.rows)
    if (first >= end) return this.follow()
    this.#pauseAt(Math.max(0, Math.round(first)), 0)
  }

  /** Moves by rows of one height. */
  move(by: number): void {
    if (by !== 0) this.scrollTo(this.first + by)
  }

  /** Moves wrapped rows by pixels: forward when positive. */
  moveBy(pixels: number): void {
    const by = Math.max(-this.#viewport, Math.min(this.#viewport, pixels))
    if (this.following) {
      if (by >= 0) return
      this.#pauseAt(this.#tail, this.#viewport)
    }
    this.#pauseAt(this.anchor, this.shift - by)
  }

  /** Says where a wrapped row was drawn: the same picture, told from that row. */
  anchorAt(n: number, top: number): void {
    this.anchor = n
    this.shift = top
    void this.#ask()
  }

  /** Shows a row with some of what is around it, and points at it. */
  reveal(n: number): void {
    this.pointed = n
    // Where only the answer tells how many there are, this one may be newer than the last answer.
    if (this.look?.total === undefined && n >= this.total) this.total = n + 1
    const whole = this.wrap ? Math.max(1, Math.floor(this.rows / 3)) : this.rows
    const seen = n >= this.first && n < this.first + whole && (!this.wrap || this.shift >= 0)
    if (seen && !this.following) return
    if (this.wrap) return this.#pauseAt(n, Math.round(this.#viewport / 3))
    if (seen) return this.pause()
    const first = Math.max(0, n - Math.floor(this.rows / 3))
    // Near the end it is paused too: the requested lines must not scroll away.
    this.#pauseAt(Math.min(first, lastFirst(this.total, this.rows)), 0)
  }

  /** Stays at the end from now on. */
  follow(): void {
    if (!this.following) {
      this.following = true
      // Drawn from where it stood until the end is here, instead of an empty page.
      this.#tail = Math.min(this.total, this.anchor + this.rows)
    }
    this.#dry = false
    void this.#ask()
  }

  /** Stays where it is from now on. */
  pause(): void {
    if (!this.following) return
    if (this.wrap) this.#pauseAt(this.#tail, this.#viewport)
    else this.#pauseAt(this.first, 0)
  }

  #pauseAt(anchor: number, shift: number): void {
    if (this.following) {
      this.pausedAt = this.total
      this.#base = this.first
    }
    this.following = false
    this.anchor = anchor
    this.shift = shift
    this.#dry = false
    void this.#ask()
  }

  /** The rows that are visible, or may be: wrapped ones are at least one line high each. */
  #edgesAt(tail: number): { from: number; to: number } {
    if (this.following) return { from: lastFirst(tail, this.rows + (this.wrap ? 1 : 0)), to: tail }
    const screen = this.rows + 1
    if (!this.wrap) return { from: this.anchor, to: Math.min(this.total, this.anchor + screen) }
    const above = Math.ceil(Math.max(0, this.shift) / LINE_HEIGHT)
    const below = screen + Math.min(screen, Math.ceil(Math.max(0, -this.shift) / LINE_HEIGHT))
    return { from: Math.max(0, this.anchor - above), to: Math.min(this.total, this.anchor + below) }
  }

  /** Lines only come at the end, and only the last one of each stream may still grow. */
  #grown(look: K): void {
    const end = this.anchor + this.rows
    const atEnd = this.following || end >= this.pausedAt - 1 || end >= this.total - 1
    if (atEnd || look.total === undefined) this.#stale = true
    // A line of stderr may be open far above the end. Looked at again, but not at every chunk.
    else if (this.#now() - this.#askedAt > RECHECK_MS) this.#stale = true
  }

  #wanted(): { from: number; count: number } | undefined {
    if (this.look === undefined || this.rows === 0 || this.#dry || this.look.total === 0) return undefined
    const margin = this.rows
    const { from: first, to: end } = this.#edgesAt(this.total)
    const count = Math.max(this.rows, end - first) + 2 * margin
    if (this.#stale) {
      // Long lines make an answer short: at the end, what is above it would take their place.
      const above = this.following ? 0 : margin
      return { from: Math.max(0, first - above), count }
    }
    for (let n = first; n < end; n++) {
      if (held(this.#held, n) !== undefined) continue
      // Some of the visible part is here: what is missing is behind a short answer.
      return { from: n > first ? n : Math.max(0, n - margin), count }
    }
    return undefined
  }

  async #ask(): Promise<void> {
    if (this.#busy) return
    const wanted = this.#wanted()
    const look = this.look
    if (wanted === undefined || look === undefined) {
      this.#draw()
      return
    }
    const fresh = this.#stale
    this.#busy = true
    this.#stale = false
    this.#askedAt = this.#now()
    const current = () => this.look !== undefined && isSame(this.look, look)
    try {
      const window = await this.#pull(look, wanted.from, wanted.count)
      if (current()) this.#take(window, fresh)
    } catch (thrown) {
      if (current()) {
        this.trouble = trouble(thrown)
        this.#dry = true
        this.#told()
      }
    } finally {
      this.#busy = false
      void this.#ask()
    }
  }

  #take(window: Window<L>, fresh: boolean): void {
    this.trouble = undefined
    this.making = window.making
    const problem = window.problem !== undefined && this.problem === undefined
    this.problem = window.problem
    this.decoded = window.decoded
    // The counts of the row are what the window tells elsewhere; the answer may be ahead of them,
    // and asking for what it adds would never end. Where there are no counts, it is all we know.
    if (this.look?.total === undefined) {
      if (fresh && this.#folded) this.pausedAt += window.total - this.total
      if (fresh) this.#folded = false
      this.total = window.total
      // It has ended: nothing of it is new.
      if (this.look?.live === false) this.pausedAt = window.total
      // Folding makes it shorter.
      this.#tail = Math.min(this.#tail, this.total)
      if (!this.following) this.anchor = Math.min(this.anchor, lastFirst(this.total, this.rows))
    }
    // An answer with nothing for what is visible: asking again would get the same one.
    if (window.lines.length === 0) this.#dry = true
    const kept = fresh ? [] : this.#held.filter((one, i) => i < HELD_WINDOWS - 1 || this.#visible(one))
    this.#held = [{ from: window.from, lines: window.lines, beforeUs: window.beforeUs }, ...kept]
    if (this.following) {
      const end = Math.min(this.total, window.from + window.lines.length)
      if (end > this.#tail) this.#tail = end
    }
    if (!this.wrap) this.widest = window.lines.reduce((most, line) => cellsOf(line, most), this.widest)
    this.columns = widened(this.columns, window.lines)
    const first = window.lines[0]
    if (window.from === 0 && first?.row?.kind === "cells") this.header = first
    this.largest = Math.max(this.largest, window.lines.at(-1)?.n ?? 0)
    clearTimeout(this.#timer)
    if (window.making !== undefined) this.#timer = setTimeout(() => this.again(), MAKING_MS)
    if (problem) this.#told()
  }

  /** Very long lines come few at a time: as many windows are held as the visible part needs. */
  #visible(one: Held<L>): boolean {
    const { from, to } = this.#edgesAt(this.total)
    return one.from < Math.max(to, from + this.rows) && one.from + one.lines.length > from
  }

  /** Follows to the end as far as its lines are here. */
  #draw(): void {
    if (!this.following) return
    let end = lastFirst(this.total, this.rows)
    while (end < this.total && held(this.#held, end) !== undefined) end += 1
    if (end > this.#tail) this.#tail = end
  }
}

/** Whether two looks show the same rows, of which there may be more now. */
function isSame(a: LogSource, b: LogSource): boolean {
  return a.id === b.id && a.view === b.view && a.edition === b.edition && a.form === b.form
}

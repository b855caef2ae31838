import type { Line } from "../ipc/generated/Line"
import type { View } from "../ipc/generated/View"
import type { Window } from "../ipc/generated/Window"
import { trouble, type Shell, type Trouble } from "../ipc/shell"
import { lastFirst } from "./scroll"

/** What is looked at, and how much of it there is. */
export interface Look {
  id: number
  view: View
  live: boolean
  /** Lines by the counts of the row; absent when only the answer can tell, as for `pretty`. */
  total?: number
  bytes: number
}

/** A line of the visible part; its text is absent until it has come. */
export interface Drawn {
  n: number
  line: Line | undefined
}

interface Piece {
  from: number
  lines: readonly Line[]
}

const HELD_PIECES = 3
const RECHECK_MS = 500

/**
 * The visible part of an output, pulled from the shell. Nothing here grows with the output: a few
 * windows of lines are held. One question is in flight; when its answer is in, the next one asks
 * for what is visible *then*, so that fast scrolling skips what it passed.
 */
export class Lines {
  look = $state.raw<Look>()
  rows = $state(0)
  total = $state(0)
  following = $state(true)
  trouble = $state.raw<Trouble>()
  /** The total when following was paused: what came since is new. */
  pausedAt = $state(0)

  #first = $state(0)
  /** While following, the end of what is drawn: behind `total` until the answer is in. */
  #tail = $state(0)
  #pieces = $state.raw<readonly Piece[]>([])

  first = $derived(this.following ? lastFirst(this.#tail, this.rows) : this.#first)
  drawn = $derived.by(() => {
    const end = Math.min(this.following ? this.#tail : this.total, this.first + this.rows + 1)
    const drawn: Drawn[] = []
    for (let n = this.first; n < end; n++) drawn.push({ n, line: held(this.#pieces, n) })
    return drawn
  })
  fresh = $derived(this.following ? 0 : Math.max(0, this.total - this.pausedAt))

  #shell: Shell
  #now: () => number
  #busy = false
  #stale = false
  #askedAt = 0
  /** An answer without lines: not asked again until something changes. */
  #dry = false

  #failed: () => void

  constructor(shell: Shell, failed: () => void = () => {}, now: () => number = () => performance.now()) {
    this.#shell = shell
    this.#failed = failed
    this.#now = now
  }

  /** Tells what to look at. Called whenever the row of the selected Call changed. */
  see(look: Look | undefined, follow = true): void {
    const before = this.look
    this.look = look
    if (look === undefined || before?.id !== look.id || before.view !== look.view) {
      this.#pieces = []
      this.#tail = 0
      this.#first = 0
      this.total = look?.total ?? 0
      this.following = follow
      this.pausedAt = this.total
      this.trouble = undefined
      this.#stale = look !== undefined
    } else {
      this.total = Math.max(this.total, look.total ?? 0)
      if (before.bytes !== look.bytes || before.total !== look.total) this.#grown(look)
      // What was cut in the middle of a line is whole now, wherever it stands.
      if (before.live && !look.live) this.#stale = true
    }
    this.#dry = false
    void this.#ask()
  }

  /** Tells how many lines fit. */
  fit(rows: number): void {
    if (rows === this.rows) return
    this.rows = rows
    this.#dry = false
    void this.#ask()
  }

  /** Moves the first line; reaching the end follows again. */
  scrollTo(first: number): void {
    const last = lastFirst(this.total, this.rows)
    if (first >= last) return this.follow()
    this.#pauseAt(Math.max(0, Math.round(first)))
  }

  /** Moves by lines. */
  move(by: number): void {
    if (by !== 0) this.scrollTo(this.first + by)
  }

  /** Stays at the end from now on. */
  follow(): void {
    if (!this.following) {
      this.following = true
      // Drawn from where it stood until the end is here, instead of an empty page.
      this.#tail = Math.min(this.total, this.#first + this.rows)
    }
    this.#dry = false
    void this.#ask()
  }

  /** Stays where it is from now on. */
  pause(): void {
    if (this.following) this.#pauseAt(this.first)
  }

  #pauseAt(first: number): void {
    if (this.following) this.pausedAt = this.total
    this.following = false
    this.#first = first
    this.#dry = false
    void this.#ask()
  }

  /** Lines only come at the end, and only the last one of each stream may still grow. */
  #grown(look: Look): void {
    const end = this.#first + this.rows
    const atEnd = this.following || end >= this.pausedAt - 1 || end >= this.total - 1
    if (atEnd || look.total === undefined) this.#stale = true
    // A line of stderr may be open far above the end. Looked at again, but not at every chunk.
    else if (this.#now() - this.#askedAt > RECHECK_MS) this.#stale = true
  }

  #wanted(): { from: number; count: number } | undefined {
    if (this.look === undefined || this.rows === 0 || this.#dry) return undefined
    const margin = this.rows
    const first = this.following ? lastFirst(this.total, this.rows) : this.#first
    if (this.#stale) {
      // Long lines make an answer short: at the end, what is above it would take their place.
      const above = this.following ? 0 : margin
      return { from: Math.max(0, first - above), count: this.rows + 2 * margin }
    }
    const end = Math.min(this.total, first + this.rows + 1)
    for (let n = first; n < end; n++) {
      if (held(this.#pieces, n) !== undefined) continue
      // Some of the visible part is here: what is missing is behind a short answer.
      const from = n > first ? n : Math.max(0, n - margin)
      return { from, count: this.rows + 2 * margin }
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
    const current = () => this.look?.id === look.id && this.look.view === look.view
    try {
      const window = await this.#shell.ask("lines", { id: look.id, view: look.view, ...wanted })
      if (current()) this.#take(window, fresh)
    } catch (thrown) {
      if (current()) {
        this.trouble = trouble(thrown)
        this.#dry = true
        this.#failed()
      }
    } finally {
      this.#busy = false
      void this.#ask()
    }
  }

  #take(window: Window, fresh: boolean): void {
    this.trouble = undefined
    // The counts of the row are what the window tells elsewhere; the answer may be ahead of them,
    // and asking for what it adds would never end. Where there are no counts, it is all we know.
    if (this.look?.total === undefined) {
      this.total = window.total
      // It has ended: nothing of it is new.
      if (this.look?.live === false) this.pausedAt = window.total
    }
    // An answer with nothing for what is visible: asking again would get the same one.
    if (window.lines.length === 0) this.#dry = true
    const kept = fresh ? [] : this.#pieces.filter((piece, i) => i < HELD_PIECES - 1 || this.#visible(piece))
    this.#pieces = [{ from: window.from, lines: window.lines }, ...kept]
    if (this.following) {
      const end = Math.min(this.total, window.from + window.lines.length)
      if (end > this.#tail) this.#tail = end
    }
  }

  /** Very long lines come few at a time: as many windows are held as the visible part needs. */
  #visible(piece: Piece): boolean {
    const first = this.following ? lastFirst(this.total, this.rows) : this.#first
    return piece.from <= first + this.rows && piece.from + piece.lines.length > first
  }

  /** Follows to the end as far as its lines are here. */
  #draw(): void {
    if (!this.following) return
    let end = lastFirst(this.total, this.rows)
    while (end < this.total && held(this.#pieces, end) !== undefined) end += 1
    if (end > this.#tail) this.#tail = end
  }
}

function held(pieces: readonly Piece[], n: number): Line | undefined {
  for (const piece of pieces) {
    const line = piece.lines[n - piece.from]
    if (line !== undefined) return line
  }
  return undefined
}

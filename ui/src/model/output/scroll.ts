/**
 * A list of lines of one height behind a native scrollbar. The number of the first visible line
 * is the truth; the scrollbar only shows it. Beyond `MAX_RANGE` the range is scaled, because the
 * browser's elements end near 2^24 pixels; wheel and keys move by whole lines all the same.
 */
export const LINE_HEIGHT = 20
export const MAX_RANGE = 8_000_000

/** How high the scrolled element is, for this many lines. */
export function range(total: number): number {
  return Math.min(total * LINE_HEIGHT, MAX_RANGE)
}

/**
 * The height while the end is followed, in steps: the scrollbar is at its end whatever the
 * height, and a height that changes thirty times a second would be laid out as often.
 */
export function steppedRange(total: number, rows: number): number {
  if (total < 4 * rows || total < 64) return range(total)
  const step = 2 ** (Math.floor(Math.log2(total)) - 3)
  return range(Math.ceil(total / step) * step)
}

/** The largest first line: the last one then is at the bottom. */
export function lastFirst(total: number, rows: number): number {
  return Math.max(0, total - rows)
}

/** Where the scrollbar represents a first line. */
export function scrollTopOf(first: number, total: number, rows: number, viewport: number): number {
  const room = Math.max(0, range(total) - viewport)
  if (first >= lastFirst(total, rows)) return room
  if (total * LINE_HEIGHT <= MAX_RANGE) return Math.min(first * LINE_HEIGHT, room)
  return (first / lastFirst(total, rows)) * room
}

/** The first line for where the scrollbar is in a range that is not `range(total)`. */
export function firstWithin(scrollTop: number, total: number, rows: number, room: number): number {
  const last = lastFirst(total, rows)
  if (room <= 0 || scrollTop >= room - 1) return last
  return Math.min(last, Math.max(0, Math.round((scrollTop / room) * last)))
}

/** The first line for where the scrollbar is. */
export function firstOf(scrollTop: number, total: number, rows: number, viewport: number): number {
  const last = lastFirst(total, rows)
  const room = range(total) - viewport
  if (room <= 0) return 0
  if (scrollTop >= room - 1) return last
  const first = total * LINE_HEIGHT <= MAX_RANGE ? scrollTop / LINE_HEIGHT : (scrollTop / room) * last
  return Math.min(last, Math.max(0, Math.round(first)))
}

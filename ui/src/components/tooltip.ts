/**
 * What `data-tooltip` on an element means: `Tooltips.svelte` shows its text while the pointer rests on the element or
 * the keyboard is on it. The text may be a stranger's and as long as it likes.
 */
export const TOOLTIP = "data-tooltip"

/** How long the pointer rests before a tooltip is shown. */
export const DELAY_MS = 400

/** More isn't drawn, so that it fits in the smallest window: the pointer can't scroll it. */
const MOST_CHARACTERS = 1_000
const MOST_LINES = 16
/** Between the element and its tooltip, and between the tooltip and the edge of the window, in pixels. */
const GAP = 5
const EDGE = 8

interface Size {
  width: number
  height: number
}
interface Box extends Size {
  left: number
  top: number
}

/** The text of a tooltip as it is drawn. Empty: there is none. */
export function tooltipText(text: string): string {
  const trimmed = text.trim()
  // Not in the middle of a surrogate pair.
  const begin = trimmed.slice(0, MOST_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")
  const cut = begin.split("\n").slice(0, MOST_LINES).join("\n")
  return cut.length < trimmed.length ? `${cut}…` : cut
}

/** Where a tooltip is placed: below its element, above where it doesn't fit below, and always within the window. */
export function placeOf(element: Box, tooltip: Size, viewport: Size): { left: number; top: number } {
  const within = (at: number, size: number, all: number) => Math.max(EDGE, Math.min(at, all - size - EDGE))
  const left =
    element.width > tooltip.width ? element.left : element.left + (element.width - tooltip.width) / 2
  const below = element.top + element.height + GAP
  const above = element.top - tooltip.height - GAP
  const fitsBelow = below + tooltip.height + EDGE <= viewport.height
  return {
    left: within(left, tooltip.width, viewport.width),
    top: within(fitsBelow || above < EDGE ? below : above, tooltip.height, viewport.height),
  }
}

import type { ComposerShares } from "../../ipc/generated/ComposerShares"

/** The side bar's width in CSS pixels. */
export const SIDE = { min: 140, max: 420 }

/** How wide it is as long as the user hasn't set it: a wide window has room for names that are longer. */
export function usualSide(window: number): number {
  return Math.round(Math.max(212, Math.min(320, 212 + (window - 1440) * 0.2)))
}

/** The shares that the window begins with, in thousandths; a double click on a separator goes back to them. */
export const USUAL: { composer: ComposerShares; bottom: number } = {
  composer: { request: 440, command: 440, console: 500, page: 620 },
  bottom: 310,
}

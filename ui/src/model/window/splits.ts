import type { ComposerShares } from "../../ipc/generated/ComposerShares"

/** The side bar's width in CSS pixels. */
export const SIDE = { min: 140, usual: 212, max: 420 }

/** The shares that the window begins with, in thousandths; a double click on a separator goes back to them. */
export const USUAL: { composer: ComposerShares; bottom: number } = {
  composer: { request: 440, command: 440, console: 500, page: 620 },
  bottom: 310,
}

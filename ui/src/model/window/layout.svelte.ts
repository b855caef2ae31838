import type { Tab } from "../composer/composer.svelte"
import { SIDE, USUAL, usualSide } from "./splits"
import type { Settings } from "../settings/settings.svelte"

/** What can have the whole window below the header. */
export type Pane = "composer" | "detail" | "bottom"

/** What the bottom panel shows. */
export type BottomView = "timeline" | "log"

const COMPOSER_MIN = 360
const DETAIL_MIN = 300
/** The bottom panel's tool bar, which is all that a collapsed one shows. */
export const BAR = 36
const BOTTOM_MIN = 112
/** Header and status bar. */
const AROUND = 44 + 26
const TOP_MIN = 200

/**
 * How the window is divided. Remembered sizes are shares, which may be of a window of another size: they are clamped
 * when they are drawn, and not forgotten.
 */
export class Layout {
  /** The size of the window in CSS pixels. */
  width = $state(1440)
  height = $state(900)
  maximized = $state<Pane>()
  /** Larger type and no side bar, for an audience. */
  presenting = $state(false)

  /** The console is there to see what code shows; a page's log is looked at when something is wrong. */
  #views = $state<Record<Tab, BottomView>>({
    request: "timeline",
    command: "timeline",
    console: "log",
    page: "timeline",
  })
  #settings: Settings
  #tab: () => Tab

  constructor(settings: Settings, tab: () => Tab) {
    this.#settings = settings
    this.#tab = tab
  }

  get #splits() {
    return this.#settings.splits
  }

  narrow = $derived(this.width < 1100)
  /** Composer and detail are below each other. */
  stacked = $derived(this.width < 820)
  /** There is room for the side bar; in a narrow window it is behind a button. */
  takesSide = $derived(!this.narrow && !this.presenting)
  hasSide = $derived(this.takesSide && !this.#splits.side_collapsed)

  get sideMax(): number {
    return Math.max(SIDE.min, Math.min(SIDE.max, this.width - COMPOSER_MIN - DETAIL_MIN))
  }

  get side(): number {
    return clamp(this.#splits.side ?? this.usualSide, SIDE.min, this.sideMax)
  }

  get usualSide(): number {
    return usualSide(this.width)
  }

  /** The width that composer and detail share. */
  get #across(): number {
    return this.width - (this.hasSide ? this.side : 0)
  }

  get composerRange() {
    return { min: COMPOSER_MIN, max: Math.max(COMPOSER_MIN, this.#across - DETAIL_MIN) }
  }

  /** The composer's width, in pixels. */
  get composer(): number {
    return this.#composerOf(this.#splits.composer[this.#tab()])
  }

  get usualComposer(): number {
    return this.#composerOf(USUAL.composer[this.#tab()])
  }

  get bottomRange() {
    return { min: BOTTOM_MIN, max: Math.max(BOTTOM_MIN, this.height - AROUND - TOP_MIN) }
  }

  /** The bottom panel's height, in pixels. */
  get bottom(): number {
    return this.collapsed ? BAR : this.#bottomOf(this.#splits.bottom)
  }

  get usualBottom(): number {
    return this.#bottomOf(USUAL.bottom)
  }

  get collapsed(): boolean {
    return this.#splits.collapsed && this.maximized !== "bottom"
  }

  /** What the bottom panel shows beside this composer tab, where there is a log. */
  get view(): BottomView {
    return this.#views[this.#tab()]
  }

  set view(view: BottomView) {
    this.#views[this.#tab()] = view
  }

  /** Hides the side bar, or shows it again; true when it is shown. */
  toggleSide(): boolean {
    const side_collapsed = !this.#splits.side_collapsed
    this.#settings.setSplits({ ...this.#splits, side_collapsed })
    return this.hasSide
  }

  /** The usual width isn't stored: it changes with the window. */
  setSide(width: number): void {
    const { side: _, ...rest } = this.#splits
    this.#settings.setSplits(width === this.usualSide ? rest : { ...rest, side: width })
  }

  setComposer(width: number): void {
    const share = Math.round((width * 1000) / this.#across)
    const composer = { ...this.#splits.composer, [this.#tab()]: share }
    this.#settings.setSplits({ ...this.#splits, composer })
  }

  setBottom(height: number): void {
    this.#settings.setSplits({ ...this.#splits, bottom: Math.round((height * 1000) / this.height) })
  }

  /** Collapses the bottom panel, or shows it again; true when it is shown. */
  toggleBottom(): boolean {
    const collapsed = !this.collapsed
    if (this.maximized !== undefined) this.maximized = undefined
    this.#settings.setSplits({ ...this.#splits, collapsed })
    return !collapsed
  }

  toggle(pane: Pane): void {
    this.maximized = this.maximized === pane ? undefined : pane
  }

  /** Whether a pane is in sight. */
  shows(pane: Pane): boolean {
    return this.maximized === undefined || this.maximized === pane
  }

  #composerOf(share: number): number {
    const { min, max } = this.composerRange
    return clamp(Math.round((share * this.#across) / 1000), min, max)
  }

  #bottomOf(share: number): number {
    const { min, max } = this.bottomRange
    return clamp(Math.round((share * this.height) / 1000), min, max)
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max))
}

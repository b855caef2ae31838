import { tick } from "svelte"
import { openMenuOf } from "../../components/context-menu"
import { isField } from "../../model/page/page-focus.svelte"
import type { Porthole } from "../../model/porthole.svelte"
import { isLive } from "../../model/timeline/outcome"
import { tabsOf } from "../../model/detail/tabs"
import type { Intent } from "../../model/window/shortcuts"

/** The panes that F6 goes through, by what gets the keys in each. */
const PANES = [
  "#target-button",
  "#side [tabindex='0']",
  "#composer [role=tab][aria-selected=true]",
  "#log, #detail [data-terminal] textarea",
  "#timeline",
]
const TABS = ["request", "command", "console", "page"] as const
const ZOOMS = [50, 67, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300]

/** What the window does for keys and for the palette. */
export class Acts {
  #porthole: Porthole
  #deps: { save: () => void }

  constructor(porthole: Porthole, deps: { save: () => void }) {
    this.#porthole = porthole
    this.#deps = deps
  }

  /** Does it; false when it means nothing now, and the key is left to others. */
  perform(intent: Intent, event?: KeyboardEvent): boolean {
    const { composer, search, overlay } = this.#porthole
    if (overlay !== undefined) return false
    if (intent.startsWith("composer-")) return this.#composer(Number(intent.slice(-1)))
    if (intent.startsWith("detail-")) return this.#detail(Number(intent.slice(-1)))
    switch (intent) {
      case "undo":
        return this.#undo()
      case "submit":
        composer.submit()
        return true
      case "save":
        this.#deps.save()
        return true
      case "palette":
      case "settings":
        this.#porthole.overlay = intent
        return true
      case "shortcuts":
        // A question mark that is typed is a question mark.
        if (event?.key === "?" && isTyping()) return false
        this.#porthole.overlay = intent
        return true
      case "leave":
        return leave()
      case "next-hit":
      case "previous-hit":
        if (!search.open) return false
        if (intent === "next-hit") search.next()
        else search.previous()
        return true
      case "next-error":
      case "previous-error":
        if (this.#porthole.output.view !== "log") return false
        void this.#porthole.logFilter.goToError(intent === "next-error")
        return true
      default:
        return this.#selected(intent, event) ?? this.#window(intent)
    }
  }

  /** What is done with the selected call. */
  #selected(intent: Intent, event?: KeyboardEvent): boolean | undefined {
    const { composer, detail, output, search, goTo, selected: row } = this.#porthole
    if (intent === "cancel") {
      // A key that is held down must not signal again and again.
      if (row && isLive(row.outcome) && !event?.repeat) void composer.end(row)
      return true
    }
    if (intent === "compare") return this.#porthole.compare()
    if (intent === "again") {
      if (row) composer.repeat(row.id)
      return row !== undefined
    }
    if (intent === "edit" || intent === "edit-code") {
      const call = detail.call
      if (call === undefined || call.id !== row?.id) return false
      composer.edit(call, intent === "edit" ? "form" : "code")
      focusSoon(`${composer.tab}-first`)
      return true
    }
    if (intent === "links") {
      if (!row || output.drawn || output.previewed) return false
      detail.tab = "output"
      void tick().then(showLinks)
      return true
    }
    if (intent === "search" || intent === "jump") {
      if (!row) return false
      detail.tab = "output"
      if (intent === "search") search.show()
      else goTo.show()
      focusSoon(intent === "search" ? "search-text" : "jump-text")
      return true
    }
    return undefined
  }

  #window(intent: Intent): boolean {
    const { composer, detail, layout, settings } = this.#porthole
    if (intent === "to-detail") {
      detail.tab = "output"
      focusSoon("log")
    } else if (intent === "to-path") {
      if (this.#porthole.welcomes) this.#porthole.compose(composer.tab)
      focusSoon(`${composer.tab}-first`)
    } else if (intent === "toggle-bottom") {
      if (layout.toggleBottom()) focusSoon("timeline")
    } else if (intent === "toggle-side") {
      if (layout.toggleSide()) focusSoon("side-filter")
    } else if (intent === "next-pane" || intent === "previous-pane") goTo(intent === "next-pane" ? 1 : -1)
    else if (intent === "zoom-reset") settings.setZoom(100)
    else if (intent === "zoom-in" || intent === "zoom-out") {
      settings.setZoom(nextZoom(settings.zoom, intent === "zoom-in" ? 1 : -1))
    } else if (intent === "present") layout.presenting = !layout.presenting
    else if (intent === "full-screen") void this.#porthole.toggleFullScreen()
    return true
  }

  /** A field undoes what was typed in it. */
  #undo(): boolean {
    const removal = this.#porthole.timeline.removals.at(-1)
    if (removal === undefined || isTyping()) return false
    void this.#porthole.calls.undo(removal.number)
    return true
  }

  #composer(place: number): boolean {
    const tab = TABS[place - 1]
    if (tab === undefined) return false
    this.#porthole.compose(tab)
    focusSoon(`${tab}-first`)
    return true
  }

  #detail(place: number): boolean {
    const row = this.#porthole.selected
    const tab = row && tabsOf(row)[place - 1]
    if (tab === undefined) return false
    this.#porthole.detail.tab = tab.value
    focusSoon(`detail-tab-${tab.value}`)
    return true
  }
}

/** The next step of the zoom, as browsers have them. */
export function nextZoom(zoom: number, by: 1 | -1): number {
  const further = by > 0 ? ZOOMS.find((one) => one > zoom) : ZOOMS.findLast((one) => one < zoom)
  return further ?? zoom
}

function isTyping(): boolean {
  const element = document.activeElement
  return element instanceof HTMLElement && isField(element)
}

/** The keys leave the field that they are in. */
function leave(): boolean {
  const field = document.activeElement
  if (!(field instanceof HTMLElement) || !isField(field)) return false
  field.blur()
  return true
}

/** Goes to the next pane that is there, around the ends. */
function goTo(by: 1 | -1): void {
  const there = PANES.flatMap((css) => {
    const element = document.querySelector<HTMLElement>(css)
    return element && element.offsetParent !== null ? [element] : []
  })
  const pane = (element: Element) => element.closest("header, #side, #composer, #detail, #bottom")
  const own = document.activeElement && pane(document.activeElement)
  const at = there.findIndex((element) => pane(element) === own)
  there[(at + by + there.length) % there.length]?.focus()
}

/** Opens the menu of the links that can be seen in the output. */
function showLinks(): void {
  const log = document.getElementById("log")
  if (log === null) return
  log.focus()
  const { left, top } = log.getBoundingClientRect()
  openMenuOf(document.getElementById("log-links"), left + 24, top + 24)
}

function focusSoon(id: string): void {
  void tick().then(() => {
    const element = document.querySelector<HTMLElement>(`#${id}, [data-first="${id}"]`)
    element?.focus()
    if (element instanceof HTMLInputElement) element.select()
  })
}

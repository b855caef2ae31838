/**
 * When the element with the focus goes away, or can't have it any more, the focus falls to the document, and a keyboard user has
 * lost the place: here the open dialog, or else the pane where it was, gets the focus. Leaving a field on purpose (Escape, a click
 * beside it) isn't that.
 */

/** What gets the focus in each pane. Nothing to type in: keys that were meant for what is gone mustn't change a text. */
const PANES = new Map([
  ["header", "#target-button"],
  ["#side", "#side [tabindex='0']"],
  ["#composer", "#composer [role=tab][aria-selected=true]"],
  ["#welcome", "#welcome-open"],
  ["#detail", "#detail [role=tab][aria-selected=true]"],
  ["#bottom", "#timeline"],
])
const FOCUSABLE = ["button", "input", "select", "textarea", "a[href]", "[tabindex]"]
  .map((css) => `${css}:not([tabindex="-1"])`)
  .join(",")
/** What is closed gives the focus back itself, and may take a moment for it. */
const PATIENCE_MS = 80

interface Focused {
  element: Element
  pane: string | undefined
}

/** Watches over the focus of this window, until what it returns is called. */
export function keepFocus(): () => void {
  let last: Focused | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function gained({ target }: FocusEvent) {
    if (!(target instanceof Element)) return
    last = { element: target, pane: [...PANES.keys()].find((pane) => target.closest(pane) !== null) }
  }

  function lost({ target }: FocusEvent) {
    if (target === last?.element && last && canHaveFocus(last.element)) last = undefined
  }

  // In this order: whether an element is drawn takes a layout.
  function isLost() {
    if (last === undefined) return false
    // A browser may leave the focus on what is disabled until it draws again.
    if (document.activeElement === last.element) return last.element.matches(":disabled")
    return document.activeElement === document.body && !canHaveFocus(last.element)
  }

  const watch = new MutationObserver(() => {
    if (timer !== undefined || !isLost()) return
    timer = setTimeout(() => {
      timer = undefined
      if (isLost() && !focusDialog()) focusPane(last?.pane)
    }, PATIENCE_MS)
  })
  watch.observe(document.body, {
    childList: true,
    subtree: true,
    attributeFilter: ["disabled", "hidden", "inert"],
  })
  addEventListener("focusin", gained)
  addEventListener("focusout", lost)
  return () => {
    clearTimeout(timer)
    watch.disconnect()
    removeEventListener("focusin", gained)
    removeEventListener("focusout", lost)
  }
}

function canHaveFocus(element: Element): boolean {
  return element.isConnected && !element.matches(":disabled, [inert], [inert] *") && isDrawn(element)
}

/** One in a collapsed pane isn't. */
const isDrawn = (element: Element) => element.getClientRects().length > 0

/** Focuses the first element of the topmost dialog that can have the focus; true if there is one. Nothing behind it can. */
function focusDialog(): boolean {
  for (const dialog of [...document.querySelectorAll("dialog[open]")].reverse()) {
    for (const element of dialog.querySelectorAll<HTMLElement>(FOCUSABLE)) {
      if (!canHaveFocus(element)) continue
      element.focus()
      if (document.activeElement === element) return true
    }
  }
  return false
}

/** Focuses a pane, or the first one after it that is there. */
function focusPane(pane: string | undefined): void {
  const wanted = pane === undefined ? undefined : PANES.get(pane)
  const others = ["#composer", "#welcome", "#bottom", "header"].map((other) => PANES.get(other))
  for (const css of [wanted, ...others]) {
    const element = css === undefined ? null : document.querySelector<HTMLElement>(css)
    element?.focus()
    if (element !== null && document.activeElement === element) return
  }
}

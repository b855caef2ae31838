import { KEY_KEPT, type ToPage } from "../bridge/page-messages"

/** What typing and pasting looks like to a page. */
const TYPED = [
  "keydown",
  "keypress",
  "keyup",
  "beforeinput",
  "input",
  "textInput",
  "compositionstart",
  "compositionupdate",
  "compositionend",
  "paste",
] as const

/**
 * Lets no script of this document see what the user types or pastes before the window says that the user went into the
 * page, or the user presses into it. Listens before any code of the page does. A frame inside the page has no shield:
 * there only the window's own watch holds (`model/page/page-focus.svelte.ts`). Returns what takes the window's word.
 */
export function shield(): (message: ToPage) => void {
  let may = false
  let shown = true
  const { apply } = Reflect
  const stop = Event.prototype.stopImmediatePropagation
  const prevent = Event.prototype.preventDefault
  const post = parent.postMessage.bind(parent)
  const hide = (event: Event): void => {
    if (may || !event.isTrusted) return
    apply(stop, event, [])
    apply(prevent, event, [])
  }
  addEventListener("keydown", ({ isTrusted }) => !may && isTrusted && post(KEY_KEPT, "*"), true)
  for (const kind of TYPED) addEventListener(kind, hide, { capture: true, passive: false })
  addEventListener("pointerdown", (event) => void (may ||= event.isTrusted), true)

  // A page in the background of a browser learns of it in this way, and most pause themselves.
  const own = { get: () => !shown, configurable: true, enumerable: true }
  Object.defineProperty(document, "hidden", own)
  Object.defineProperty(document, "visibilityState", { ...own, get: () => (shown ? "visible" : "hidden") })
  const dispatch = document.dispatchEvent.bind(document)

  return (message) => {
    if (message.kind === "keys") may = message.may
    else if (message.shown !== shown) {
      shown = message.shown
      dispatch(new Event("visibilitychange", { bubbles: true }))
    }
  }
}

import type { InputGuard, Press } from "../model/permission/guard.svelte"
import { isField } from "../model/page/page-focus.svelte"

/** What marks a control that a guard watches over. */
export const GUARDED = "[data-guarded]"

/** Escape is no control, and answers all the same. */
export const ESCAPE = "escape"

const MOVES = new Set([
  ...["Tab", "Shift", "Control", "Alt", "Meta", "Home", "End", "PageUp", "PageDown"],
  ...["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"],
])

const keyOf = (event: KeyboardEvent): Press => ({
  isTrusted: event.isTrusted,
  id: `key ${event.code || event.key}`,
  repeat: event.repeat,
  key: true,
  // What is typed into a field of the question itself is meant for it.
  moves: MOVES.has(event.key) || (event.target instanceof Element && isField(event.target)),
})
const pointerOf = (event: PointerEvent): Press => ({
  isTrusted: event.isTrusted,
  id: `pointer ${event.pointerId}`,
})
const controlOf = (target: EventTarget | null): Element | undefined =>
  (target instanceof Element ? target.closest(GUARDED) : null) ?? undefined

/**
 * Tells a guard of everything that is pressed and let go in the window, from before there is a prompt: it must know what
 * is held when one appears. The guard gets each before anything else does. Returns what ends it.
 */
export function watchInput(guard: InputGuard): () => void {
  // WebKit loses a `pointerup` when what was pressed is replaced before it is let go; `mouseup` always comes.
  let mouse: Press | undefined
  const on = {
    keydown(event: KeyboardEvent) {
      const answers = event.key === "Enter" || event.key === " "
      guard.down(
        keyOf(event),
        event.key === "Escape" ? ESCAPE : answers ? controlOf(event.target) : undefined,
      )
    },
    keyup: (event: KeyboardEvent) => guard.up(keyOf(event)),
    pointerdown(event: PointerEvent) {
      if (event.pointerType === "mouse") mouse = pointerOf(event)
      guard.down(pointerOf(event), event.button === 0 ? controlOf(event.target) : undefined)
    },
    mouseup: (event: MouseEvent) =>
      event.buttons === 0 && mouse && guard.up({ ...mouse, isTrusted: event.isTrusted }),
    pointerup: (event: PointerEvent) => guard.up(pointerOf(event)),
    pointercancel: (event: PointerEvent) => guard.up(pointerOf(event)),
    pointermove(event: PointerEvent) {
      if (event.pointerType === "mouse") mouse = pointerOf(event)
      guard.pointer(pointerOf(event).id, event.buttons, event.isTrusted)
    },
    // What is pressed in a frame or another window is not told here, nor is what is let go there.
    blur: ({ target }: FocusEvent) => target === window && guard.lost(),
    focus: ({ target }: FocusEvent) => target === window && guard.lost(),
  }
  const shown = () => guard.lost()
  const kinds = Object.keys(on) as (keyof typeof on)[]
  for (const kind of kinds) addEventListener(kind, on[kind] as EventListener, true)
  document.addEventListener("visibilitychange", shown)
  return () => {
    for (const kind of kinds) removeEventListener(kind, on[kind] as EventListener, true)
    document.removeEventListener("visibilitychange", shown)
  }
}

/** Dragging a row of the tree onto another one, by pointer events: the web view's own dragging is for files. */

/** How far the pointer moves before it drags, in pixels. */
const SLACK = 6

interface Drag {
  /** The row under the pointer; none beside the rows. */
  over: (key: string | undefined) => void
  /** The dragged row was let go. */
  drop: (key: string) => void
}

export function draggable({ over, drop }: Drag): (root: HTMLElement) => () => void {
  return (root) => {
    let from: { key: string; x: number; y: number; pointer: number } | undefined
    let dragging = false
    const end = () => {
      from = undefined
      dragging = false
      over(undefined)
      root.classList.remove("dragging")
    }
    const down = (event: PointerEvent) => {
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-drags]") : null
      if (row === null || event.button !== 0 || (event.target as Element).closest("button, input")) return
      from = { key: row.dataset.key ?? "", x: event.clientX, y: event.clientY, pointer: event.pointerId }
    }
    const move = (event: PointerEvent) => {
      if (from === undefined || event.pointerId !== from.pointer) return
      if (!dragging && Math.hypot(event.clientX - from.x, event.clientY - from.y) < SLACK) return
      if (!dragging) root.setPointerCapture(event.pointerId)
      dragging = true
      root.classList.add("dragging")
      const at = document.elementFromPoint(event.clientX, event.clientY)
      over(root.contains(at) ? at?.closest<HTMLElement>("[data-key]")?.dataset.key : undefined)
    }
    const up = () => {
      if (dragging && from !== undefined) {
        drop(from.key)
        // The click that follows isn't meant for the row.
        root.addEventListener("click", (event) => event.stopPropagation(), { capture: true, once: true })
        setTimeout(() => root.dispatchEvent(new MouseEvent("click")))
      }
      end()
    }
    const key = (event: KeyboardEvent) => {
      if (dragging && event.key === "Escape") {
        event.preventDefault()
        end()
      }
    }
    const listeners: [string, (event: never) => void][] = [
      ["pointerdown", down],
      ["pointermove", move],
      ["pointerup", up],
      ["pointercancel", end],
      ["keydown", key],
    ]
    for (const [name, listener] of listeners) root.addEventListener(name, listener as EventListener)
    return () => {
      for (const [name, listener] of listeners) root.removeEventListener(name, listener as EventListener)
    }
  }
}

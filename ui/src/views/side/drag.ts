/**
 * Dragging a row of the tree onto another one. By events of the mouse: the web view's own dragging is for files, and it
 * has no `pointerdown` for a button while it takes another one, let go over a menu, for pressed.
 */

/** How far the mouse moves before it drags, in pixels. */
const SLACK = 6

interface Drag {
  /** The row under the mouse; none beside the rows. */
  over: (key: string | undefined) => void
  /** The dragged row was let go. */
  drop: (key: string) => void
}

export function draggable({ over, drop }: Drag): (root: HTMLElement) => () => void {
  return (root) => {
    let from: { key: string; x: number; y: number } | undefined
    let dragging = false
    const listeners: [string, (event: never) => void][] = [
      ["mousemove", move],
      ["mouseup", up],
      ["keydown", key],
      ["blur", end],
    ]
    function down(event: MouseEvent) {
      end()
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-drags]") : null
      if (row === null || event.button !== 0 || (event.target as Element).closest("button, input")) return
      from = { key: row.dataset.key ?? "", x: event.clientX, y: event.clientY }
      for (const [name, listener] of listeners) addEventListener(name, listener as EventListener)
    }
    function move(event: MouseEvent) {
      if (from === undefined) return
      if (!dragging && Math.hypot(event.clientX - from.x, event.clientY - from.y) < SLACK) return
      dragging = true
      root.classList.add("dragging")
      const at = document.elementFromPoint(event.clientX, event.clientY)
      over(root.contains(at) ? at?.closest<HTMLElement>("[data-key]")?.dataset.key : undefined)
    }
    function up(event: MouseEvent) {
      if (event.button !== 0) return
      if (dragging && from !== undefined) {
        drop(from.key)
        // The click that follows isn't meant for the row.
        root.addEventListener("click", (event) => event.stopPropagation(), { capture: true, once: true })
        setTimeout(() => root.dispatchEvent(new MouseEvent("click")))
      }
      end()
    }
    function key(event: KeyboardEvent) {
      if (dragging && event.key === "Escape") {
        event.preventDefault()
        end()
      }
    }
    function end() {
      for (const [name, listener] of listeners) removeEventListener(name, listener as EventListener)
      if (dragging) over(undefined)
      from = undefined
      dragging = false
      root.classList.remove("dragging")
    }
    root.addEventListener("mousedown", down)
    return () => {
      root.removeEventListener("mousedown", down)
      end()
    }
  }
}

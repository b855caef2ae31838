/**
 * What context menus have in them: an element says what can be done with it, and one menu of the window shows it. What has
 * another menu (rows of the timeline) calls `preventDefault` on the event.
 */

/** Something that a context menu does. */
export interface MenuEntry {
  id: string
  text: string
  /** Keys that do the same. */
  keys?: string
  disabled?: boolean
  choose: () => void
}

/** Entries of what is under the pointer, or has the keys; a line is drawn between groups. */
export type Entries = (target: Element) => readonly (readonly MenuEntry[])[]

interface Source {
  label: string
  entries: Entries
}

const sources = new WeakMap<Element, Source>()

/** Gives an element a context menu: `{@attach menuOf("Header", () => [[…]])}`. */
export function menuOf(label: string, entries: Entries): (element: Element) => () => void {
  return (element) => {
    sources.set(element, { label, entries })
    return () => void sources.delete(element)
  }
}

/** The menu of the nearest element that has one. */
export function menuAt(target: Element): { label: string; groups: (readonly MenuEntry[])[] } {
  for (let element: Element | null = target; element; element = element.parentElement) {
    const source = sources.get(element)
    if (source === undefined) continue
    const groups = source.entries(target).filter((group) => group.length > 0)
    if (groups.length > 0) return { label: source.label, groups }
  }
  return { label: "", groups: [] }
}

/** Opens the menu of what has the keys, where a pointer would: browsers open theirs at the window's corner. */
export function openMenuByKeys(): void {
  const element = document.activeElement
  if (element === null || element === document.body) return
  const { left, top, width, height } = element.getBoundingClientRect()
  const clientX = Math.max(0, left) + Math.min(24, width / 2)
  const clientY = top + Math.min(height / 2, innerHeight - Math.max(0, top) - 8)
  openMenuOf(element, clientX, clientY)
}

/** Opens the menu of an element at a point of the window. */
export function openMenuOf(element: Element | null, clientX: number, clientY: number): void {
  element?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX, clientY }))
}

/** Whether these keys open a context menu. */
export function opensMenu(event: KeyboardEvent): boolean {
  const alone = !event.ctrlKey && !event.metaKey && !event.altKey
  return alone && (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))
}

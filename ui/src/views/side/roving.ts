/**
 * One Tab stop for the whole side bar: the last part that had the keys is the one that Tab comes to. Up and Down go from
 * part to part; rows of a tree are parts.
 */

const STOPS = "[data-stop]"

export function roving(root: HTMLElement): () => void {
  const stops = () =>
    [...root.querySelectorAll<HTMLElement>(STOPS)].filter((one) => one.offsetParent !== null)
  const be = (stop: HTMLElement) => {
    for (const one of root.querySelectorAll<HTMLElement>(STOPS)) one.tabIndex = one === stop ? 0 : -1
  }
  /** What was the stop may be gone: the first one is then. What has no `tabindex` is one by itself. */
  const check = () => {
    const all = stops()
    const stop = all.find(({ tabIndex }) => tabIndex === 0) ?? all[0]
    if (stop !== undefined) be(stop)
  }
  const focused = ({ target }: FocusEvent) => {
    const stop = target instanceof Element ? target.closest<HTMLElement>(STOPS) : null
    if (stop !== null) be(stop)
  }
  const key = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>(STOPS) : null
    if (by === undefined || target === null) return
    const all = stops()
    const next = all[all.indexOf(target) + by]
    event.preventDefault()
    next?.focus()
  }
  root.addEventListener("focusin", focused)
  root.addEventListener("keydown", key)
  const observer = new MutationObserver(check)
  observer.observe(root, { childList: true, subtree: true })
  check()
  return () => {
    observer.disconnect()
    root.removeEventListener("focusin", focused)
    root.removeEventListener("keydown", key)
  }
}

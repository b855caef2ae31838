import { useSyncExternalStore } from "react"
import { words } from "./text"

let current = words
const changed = new Set<() => void>()

/** Replaced where it stands when its module is: everything else on the page stays as it is. */
export function InlineCode() {
  const shown = useSyncExternalStore(
    (listener) => {
      changed.add(listener)
      return () => changed.delete(listener)
    },
    () => current,
  )
  return <h1>{shown}</h1>
}

import.meta.hot?.accept("./text", (module) => {
  current = (module as unknown as typeof import("./text")).words
  changed.forEach((listener) => listener())
  console.log("replaced", current)
})

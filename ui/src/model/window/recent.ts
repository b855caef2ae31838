import type { Opened } from "../../ipc/generated/Opened"
import type { Recent } from "../../ipc/generated/Recent"

/** This many are remembered. */
const MOST = 8

/** Puts what was opened now before the others, once. */
export function withOpened(recent: readonly Recent[], opened: Opened, now: number): Recent[] {
  const others = recent.filter((one) => keyOf(one.opened) !== keyOf(opened))
  return [{ opened, used_ms: now }, ...others].slice(0, MOST)
}

/** Two of the same key are the same thing. */
export function keyOf(opened: Opened): string {
  return opened.kind === "extension"
    ? JSON.stringify([opened.what, opened.engine ?? ""])
    : JSON.stringify([
        opened.target.endpoint ?? "",
        opened.target.container ?? "",
        opened.target.engine ?? "",
      ])
}

/** What it is called in a list. */
export function titleOf(opened: Opened): string {
  if (opened.kind === "extension") return opened.what
  const { endpoint, container, name } = opened.target
  return endpoint ?? container ?? name
}

/** When it was used, as people say it: today's time, a weekday, a date. */
export function whenUsed(usedMs: number, now: Date): string {
  const used = new Date(usedMs)
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
  const days = Math.ceil((midnight - usedMs) / 86_400_000)
  if (days <= 0) return used.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
  if (days === 1) return "yesterday"
  if (days < 7) return used.toLocaleDateString([], { weekday: "long" })
  return used.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" })
}

import type { TapPlace } from "../../ipc/generated/TapPlace"
import type { TapStatus } from "../../ipc/generated/TapStatus"
import { many } from "../text/numbers"
import { visibleText } from "../text/visible"

/** The socket that is recorded, as short as it can be told from others. */
export function socketName({ container, path }: TapPlace): string {
  const name = visibleText(path.slice(path.lastIndexOf("/") + 1), "kept")
  return container === null ? name : `${name} in ${visibleText(container, "kept")}`
}

/** The line of the recording. `target`: the endpoint that is inspected now, which may be another one. */
export function tapLine(tap: TapStatus, target: string | undefined): string {
  const name = socketName(tap.place)
  if (tap.lost) return `Not recording ${name} at the moment`
  const what = isOfTarget(tap, target) ? `Recording ${name}` : `Recording ${name}, not the target`
  return `${what}: ${tap.trouble === undefined ? many(tap.calls, "request") : "problem"}`
}

/** What the line means. */
export function tapTip(tap: TapStatus, target: string | undefined): string {
  if (tap.trouble !== undefined) return visibleText(tap.trouble.message, "kept")
  const { container, path } = tap.place
  const where = container === null ? path : `${path} in the container ${container}`
  const what = `Requests to ${visibleText(where, "kept")} are recorded`
  return isOfTarget(tap, target) ? what : `${what}. The target has changed.`
}

/** Whether what is recorded is what is inspected. */
export function isOfTarget(tap: TapStatus, target: string | undefined): boolean {
  return tap.place.endpoint === target
}

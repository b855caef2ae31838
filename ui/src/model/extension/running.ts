import type { RunningExtension } from "../../ipc/generated/RunningExtension"

/** One of its containers: the first service's where that is known. */
export function partOf(found: RunningExtension): string {
  return found.first ?? found.containers[0]?.name ?? found.name
}

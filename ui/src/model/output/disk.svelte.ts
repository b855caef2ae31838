import type { Disk as Told } from "../../ipc/generated/Disk"
import { many, roundSize } from "../text/numbers"

/** How much of the disk the outputs take, and whether that is too much. */
export class Disk {
  told = $state.raw<Told>({ used: 0, quota: 0, waiting: 0 })

  full = $derived(this.told.waiting > 0 || (this.told.quota > 0 && this.told.used >= this.told.quota))
  /** What would be enough for a while. */
  more = $derived(this.told.quota * 2)
  words = $derived(fullWords(this.told))
  /** Worth a word in the footer. */
  noted = $derived(this.told.quota > 0 && this.told.used > this.told.quota / 100)

  see(told: Told): void {
    const { used, quota, waiting } = this.told
    if (told.used !== used || told.quota !== quota || told.waiting !== waiting) this.told = told
  }
}

/** `Output quota reached (20 GB). 3 calls are paused; no data is lost.` */
export function fullWords({ quota, waiting }: Told): string {
  const paused =
    waiting === 0 ? "New output is paused" : `${many(waiting, "call")} ${waiting === 1 ? "is" : "are"} paused`
  return `Output quota reached (${roundSize(quota)}). ${paused}; no data is lost.`
}

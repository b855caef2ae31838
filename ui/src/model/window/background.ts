import type { Summary } from "../../ipc/generated/Summary"
import { badge, isLive } from "../timeline/outcome"
import { duration } from "../text/numbers"

/** Who waits less than this looks at the window. */
const LONG_US = 10_000_000

export interface Message {
  title: string
  body: string
}

/** Tells the desktop when something long ends while the window is in the background. */
export class Background {
  /** The calls that were seen running: one of an earlier start has ended already. */
  #running = new Set<number>()
  #notify: (message: Message) => unknown
  #isSeen: () => boolean

  constructor(notify: (message: Message) => unknown, isSeen = () => document.hasFocus()) {
    this.#notify = notify
    this.#isSeen = isSeen
  }

  /** Takes the rows that changed. */
  see(rows: readonly Summary[]): void {
    for (const row of rows) {
      if (isLive(row.outcome)) this.#running.add(row.id)
      else if (this.#running.delete(row.id) && (row.tookUs ?? 0) > LONG_US && !this.#isSeen()) {
        this.#notify(messageOf(row))
      }
    }
  }
}

function messageOf(row: Summary): Message {
  const what = row.http ? `${row.label} ${row.text}` : row.text
  return { title: `${badge(row.outcome).text} after ${duration(row.tookUs ?? 0)}`, body: what }
}

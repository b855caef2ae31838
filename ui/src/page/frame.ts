import { Hearing, type Hears } from "../console/hearing"
import { HELLO, PORT } from "./messages"

/** What becomes of the pages in a frame, one after the other: a page may load itself again. */
export interface Comings extends Hears {
  /** A page is there and is heard from now on, through this. */
  came(hearing: Hearing): void
  /** The frame holds something that is heard by nobody: no page of the extension's. */
  left(): void
}

/**
 * Waits for the client of the pages in a frame and gives each a port of its own. Nothing else that
 * the frame says is listened to. Returns what ends it.
 */
export function listenTo(frame: HTMLIFrameElement, origin: string, to: Comings): () => void {
  let hearing: Hearing | undefined
  /** A page came that has not finished loading. */
  let loading = false

  const hear = ({ source, origin: from, data }: MessageEvent<unknown>): void => {
    if (source === null || source !== frame.contentWindow || from !== origin || data !== HELLO) return
    hearing?.end()
    const { port1, port2 } = new MessageChannel()
    hearing = new Hearing(port1, to)
    loading = true
    to.came(hearing)
    frame.contentWindow.postMessage(PORT, origin, [port2])
  }
  const loaded = (): void => {
    if (!loading && hearing) {
      hearing.end()
      hearing = undefined
      to.left()
    }
    loading = false
  }

  addEventListener("message", hear)
  frame.addEventListener("load", loaded)
  return () => {
    removeEventListener("message", hear)
    frame.removeEventListener("load", loaded)
    hearing?.end()
  }
}

import { GuestConnection, type GuestHandler } from "../bridge/guest-connection"
import type { OpenedPage } from "../ipc/generated/OpenedPage"
import { FRAME, HELLO, PORT, type Named, type ToPage } from "../bridge/page-messages"

/** What becomes of the pages in a frame, one after the other: a page may load itself again. */
export interface FrameEvents extends GuestHandler {
  /** A page is there and is heard from now on, through this. */
  came(connection: GuestConnection): void
  /** The frame holds something that is heard by nobody: no page of the extension's. */
  left(): void
  /** It was loaded, and nobody in it is heard. */
  silent(): void
}

/**
 * This many clients are accepted between two loads of the frame. A page has one; it may load itself again
 * before it has finished loading.
 */
const MOST_HELLOS = 3

/** So often a client is waited for before it counts as gone, and for how long each time. */
const ALIVE_STEPS = 10
const ALIVE_STEP_MS = 200

/** The origin of an address. That of a scheme of ours is none to `URL`. */
export const originOf = (url: string): string => /^[a-z]+:\/\/[^/]+/.exec(url)?.[0] ?? ""

/** What the frame of a page is called. */
export function frameName({ url, served, facts }: OpenedPage): string {
  return served ? FRAME + JSON.stringify({ origin: originOf(url), facts } satisfies Named) : ""
}

/**
 * Waits for the client of the pages in a frame and gives each its own port. Nothing else that
 * the frame says is listened to. `standing` is what a page gets first. Returns what ends it.
 */
export function listenTo(
  frame: HTMLIFrameElement,
  origin: string,
  to: FrameEvents,
  standing: () => readonly ToPage[] = () => [],
): () => void {
  let connection: GuestConnection | undefined
  /** A page came that has not finished loading. */
  let loading = false
  /** Clients that came since the frame was last loaded. */
  let hellos = 0
  /** Ends the question whether the client is still there. */
  let asked = (): void => {}

  const hear = ({ source, origin: from, data }: MessageEvent<unknown>): void => {
    if (source === null || source !== frame.contentWindow || from !== origin || data !== HELLO) return
    connection?.end()
    asked()
    if (++hellos > MOST_HELLOS) {
      connection = undefined
      loading = false
      // Nothing more is listened to: the frame goes.
      if (hellos === MOST_HELLOS + 1)
        to.broke("flood", "The page repeatedly connected to Porthole without loading.")
      return
    }
    const { port1, port2 } = new MessageChannel()
    connection = new GuestConnection(port1, to)
    loading = true
    to.came(connection)
    frame.contentWindow.postMessage(PORT, origin, [port2])
    for (const message of standing()) connection.post(message)
  }
  const loaded = (): void => {
    if (hellos > MOST_HELLOS) return
    hellos = 0
    if (!loading && connection) {
      // A script that sets `location.hash` makes one more `load` of the same document: its client answers.
      const before = connection
      asked()
      asked = whenGone(before, () => {
        before.end()
        connection = undefined
        to.left()
      })
    } else if (!loading) to.silent()
    loading = false
  }

  addEventListener("message", hear)
  frame.addEventListener("load", loaded)
  return () => {
    removeEventListener("message", hear)
    frame.removeEventListener("load", loaded)
    asked()
    connection?.end()
  }
}

/**
 * Tells `gone` when the client doesn't answer. Steps are counted, and no clock is read: a page shares its thread with the
 * window, and one that keeps it busy has no turn to answer. Returns what ends it.
 */
function whenGone(connection: GuestConnection, gone: () => void): () => void {
  const { port1, port2 } = new MessageChannel()
  let steps = 0
  const end = (): void => {
    clearInterval(waits)
    port1.close()
  }
  const waits = setInterval(() => {
    if (++steps < ALIVE_STEPS) return
    end()
    gone()
  }, ALIVE_STEP_MS)
  port1.onmessage = end
  connection.post({ kind: "alive" }, [port2])
  return end
}

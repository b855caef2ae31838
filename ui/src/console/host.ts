import { GuestConnection } from "../bridge/guest-connection"
import type { Begin, FromConsole, FromFrame, ToConsole } from "../bridge/messages"

/** What the window hears of a run. */
export interface Listener {
  /** Something that the code's side said, in this many characters. */
  told(message: FromConsole, chars: number): void
  /** The run ended without its doing: by a flood, or because it broke. */
  ended(how: "flood" | "failed", text: string): void
}

/** A run of code in its own frame. */
export interface Running {
  post(message: ToConsole): void
  /** Ends the code wherever it is. */
  end(): void
}

export type OpenFrame = (begin: Begin, to: Listener) => Running

/** How long the frame may take to load and to start the Worker. */
const LOAD_MS = 10_000

/** Starts code in a hidden frame of opaque origin. `url` is the frame's page. */
export function frameAt(url: () => string): OpenFrame {
  return (begin, to) => {
    const frame = document.createElement("iframe")
    const { port1: port, port2: theirs } = new MessageChannel()
    let open = true
    const late = setTimeout(() => fail("failed", "The frame that runs the code did not start."), LOAD_MS)

    function end(): void {
      open = false
      clearTimeout(late)
      connection.end()
      // The frame's Worker ends with it, in whatever loop it is.
      frame.remove()
    }

    function fail(how: "flood" | "failed", text: string): void {
      if (!open) return
      end()
      to.ended(how, text)
    }

    const handler = { told: (message: FromConsole, chars: number) => to.told(message, chars), broke: fail }
    const connection = new GuestConnection(port, handler, (data) => {
      const said = data as FromFrame
      if (said.kind === "started") clearTimeout(late)
      else fail(said.kind === "flood" ? "flood" : "failed", said.text)
    })

    frame.setAttribute("sandbox", "allow-scripts")
    frame.hidden = true
    frame.title = "Runs the console's code"
    frame.onload = () => {
      // Its origin is opaque, and has no name that could appear here.
      if (open) frame.contentWindow?.postMessage(begin, "*", [theirs])
    }
    frame.src = url()
    document.body.append(frame)
    return { post: (message) => connection.post(message), end }
  }
}

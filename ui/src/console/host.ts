import type { Begin, FromConsole, FromFrame, ToConsole } from "./messages"
import { readFromConsole } from "./reading"

/** What the window hears of a run. */
export interface Listener {
  /** Something that the code's side said, in so many characters. */
  told(message: FromConsole, chars: number): void
  /** The run ended without its doing: by a flood, or because it broke. */
  ended(how: "flood" | "failed", text: string): void
}

/** A run of code in a frame of its own. */
export interface Running {
  post(message: ToConsole): void
  /** Ends the code wherever it is. */
  end(): void
}

export type OpenFrame = (begin: Begin, to: Listener) => Running

/**
 * Room is given back so often: what a run may say in a second is bounded by it, and with it what
 * the window's thread spends on listening.
 */
const ROOM_MS = 100

/** How long the frame may take to load and to start the Worker. */
const LOAD_MS = 10_000

/** Starts code in a hidden frame of opaque origin. `url` is the frame's page. */
export function frameAt(url: () => string): OpenFrame {
  return (begin, to) => {
    const frame = document.createElement("iframe")
    const { port1: port, port2: theirs } = new MessageChannel()
    let open = true
    let taken = { messages: 0, chars: 0 }

    const giveRoom = setInterval(() => {
      if (taken.messages === 0) return
      port.postMessage({ kind: "room", ...taken } satisfies ToConsole)
      taken = { messages: 0, chars: 0 }
    }, ROOM_MS)
    const late = setTimeout(() => fail("failed", "The frame that runs the code did not start."), LOAD_MS)

    function end(): void {
      open = false
      clearInterval(giveRoom)
      clearTimeout(late)
      port.close()
      // The frame's Worker ends with it, in whatever loop it is.
      frame.remove()
    }

    function fail(how: "flood" | "failed", text: string): void {
      if (!open) return
      end()
      to.ended(how, text)
    }

    port.onmessage = ({ data }: MessageEvent<string | FromFrame>) => {
      if (!open) return
      if (typeof data !== "string") {
        if (data.kind === "started") return clearTimeout(late)
        return fail(data.kind === "flood" ? "flood" : "failed", data.text)
      }
      taken.messages += 1
      taken.chars += data.length
      const message = readFromConsole(data)
      if (message === undefined) return fail("failed", "The code's side sent something that is no message.")
      to.told(message, data.length)
    }

    frame.setAttribute("sandbox", "allow-scripts")
    frame.hidden = true
    frame.title = "Runs the console's code"
    frame.onload = () => {
      // Its origin is opaque, and has no name that could stand here.
      if (open) frame.contentWindow?.postMessage(begin, "*", [theirs])
    }
    frame.src = url()
    document.body.append(frame)
    return { post: (message) => open && port.postMessage(message), end }
  }
}

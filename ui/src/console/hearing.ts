import { Flow } from "./flow"
import type { FromConsole, ToConsole } from "./messages"
import { readFromConsole } from "./reading"

/**
 * Room is given back so often: what code may say in a second is bounded by it, and with it what
 * the window's thread spends on listening.
 */
const ROOM_MS = 100
/** While enough waits to be done, room for so few is given back: what goes on may need it to end. */
const FEW = 32

/** Who is told what comes through the port. */
export interface Hears {
  /** Something that the code's side said, in so many characters. */
  told(message: FromConsole, chars: number): void
  /** Whether so much waits to be done that hardly anything more is to be taken. */
  full?(): boolean
  /** What came is not what our own side sends: nothing more is heard. */
  broke(how: "flood" | "failed", text: string): void
}

/** The window's end of the way to code that nobody trusts. */
export class Hearing {
  #port: MessagePort
  #open = true
  #flow = new Flow()
  #taken = { messages: 0, chars: 0 }
  #giveRoom: ReturnType<typeof setInterval>

  /** `beside` is given what is no text; without it that is a break. */
  constructor(port: MessagePort, to: Hears, beside?: (data: object) => void) {
    this.#port = port
    // Whoever sends waits while there is no room, and nothing more of it is even read.
    this.#giveRoom = setInterval(() => this.#give(to.full?.() ? FEW : Infinity), ROOM_MS)
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.#open) return
      if (beside && typeof data === "object" && data !== null) return beside(data)
      const wrong = this.#flow.add(data)
      if (wrong !== undefined) return this.#break(to, "flood", wrong)
      const text = data as string
      this.#taken.messages += 1
      this.#taken.chars += text.length
      const message = readFromConsole(text)
      if (message === undefined)
        return this.#break(to, "failed", "The code's side sent something that is no message.")
      to.told(message, text.length)
    }
  }

  post(message: ToConsole): void {
    if (this.#open) this.#port.postMessage(message)
  }

  end(): void {
    this.#open = false
    clearInterval(this.#giveRoom)
    this.#port.close()
  }

  #give(most: number): void {
    const { messages, chars } = this.#taken
    if (messages === 0) return
    const given = Math.min(messages, most)
    const room = { messages: given, chars: Math.floor((chars * given) / messages) }
    this.#flow.taken(room.messages, room.chars)
    this.#port.postMessage({ kind: "room", ...room } satisfies ToConsole)
    this.#taken = { messages: messages - room.messages, chars: chars - room.chars }
  }

  #break(to: Hears, how: "flood" | "failed", text: string): void {
    this.end()
    to.broke(how, text)
  }
}

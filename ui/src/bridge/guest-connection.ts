import { FlowControl } from "./flow-control"
import type { AliveProbe, ToPage } from "./page-messages"
import type { FromConsole, ToConsole } from "./messages"
import { readFromConsole } from "./reading"

/**
 * Room is given back so often: what code may say in a second is bounded by it, and with it what
 * the window's thread spends on listening.
 */
const CREDIT_MS = 100
/** While enough waits to be done, room for so few is given back: what goes on may need it to end. */
const FEW = 32

/** Who is told what comes through the port. */
export interface GuestHandler {
  /** Something that the code's side said, in this many characters. */
  told(message: FromConsole, chars: number): void
  /** Whether so much waits to be done that hardly anything more is to be taken. */
  full?(): boolean
  /** What came is not what our own side sends: nothing more is heard. */
  broke(how: "flood" | "failed", text: string): void
}

/** The window's end of the way to code that nobody trusts. */
export class GuestConnection {
  #port: MessagePort
  #open = true
  #flow = new FlowControl()
  #taken = { messages: 0, chars: 0 }
  #giveRoom: ReturnType<typeof setInterval>
  #take: (text: string) => void
  /** What came while it is held. */
  #held: string[] | undefined

  /** `beside` is given what isn't text; without it that is a break. */
  constructor(port: MessagePort, to: GuestHandler, beside?: (data: object) => void) {
    this.#port = port
    // A caller that sends waits while there is no room, and nothing more of it is even read.
    this.#giveRoom = setInterval(() => this.#give(to.full?.() ? FEW : Infinity), CREDIT_MS)
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.#open) return
      if (beside && typeof data === "object" && data !== null) return beside(data)
      const wrong = this.#flow.add(data)
      if (wrong !== undefined) return this.#break(to, "flood", wrong)
      if (this.#held) this.#held.push(data as string)
      else this.#take(data as string)
    }
    this.#take = (text) => {
      this.#taken.messages += 1
      this.#taken.chars += text.length
      const message = readFromConsole(text)
      if (message === undefined) return this.#break(to, "failed", "The code sent an invalid message.")
      to.told(message, text.length)
    }
  }

  /**
   * Takes nothing from the code's side for a while, and all of it after. It gets no room meanwhile: what it goes on to
   * say waits there.
   */
  hold(holds: boolean): void {
    if (holds) this.#held ??= []
    else {
      const held = this.#held ?? []
      this.#held = undefined
      for (const text of held) if (this.#open) this.#take(text)
    }
  }

  post(message: ToConsole | ToPage | AliveProbe, transfer: Transferable[] = []): void {
    if (this.#open) this.#port.postMessage(message, transfer)
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

  #break(to: GuestHandler, how: "flood" | "failed", text: string): void {
    this.end()
    to.broke(how, text)
  }
}

import { LONGEST, CREDIT } from "../sdk/messages"

/** Besides what fits in the room, the code's side may send a few at any time. */
const BESIDES = 100

/**
 * Watches what is on its way to the window and was not taken yet. The code's own side keeps to
 * `CREDIT`; what does not is no longer that, and is ended before the window's thread drowns in it.
 */
export class FlowControl {
  #messages = 0
  #chars = 0

  /** Counts one more; says what is wrong with it if it is too much. */
  add(message: unknown): string | undefined {
    if (typeof message !== "string") return "It sent something other than a message."
    if (message.length > LONGEST) return `It sent a message of ${message.length} characters.`
    this.#messages += 1
    this.#chars += message.length
    if (this.#messages > CREDIT.messages + BESIDES)
      return `More than ${CREDIT.messages} messages are waiting to be processed.`
    if (this.#chars > CREDIT.chars + LONGEST) return `${this.#chars} characters are waiting to be processed.`
    return undefined
  }

  taken(messages: number, chars: number): void {
    this.#messages -= messages
    this.#chars -= chars
  }
}

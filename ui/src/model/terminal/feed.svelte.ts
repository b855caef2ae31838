import type { TerminalSize } from "../../ipc/generated/TerminalSize"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** What draws a terminal. */
export interface Screen {
  /** Answers when the bytes are drawn. */
  draw(bytes: Uint8Array): Promise<void>
  /** Forgets what was drawn: this many bytes are left out. */
  restart(left: number): void
}

/** How many bytes are typed at once. */
const PIECE = 16 * 1024
/** How many may wait for a program that doesn't read. */
const MOST = 1024 * 1024

/**
 * One terminal: it requests bytes when those before them are drawn, so that the window holds one piece whatever a
 * program writes, and what is typed is sent in order.
 */
export class TerminalFeed {
  /** Nothing more will come. */
  ended = $state(false)
  trouble = $state.raw<Trouble>()
  size = $state.raw<TerminalSize>()
  /** Bytes that weren't typed because too many waited. */
  refused = $state(0)
  /** Bytes that were left out, because drawing all of them takes long. */
  left = $state(0)

  #shell: Shell
  #id: number
  #drawn = 0
  /** What was written before this window looked. What a program asked the terminal then isn't answered again. */
  #replayed: number
  #closed = false
  #typed: Uint8Array[] = []
  #waiting = 0
  #sending = false
  #sizes: TerminalSize[] = []

  constructor(shell: Shell, id: number, replayed: number) {
    this.#shell = shell
    this.#id = id
    this.#replayed = replayed
  }

  /** Draws all that comes. `visible`: waits until the window can be seen. */
  async follow(screen: Screen, visible: () => Promise<void> = async () => {}): Promise<void> {
    try {
      while (!this.#closed && !this.ended) {
        await visible()
        const piece = await this.#shell.ask("terminal_read", { id: this.#id, from: this.#drawn })
        if (this.#closed) return
        if (piece.from > this.#drawn) {
          this.left = piece.from
          screen.restart(piece.from - this.#drawn)
        }
        const bytes = bytesOf(piece.bytes)
        if (bytes.length > 0) await screen.draw(bytes)
        this.#drawn = piece.from + bytes.length
        this.ended = piece.ended
      }
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  /** Nobody looks any more. */
  close(): void {
    this.#closed = true
  }

  /** Types this, as bytes. */
  type(bytes: Uint8Array): void {
    if (this.ended || this.#drawn < this.#replayed || bytes.length === 0) return
    if (this.#waiting + bytes.length > MOST) {
      this.refused += bytes.length
      return
    }
    this.#waiting += bytes.length
    for (let at = 0; at < bytes.length; at += PIECE) this.#typed.push(bytes.subarray(at, at + PIECE))
    void this.#send()
  }

  /** Sets the size. Of several that wait only the last one counts. */
  resize(size: TerminalSize): void {
    this.size = size
    if (this.ended) return
    this.#sizes.push(size)
    if (this.#sizes.length === 1) void this.#sendSizes()
  }

  async #send(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      while (this.#typed.length > 0) {
        const bytes = this.#nextPiece()
        await this.#shell.ask("terminal_write", { id: this.#id, bytes: [...bytes] })
        this.#waiting -= bytes.length
        if (this.#waiting === 0) this.refused = 0
      }
    } catch (thrown) {
      this.trouble = trouble(thrown)
      this.#typed = []
      this.#waiting = 0
    }
    this.#sending = false
  }

  /** As many as fit of those that wait. */
  #nextPiece(): Uint8Array {
    const pieces = [this.#typed.shift()!]
    let length = pieces[0]!.length
    while (this.#typed.length > 0 && length + this.#typed[0]!.length <= PIECE) {
      const next = this.#typed.shift()!
      pieces.push(next)
      length += next.length
    }
    const bytes = new Uint8Array(length)
    let at = 0
    for (const piece of pieces) {
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  }

  async #sendSizes(): Promise<void> {
    while (this.#sizes.length > 0) {
      const size = this.#sizes.at(-1)!
      try {
        await this.#shell.ask("terminal_resize", { id: this.#id, size })
      } catch (thrown) {
        this.trouble = trouble(thrown)
      }
      this.#sizes = this.#sizes.at(-1) === size ? [] : this.#sizes.slice(-1)
    }
  }
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at)
  return bytes
}

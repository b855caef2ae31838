/**
 * What the code's side and the window tell each other. From the code come strings, JSON of a
 * `FromCode`, so that their size is known before anything is made of them; to the code go
 * objects, because what a Call delivers may be large and the window trusts itself.
 */
import type { SdkCall } from "../ipc/generated/SdkCall"
import type { Callback } from "../ipc/generated/Callback"
import type { SdkOutcome } from "../ipc/generated/SdkOutcome"

/** What code makes of `ddClient` reaches the window as this. `id` counts up from 1. */
export type FromSdk =
  | {
      kind: "call"
      id: number
      asked: SdkCall
      /** Which function: `ddClient.extension.host.cli.exec`. */
      called: string
      /** The call as a person would write it, shortened. */
      text: string
      /** Where in the code it was made, where that is known: `app.js:3:14`. */
      at?: string
    }
  /** The process object's `close()`. */
  | { kind: "close"; id: number }
  /** The callbacks that came were called: more may come. */
  | { kind: "ack"; id: number }
  /** `showOpenDialog`, with its properties as JSON. */
  | { kind: "dialog"; id: number; properties: string }
  | { kind: "desktop"; what: "toast" | "navigate" | "open"; level?: Level; text: string }
  /** Something worth knowing about how it was called. */
  | { kind: "warning"; text: string }

export type Level = "success" | "warning" | "error"

/** What `showOpenDialog` resolves to. */
export interface Chosen {
  canceled: boolean
  filePaths: string[]
}

/** What the window tells the code's side. */
export type ToSdk =
  /** This many messages and characters were taken since the last of these: there is room again. */
  | { kind: "room"; messages: number; chars: number }
  | { kind: "delivered"; id: number; outcome: SdkOutcome }
  /** Never empty unless it is the last. */
  | { kind: "callbacks"; id: number; rows: readonly Callback[]; last: boolean }
  /** Porthole did not do it: the person said no, or it could not be done. */
  | { kind: "failed"; id: number; message: string }
  | { kind: "chosen"; id: number; result: Chosen }

/** How much may be on its way to the window. What is more waits on the code's side. */
export const CREDIT = { messages: 1000, chars: 32_000_000 } as const

/** The longest message, in UTF-16 units: a request's data may be a few megabytes. */
export const LONGEST = 16_000_000

/** The longest text that the window draws in one line: a call, a warning, a toast. */
export const LONGEST_TEXT = 10_000

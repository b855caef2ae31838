/** What a run of the console says besides its calls of `ddClient`, and how it begins. */
import type { FromSdk, ToSdk } from "../sdk/messages"
import type { SdkFacts } from "../sdk/facts"
import type { FromPage } from "./page-report"
import type { SerializedValue } from "./serialized"

export type PrintLevel = "log" | "info" | "warn" | "error" | "debug"

/** Lines and columns are those of the JavaScript that runs, from 1. */
export type FromConsole =
  | FromSdk
  | FromPage
  | { kind: "print"; level: PrintLevel; values: readonly SerializedValue[] }
  /** The value of the last expression. */
  | { kind: "result"; value: SerializedValue }
  | { kind: "uncaught"; error: SerializedValue; line?: number; column?: number; promise: boolean }
  /** This many prints were dropped since the run began, for want of room. */
  | { kind: "dropped"; count: number }
  /** The code could not be started: it is no JavaScript after all. */
  | { kind: "problem"; text: string; line?: number; column?: number }
  /** The code has ended, and so has everything it began. */
  | { kind: "over"; threw: boolean }

/** What the window gives the frame, with the port. */
export interface Begin {
  js: string
  facts: SdkFacts
}

/** What the frame itself says. The code's messages are strings and can never be this. */
export type FromFrame =
  /** The Worker was started. */
  { kind: "started" } | { kind: "flood"; text: string } | { kind: "broken"; text: string }

export type ToConsole = ToSdk

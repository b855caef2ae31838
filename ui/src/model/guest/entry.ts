import type { SerializedValue } from "../../bridge/serialized"

/** What a page asked for and didn't get: what it is, why, and what to do. `times`: how often. */
export interface UnloadedEntry {
  kind: "unloaded"
  /** `Script`; empty where the entry represents several. */
  what: string
  url: string
  reason: string
  fix: string
  times: number
}

/** One line of the console, in the order in which things happened. */
export interface Entry {
  /** Counts from 1 and never repeats within a run. */
  n: number
  /** Milliseconds since the run began. */
  atMs: number
  what:
    | {
        kind: "print"
        level: "log" | "info" | "warn" | "error" | "debug"
        values: readonly SerializedValue[]
      }
    /** The value of the last expression. */
    | { kind: "result"; value: SerializedValue }
    /** Something was thrown and nobody caught it. `line` is that of the code as it was typed. */
    | { kind: "uncaught"; error: SerializedValue; line?: number; column?: number; promise: boolean }
    /**
     * The code asked something of `ddClient`, then and at that place; `id` is the Call, once there is
     * one. Until then it waits, unless it is refused.
     */
    | { kind: "call"; text: string; askedMs: number; at?: string; id?: number; refused?: string }
    /** Something of the desktop's own window that is only shown here. */
    | {
        kind: "desktop"
        what: "toast" | "navigate" | "open" | "dialog"
        level?: "success" | "warning" | "error"
        text: string
      }
    /** Something worth knowing about how it was called: a deprecated place, a missing argument. */
    | { kind: "warning"; text: string }
    /** Something that a page asked for isn't there. */
    | UnloadedEntry
    /** Something that explains how a page behaves, with what to do about it. */
    | { kind: "finding"; summary: string; detail: string; fix: string }
    /** The code could not be turned into JavaScript, or not be started. */
    | { kind: "problem"; text: string; line?: number; column?: number }
    /** The run is over: how. */
    | { kind: "end"; how: "done" | "stopped" | "flood" | "failed"; text: string }
}

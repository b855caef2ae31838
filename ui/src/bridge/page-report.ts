/** What the client in a page says of how the page loads, besides what `ddClient` and the console are for. */

export const RESOURCES = [
  "script",
  "module",
  "style",
  "image",
  "font",
  "media",
  "frame",
  "worker",
  "request",
  "file",
] as const

/** What didn't load. */
export type Resource = (typeof RESOURCES)[number]

export const WHYS = ["policy", "status", "type", "inner", "origin", "network"] as const

/**
 * Why it didn't.
 * - `policy`: a content security policy refuses it; `text` is the directive, and `own` whether the policy is Porthole's.
 * - `status`: its server answered with this `status`.
 * - `type`: it has the type in `text`, with which it isn't used.
 * - `inner`: the file itself is there; what it needs in turn isn't, or it can't be read.
 * - `origin`: a worker of another origin.
 * - `network`: no response that the page may use.
 */
export type Why = (typeof WHYS)[number]

/** Something that the page asked for isn't there. */
export interface Unloaded {
  kind: "unloaded"
  of: Resource
  /** Its address, or what represents it: `inline`, `eval`. */
  url: string
  why: Why
  status?: number
  text?: string
  own?: boolean
}

export type FromPage =
  | Unloaded
  /** Whether the page shows nothing at all. */
  | { kind: "blank"; blank: boolean }
  /** It reads the themes of Docker Desktop, which the runtime doesn't have. */
  | { kind: "themes" }
  /** The page is blank, and its router matches routes against the path, which is the path of the page's file. */
  | { kind: "routes" }

/** An address without what is behind its path: of two that differ there, one is told. */
export const addressKey = (url: string): string => url.split(/[?#]/, 1)[0]!

/** The longest address that is told. */
export const LONGEST_URL = 2_000

const LONGEST_TEXT = 100

/** Whether this can be the `text` of a report: a directive or a media type, which is in Porthole's own sentences. */
export const isReportText = (text: string): boolean => /^[A-Za-z0-9+./;=_-]{0,100}$/.test(text)

/** A directive or a media type as it can be told. A server may have put anything into it. */
export const reportText = (text: string): string =>
  text.replace(/[^A-Za-z0-9+./;=_-]/g, "").slice(0, LONGEST_TEXT)

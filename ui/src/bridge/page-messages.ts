import type { SdkFacts } from "../sdk/facts"

/** What the page's client and the window say to each other before there is a port. */

/** The client is there; it waits for a port. */
export const HELLO = "porthole: a page is here"

/** The window's answer, which brings the port. */
export const PORT = "porthole: the port of the page"

/** A key was pressed that was not for the page: the user was typing when the page took the keyboard. */
export const KEY_KEPT = "porthole: a key was kept from the page"

/**
 * What the name of a frame begins with that has a page of a development server: its `Named` follows
 * as JSON. The page is not ours to write into, and what the web view runs first in it is the same for
 * all frames: the name is what is there by then.
 */
export const FRAME = "porthole: the page of "

export interface Named {
  /** Of the page that it is for. The frame may hold others, and is empty at first. */
  origin: string
  facts: SdkFacts
}

/** What the window tells the page's client besides what `ddClient` is for. */
export type ToPage =
  /** Whether what is typed is for the page. */
  | { kind: "keys"; may: boolean }
  /** Whether the user sees the page. */
  | { kind: "shown"; shown: boolean }
/** Asks the page's client whether it is still there: it answers through the port that comes along. */
export interface AliveProbe {
  kind: "alive"
}

/** Where in the code a call was made, out of an engine's stack. */

/** The longest place that is told, in UTF-16 units. */
export const LONGEST_PLACE = 400

/** So much of a stack is looked at: the frames that matter are first. */
const LOOKED_AT = 20_000

// Taken before any code runs that could put others in their place.
const Here = Error

/**
 * WebKit writes `name@url:3:14`, V8 `at name (url:3:14)` or `at url:3:14`. What has no url is a
 * built-in, or was made by `eval`: the frame that called it is the one to tell.
 */
const FRAME = /([a-z][a-z\d+.-]*:\S+?):(\d+):(\d+)\)?$/i

/** The first frame that is not of the script `own`, as `app.js:3:14`; within `origin` without that. */
export function placeIn(stack: string, own: string, origin: string): string | undefined {
  for (const line of stack.slice(0, LOOKED_AT).split("\n")) {
    const found = FRAME.exec(line.trim())
    if (found === null || found[1] === own) continue
    const [, url, at, column] = found as unknown as [string, string, string, string]
    const file = url.startsWith(`${origin}/`) ? url.slice(origin.length + 1) || "/" : url
    const place = `:${at}:${column}`
    const most = LONGEST_PLACE - place.length
    // Of a long name the end tells more.
    return (file.length > most ? `…${file.slice(1 - most)}` : file) + place
  }
  return undefined
}

/**
 * What tells where it is called from; `find` reads a stack. Code that has changed the language
 * under it may make it tell nothing or something wrong, and never makes it throw.
 */
export function placer(find: (stack: string) => string | undefined): () => string | undefined {
  /** A loop calls from the same place each time: its stack is looked through once. */
  let before = ""
  let found: string | undefined
  return () => {
    try {
      const { stack } = new Here()
      if (typeof stack !== "string") return undefined
      if (stack !== before) {
        const place = find(stack)
        found = typeof place === "string" && place.length <= LONGEST_PLACE ? place : undefined
        before = stack.length <= LOOKED_AT ? stack : ""
      }
      return found
    } catch {
      return undefined
    }
  }
}

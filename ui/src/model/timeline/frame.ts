const LONGEST_MS = 250

/**
 * Waits until what changed is about to be drawn. Who asks for news only then never asks faster than
 * the machine draws. A window that is not shown draws nothing: there it waits a little.
 */
export function nextFrame(): Promise<void> {
  if (typeof requestAnimationFrame === "undefined") return Promise.resolve()
  return new Promise((done) => {
    const late = setTimeout(done, LONGEST_MS)
    requestAnimationFrame(() => {
      clearTimeout(late)
      done()
    })
  })
}

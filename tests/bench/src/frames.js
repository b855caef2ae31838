// Runs in the real page: plays what is saved under a name, and hands back the time between one
// animation frame and the next until the last line is drawn.
const [name, lines, done] = arguments
const gaps = new Float64Array(100_000)
let count = 0
let before = 0

function lastDrawn() {
  return Math.max(-1, ...[...document.querySelectorAll("#log .line[data-stream]")].map((line) => Number(line.dataset.line)))
}

function frame() {
  const now = performance.now()
  if (count === gaps.length) return done({ error: "it never ends" })
  gaps[count++] = now - before
  before = now
  const outcome = [...document.querySelectorAll("#timeline [data-call]")].at(1)?.dataset.outcome
  if (outcome === "failed" || outcome === "cancelled") return done({ error: outcome })
  // Looked for only then: to ask for it in every frame would be part of what is measured. A row whose
  // text has not come has no stream.
  if (outcome === "ended" && lastDrawn() === lines - 1) return done({ gaps: [...gaps.subarray(0, count)] })
  requestAnimationFrame(frame)
}

requestAnimationFrame(() => {
  before = performance.now()
  document.querySelector(`[data-saved="${name}"] .play`).click()
  requestAnimationFrame(frame)
})

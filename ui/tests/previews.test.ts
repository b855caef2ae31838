import { expect, test } from "vitest"
import { nextZoom, refusedText, zoomText } from "../src/model/output/previews"

test("the zoom goes in steps, from whatever fits", () => {
  expect([nextZoom(1, true), nextZoom(1, false), nextZoom(0.63, true), nextZoom(0.63, false)]).toEqual([
    1.5, 0.75, 0.75, 0.5,
  ])
  expect([nextZoom(16, true), nextZoom(0.05, false), nextZoom(0.01, false)]).toEqual([16, 0.05, 0.01])
  expect([zoomText(0.634), zoomText(0.001)]).toEqual(["63 %", "1 %"])
})

test("a body that isn't previewed says why", () => {
  expect(refusedText({ kind: "too_long", most: 16_000_000 })).toContain("the limit is 16.0 MB")
  expect(refusedText({ kind: "too_large", width: 60_000, height: 60_000, most: 50_000_000 })).toBe(
    "The image has 60,000 × 60,000 pixels. Porthole previews up to 50 million.",
  )
  expect(refusedText({ kind: "unknown" })).toContain("PNG, JPEG")
  expect(refusedText({ kind: "page", html: "" })).toBeUndefined()
})

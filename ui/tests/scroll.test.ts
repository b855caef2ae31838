import { expect, test } from "vitest"
import {
  firstOf,
  firstWithin,
  lastFirst,
  LINE_HEIGHT,
  MAX_RANGE,
  range,
  scrollTopOf,
  steppedRange,
} from "../src/model/output/scroll"

const ROWS = 30
const VIEWPORT = ROWS * LINE_HEIGHT + 7

test("short outputs are not scaled", () => {
  expect(range(1000)).toBe(20_000)
  expect(scrollTopOf(17, 1000, ROWS, VIEWPORT)).toBe(340)
  expect(firstOf(340, 1000, ROWS, VIEWPORT)).toBe(17)
})

test("an output that fits has nowhere to scroll", () => {
  expect(lastFirst(5, ROWS)).toBe(0)
  expect(scrollTopOf(0, 5, ROWS, VIEWPORT)).toBe(0)
  expect(firstOf(0, 5, ROWS, VIEWPORT)).toBe(0)
})

test.each([1_000, 400_000, 400_001, 10_000_000, 2 ** 40])("both ends of %d lines are reached", (total) => {
  const last = lastFirst(total, ROWS)
  const bottom = range(total) - VIEWPORT
  expect(range(total)).toBeLessThanOrEqual(MAX_RANGE)
  expect(scrollTopOf(0, total, ROWS, VIEWPORT)).toBe(0)
  expect(scrollTopOf(last, total, ROWS, VIEWPORT)).toBe(bottom)
  expect(scrollTopOf(Infinity, total, ROWS, VIEWPORT)).toBe(bottom)
  expect(firstOf(0, total, ROWS, VIEWPORT)).toBe(0)
  expect(firstOf(bottom, total, ROWS, VIEWPORT)).toBe(last)
})

test("the scaled scrollbar finds its way back to within what a pixel is worth", () => {
  const total = 10_000_000
  const worth = total / (MAX_RANGE - VIEWPORT)
  for (const first of [1, 4_999_999, 9_000_000]) {
    const top = Math.round(scrollTopOf(first, total, ROWS, VIEWPORT))
    expect(Math.abs(firstOf(top, total, ROWS, VIEWPORT) - first)).toBeLessThanOrEqual(worth)
  }
})

test("the height of a followed end grows in steps, and never is too small", () => {
  expect(steppedRange(20, ROWS)).toBe(range(20))
  const heights = new Set<number>()
  for (let total = 1_000; total < 100_000; total += 33) {
    const height = steppedRange(total, ROWS)
    expect(height).toBeGreaterThanOrEqual(range(total))
    expect(height).toBeLessThanOrEqual(range(total) * 1.13)
    heights.add(height)
  }
  expect(heights.size).toBeLessThan(60)
})

test("a drag out of a range of another height goes to that part of it", () => {
  expect(firstWithin(500, 1_000, ROWS, 1_000)).toBe(485)
  expect(firstWithin(1_000, 1_000, ROWS, 1_000)).toBe(970)
  expect(firstWithin(0, 1_000, ROWS, 1_000)).toBe(0)
})

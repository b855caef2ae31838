import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { ARM_MS, InputGuard } from "../src/model/permission/guard.svelte"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const BUTTON = { name: "Allow once" }
const OTHER = { name: "Always allow" }

function guard(isShown: () => boolean = () => true) {
  const guard = new InputGuard(() => Date.now(), isShown)
  const mouse = { isTrusted: true, id: "pointer 1" }
  const enter = { isTrusted: true, id: "key Enter" }
  return {
    guard,
    press: (on: unknown = BUTTON) => guard.down(mouse, on),
    release: () => guard.up(mouse),
    key: (on: unknown = BUTTON, repeat = false) => guard.down({ ...enter, repeat }, on),
    keyUp: () => guard.up(enter),
    /** A whole click, or what is left of it. */
    click(on: unknown = BUTTON) {
      guard.down(mouse, on)
      guard.up(mouse)
      return guard.accepts(true, on)
    },
  }
}

test("nothing counts before the prompt was there for half a second, and then a press does, once", () => {
  const { guard: of, click } = guard()
  of.begin()
  expect(click()).toBe(false)
  vi.advanceTimersByTime(ARM_MS - 60)
  expect(of.armed).toBe(false)
  expect(of.progress).toBeLessThan(1)
  vi.advanceTimersByTime(120)
  expect(of.armed).toBe(true)
  expect(click()).toBe(true)
  expect(of.accepts(true, BUTTON)).toBe(false)
})

test("a press that began before does not count when it is let go after", () => {
  const { guard: of, press, release } = guard()
  of.begin()
  vi.advanceTimersByTime(400)
  press()
  vi.advanceTimersByTime(2_000)
  // What is held keeps it from being armed at all.
  expect(of.armed).toBe(false)
  release()
  expect(of.accepts(true, BUTTON)).toBe(false)
  vi.advanceTimersByTime(ARM_MS + 50)
  expect(of.armed).toBe(true)
  expect(of.accepts(true, BUTTON)).toBe(false)
})

test("what was held when the prompt appeared keeps it from being armed, known or not", () => {
  const { guard: of, key, keyUp, click } = guard()
  key(undefined)
  of.begin()
  vi.advanceTimersByTime(3_000)
  expect(of.armed).toBe(false)
  keyUp()
  vi.advanceTimersByTime(ARM_MS + 50)
  expect(of.armed).toBe(true)
  // A button pressed in the page, where the window is not told of it.
  of.begin()
  of.pointer("pointer 1", 1, true)
  vi.advanceTimersByTime(3_000)
  expect(of.armed).toBe(false)
  of.pointer("pointer 1", 0, true)
  vi.advanceTimersByTime(ARM_MS + 50)
  expect(click()).toBe(true)
})

test("a key that repeats leads to nothing, whether it says so or not", () => {
  const { guard: of, key } = guard()
  of.begin()
  vi.advanceTimersByTime(600)
  // Held since before, in the page: its first repeat is the first that the window is told.
  key(BUTTON, true)
  expect(of.accepts(true, BUTTON)).toBe(false)
  key(BUTTON)
  expect(of.accepts(true, BUTTON)).toBe(false)
})

test("another prompt in its place begins again, with what is still held", () => {
  const { guard: of, click, press } = guard()
  of.begin()
  vi.advanceTimersByTime(600)
  press()
  of.begin()
  expect(of.accepts(true, BUTTON)).toBe(false)
  expect(click()).toBe(false)
  vi.advanceTimersByTime(600)
  expect(click()).toBe(true)
})

test("a press counts on the control where it began", () => {
  const { guard: of, press } = guard()
  of.begin()
  vi.advanceTimersByTime(600)
  press(OTHER)
  expect(of.accepts(true, BUTTON)).toBe(false)
})

test("steady clicking or typing answers nothing, however long it goes on", () => {
  const { guard: of, click, key, keyUp } = guard()
  of.begin()
  for (let at = 0; at < 40; at += 1) {
    expect(click()).toBe(false)
    vi.advanceTimersByTime(300)
    expect(of.armed).toBe(false)
  }
  for (let at = 0; at < 40; at += 1) {
    key(at % 2 === 0 ? BUTTON : undefined)
    keyUp()
    expect(of.accepts(true, BUTTON)).toBe(false)
    vi.advanceTimersByTime(300)
    expect(of.armed).toBe(false)
  }
  vi.advanceTimersByTime(ARM_MS)
  expect(click()).toBe(true)
})

test("a key that is typed on takes no answers for another half second, one that moves the focus does not", () => {
  const { guard: of, click } = guard()
  const letter = { isTrusted: true, id: "key KeyA", key: true }
  const tab = { isTrusted: true, id: "key Tab", key: true, moves: true }
  of.begin()
  vi.advanceTimersByTime(600)
  of.down(tab)
  of.up(tab)
  expect(of.armed).toBe(true)
  of.down(letter)
  of.up(letter)
  expect(of.armed).toBe(false)
  expect(click()).toBe(false)
  vi.advanceTimersByTime(600)
  expect(click()).toBe(true)
})

test("what scripts press or click is not counted", () => {
  const { guard: of, press } = guard()
  of.begin()
  vi.advanceTimersByTime(600)
  of.down({ isTrusted: false, id: "pointer 1" }, BUTTON)
  expect(of.accepts(true, BUTTON)).toBe(false)
  press()
  expect(of.accepts(false, BUTTON)).toBe(false)
})

test("time in which the window was blocked or not seen is not time to read", () => {
  let now = 0
  let shown = true
  const of = new InputGuard(
    () => now,
    () => shown,
  )
  of.begin()
  // A page blocks the thread for a second: one look at the clock comes, late.
  now += 1_000
  vi.advanceTimersByTime(50)
  expect(of.armed).toBe(false)
  shown = false
  for (let tick = 0; tick < 40; tick++) {
    now += 50
    vi.advanceTimersByTime(50)
  }
  expect(of.armed).toBe(false)
  shown = true
  for (let tick = 0; tick < 9; tick++) {
    now += 50
    vi.advanceTimersByTime(50)
  }
  expect(of.armed).toBe(true)
})

test("coming back to the window begins again", () => {
  const { guard: of, click } = guard()
  of.begin()
  vi.advanceTimersByTime(600)
  of.lost()
  expect(click()).toBe(false)
  vi.advanceTimersByTime(600)
  expect(click()).toBe(true)
})

import { expect, test, vi } from "vitest"
import { Tapping } from "../src/model/tap/tapping.svelte"
import { FakeShell } from "./fake"

const place = {
  endpoint: "unix:///run/b.sock",
  container: null,
  path: "/run/b.sock",
  aside: "/run/b.sock.porthole",
}
const refused = { code: "tap_move_failed" as const, message: "The socket can’t be moved" }

test("what the dialog shows is what is moved, and stopping ends it", async () => {
  const moved: unknown[] = []
  let shown = false
  const tapping = new Tapping(
    new FakeShell({
      tap_plan: async () => place,
      start_tap: async (args) => {
        moved.push(args.place)
        return args.place
      },
      stop_tap: async () => {},
    }),
    () => (shown = true),
  )
  expect(await tapping.start()).toBe(false)
  await tapping.plan()
  expect(tapping.place).toEqual(place)
  expect(await tapping.start()).toBe(true)
  expect([moved, tapping.running]).toEqual([[place], place])
  await tapping.end()
  expect([tapping.running, shown]).toEqual([undefined, false])
})

test("an error says why, and the state is the one that really is", async () => {
  let running: typeof place | null = null
  let shown = false
  const tapping = new Tapping(
    new FakeShell({
      tap_plan: async () => place,
      tap_running: async () => running,
      start_tap: async () => {
        throw refused
      },
      stop_tap: async () => {
        running = null
        throw refused
      },
    }),
    () => (shown = true),
  )
  await tapping.plan()
  expect(await tapping.start()).toBe(false)
  expect([tapping.trouble?.code, tapping.running]).toEqual(["tap_move_failed", undefined])
  // The window was loaded again while it records.
  running = place
  await tapping.look()
  expect(tapping.running).toEqual(place)
  // The recording has ended, and the socket couldn't be put back.
  await tapping.end()
  expect(shown).toBe(true)
  expect([tapping.trouble?.code, tapping.running, tapping.busy]).toEqual([
    "tap_move_failed",
    undefined,
    false,
  ])
})

test("a problem of the recording is shown while it runs, and there are no more requests after its end", async () => {
  vi.useFakeTimers()
  try {
    let asked = 0
    let problem: { code: "endpoint_refused"; message: string } | undefined
    const tapping = new Tapping(
      new FakeShell({
        tap_plan: async () => place,
        start_tap: async (args) => args.place,
        stop_tap: async () => {},
        tap_running: async () => {
          asked++
          return problem === undefined ? place : { ...place, trouble: problem }
        },
      }),
      () => {},
    )
    await tapping.plan()
    await tapping.start()
    expect(tapping.running?.trouble).toBeUndefined()
    problem = { code: "endpoint_refused", message: "Nothing is listening" }
    await vi.advanceTimersByTimeAsync(3000)
    expect(tapping.running?.trouble).toEqual(problem)
    problem = undefined
    await vi.advanceTimersByTimeAsync(3000)
    expect([tapping.running?.trouble, asked]).toEqual([undefined, 2])
    await tapping.end()
    await vi.advanceTimersByTimeAsync(30_000)
    expect([tapping.running, asked]).toEqual([undefined, 2])
  } finally {
    vi.useRealTimers()
  }
})

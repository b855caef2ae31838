import { expect, test } from "vitest"
import type { TapStatus } from "../src/ipc/generated/TapStatus"
import { Tapping } from "../src/model/tap/tapping.svelte"
import { isOfTarget, socketName, tapLine, tapTip } from "../src/model/tap/words"
import { FakeShell } from "./fake"

const place = {
  endpoint: "unix:///run/b.sock",
  container: null,
  path: "/run/b.sock",
  aside: "/run/b.sock.porthole",
}
const running: TapStatus = { place, connections: 1, calls: 1200, lost: false }
const refused = { code: "tap_move_failed" as const, message: "The socket can’t be moved" }

test("what the dialog shows is what is moved, and stopping ends it", async () => {
  const moved: unknown[] = []
  let shown = 0
  const tapping = new Tapping(
    new FakeShell({
      tap_plan: async () => place,
      start_tap: async (args) => {
        moved.push(args.place)
        return args.place
      },
      stop_tap: async () => {},
    }),
    () => shown++,
  )
  expect(await tapping.start()).toBe(false)
  await tapping.plan()
  expect(tapping.place).toEqual(place)
  expect(await tapping.start()).toBe(true)
  expect(moved).toEqual([place])
  // The changes of the timeline say that it records, and what became of it.
  tapping.see(running)
  tapping.ask()
  expect([tapping.running?.calls, shown]).toEqual([1200, 1])
  await tapping.end()
  tapping.see(undefined)
  expect([tapping.running, tapping.busy, shown]).toEqual([undefined, false, 1])
})

test("an error says why, and the dialog is opened for one of stopping", async () => {
  let shown = false
  const tapping = new Tapping(
    new FakeShell({
      tap_plan: async () => place,
      start_tap: async () => {
        throw refused
      },
      stop_tap: async () => {
        throw refused
      },
    }),
    () => (shown = true),
  )
  await tapping.plan()
  expect(await tapping.start()).toBe(false)
  expect(tapping.trouble?.code).toBe("tap_move_failed")
  tapping.see(running)
  tapping.ask()
  expect(tapping.trouble).toBeUndefined()
  shown = false
  await tapping.end()
  expect([shown, tapping.trouble?.code, tapping.busy]).toEqual([true, "tap_move_failed", false])
})

test("the line names the socket, what is wrong, and whether it is the target’s", () => {
  const { endpoint } = place
  expect(tapLine(running, endpoint)).toBe("Recording b.sock: 1,200 requests")
  expect(tapLine({ ...running, calls: 1 }, endpoint)).toBe("Recording b.sock: 1 request")
  expect(tapTip(running, endpoint)).toBe("Requests to /run/b.sock are recorded")
  const trouble = { code: "endpoint_refused" as const, message: "Nothing is listening" }
  expect(tapLine({ ...running, trouble }, endpoint)).toBe("Recording b.sock: problem")
  expect(tapTip({ ...running, trouble }, endpoint)).toBe("Nothing is listening")
  expect(tapLine({ ...running, lost: true, trouble }, endpoint)).toBe("Not recording b.sock at the moment")
  const other = "unix:///run/other.sock"
  expect(tapLine(running, other)).toBe("Recording b.sock, not the target: 1,200 requests")
  expect(tapTip(running, other)).toContain("The target has changed")
  expect([isOfTarget(running, endpoint), isOfTarget(running, undefined)]).toEqual([true, false])
})

test("a name of a container can’t hide what is recorded", () => {
  expect(socketName({ ...place, container: "web" })).toBe("b.sock in web")
  expect(socketName({ ...place, path: "/run/\u202eb.sock" })).not.toContain("\u202e")
})

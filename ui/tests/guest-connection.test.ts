import { afterEach, expect, test, vi } from "vitest"
import { GuestConnection } from "../src/bridge/guest-connection"
import type { FromConsole } from "../src/bridge/messages"

afterEach(() => void vi.useRealTimers())

test("what is said while it is held is taken after that, in its order, and gets no room before", async () => {
  // The timer that gives room.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
  const { port1, port2 } = new MessageChannel()
  const told: string[] = []
  const there = vi.fn()
  const connection = new GuestConnection(
    port1,
    {
      told: (message: FromConsole) =>
        void told.push("text" in message && message.text ? message.text : message.kind),
      broke: (_how, text) => void told.push(text),
    },
    there,
  )
  const [room, back] = [vi.fn(), vi.fn()]
  port2.onmessage = ({ data }) => (data.kind === "room" ? room() : back())
  const say = (text: string) => port2.postMessage(JSON.stringify({ kind: "warning", text }))
  // A port keeps the order: when this has come, all that was sent before has come too.
  const arrived = async () => {
    port2.postMessage({})
    await vi.waitFor(() => expect(there).toHaveBeenCalled())
    vi.advanceTimersByTime(1_000)
    connection.post({ kind: "marker" } as never)
    await vi.waitFor(() => expect(back).toHaveBeenCalled())
  }
  say("before")
  await vi.waitFor(() => expect(told).toEqual(["before"]))
  await vi.waitFor(() => expect(room).toHaveBeenCalledTimes(1))
  connection.hold(true)
  say("one")
  say("two")
  await arrived()
  expect(told).toEqual(["before"])
  expect(room).toHaveBeenCalledTimes(1)
  connection.hold(false)
  expect(told).toEqual(["before", "one", "two"])
  await vi.waitFor(() => expect(room).toHaveBeenCalledTimes(2))
  connection.end()
  port2.close()
})

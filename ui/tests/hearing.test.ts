import { expect, test, vi } from "vitest"
import { Hearing } from "../src/console/hearing"
import type { FromConsole } from "../src/console/messages"

test("what is said while it is held is taken after that, in its order, and gets no room before", async () => {
  const { port1, port2 } = new MessageChannel()
  const told: string[] = []
  const hearing = new Hearing(port1, {
    told: (message: FromConsole) =>
      void told.push("text" in message && message.text ? message.text : message.kind),
    broke: (_how, text) => void told.push(text),
  })
  const room = vi.fn()
  port2.onmessage = ({ data }) => room(data)
  const say = (text: string) => port2.postMessage(JSON.stringify({ kind: "warning", text }))
  const next = () => new Promise<void>((done) => setTimeout(done, 150))
  say("before")
  await vi.waitFor(() => expect(told).toEqual(["before"]))
  await vi.waitFor(() => expect(room).toHaveBeenCalledTimes(1))
  hearing.hold(true)
  say("one")
  say("two")
  await next()
  expect(told).toEqual(["before"])
  expect(room).toHaveBeenCalledTimes(1)
  hearing.hold(false)
  expect(told).toEqual(["before", "one", "two"])
  await vi.waitFor(() => expect(room).toHaveBeenCalledTimes(2))
  hearing.end()
  port2.close()
})

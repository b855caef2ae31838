import { afterEach, expect, test, vi } from "vitest"
import { listenTo, type FrameEvents } from "../src/page/frame"
import { HELLO } from "../src/bridge/page-messages"

afterEach(() => void vi.unstubAllGlobals())

const ORIGIN = "http://localhost:3000"

function heard() {
  const window = new EventTarget()
  vi.stubGlobal("addEventListener", window.addEventListener.bind(window))
  vi.stubGlobal("removeEventListener", window.removeEventListener.bind(window))
  let ports = 0
  /** The ends of the clients that came. */
  const clients: MessagePort[] = []
  const page = {
    postMessage: (_message: unknown, _origin: string, [port]: [MessagePort]) => {
      ports += 1
      clients.push(port)
    },
  }
  const frame = Object.assign(new EventTarget(), { contentWindow: page })
  const said: string[] = []
  const to: FrameEvents = {
    came: () => void said.push("came"),
    left: () => void said.push("left"),
    silent: () => void said.push("silent"),
    told: () => {},
    broke: (how) => void said.push(how),
  }
  const end = listenTo(frame as unknown as HTMLIFrameElement, ORIGIN, to)
  const hello = () => {
    const event = Object.assign(new Event("message"), { source: page, origin: ORIGIN, data: HELLO })
    window.dispatchEvent(event)
  }
  return { said, clients, ports: () => ports, end, hello, load: () => frame.dispatchEvent(new Event("load")) }
}

test("a page that says hello without end is ended, and nothing more of it is heard", () => {
  const { said, ports, end, hello, load } = heard()
  for (let n = 0; n < 10_000; n++) hello()
  load()
  hello()
  expect(said).toEqual(["came", "came", "came", "flood"])
  expect(ports()).toBe(3)
  end()
})

test("a page may load itself again, however often", () => {
  const { said, end, hello, load } = heard()
  for (let n = 0; n < 20; n++) {
    hello()
    load()
  }
  expect(said).toEqual(Array.from({ length: 20 }, () => "came"))
  end()
})

test("a page that sets location.hash is still heard: the frame is loaded once more, and its client answers", async () => {
  const { said, clients, end, hello, load } = heard()
  hello()
  load()
  const asked: unknown[] = []
  clients[0]!.onmessage = ({ data, ports }) => {
    asked.push(data)
    ports[0]!.postMessage(true)
  }
  for (let n = 0; n < 3; n++) {
    load()
    await vi.waitFor(() => expect(asked).toHaveLength(n + 1))
  }
  expect(said).toEqual(["came"])
  end()
  clients[0]!.close()
})

test("a page that left for something without a client is heard no longer", async () => {
  const { said, end, hello, load } = heard()
  hello()
  load()
  load()
  await vi.waitFor(() => expect(said).toEqual(["came", "left"]), 5000)
  end()
})

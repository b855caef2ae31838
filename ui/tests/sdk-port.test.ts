import { expect, test, vi } from "vitest"
import type { SdkCall } from "../src/ipc/generated/SdkCall"
import { FlowControl } from "../src/bridge/flow-control"
import { readFromConsole } from "../src/bridge/reading"
import { LONGEST, CREDIT, type FromSdk } from "../src/sdk/messages"
import { Port } from "../src/sdk/port"
import { readFromSdk } from "../src/sdk/reading"
import { createDdClient } from "../src/sdk/client"
import { consoleProxy } from "../src/bridge/console-proxy"
import { PrintQueue } from "../src/bridge/print-queue"
import { portTransport } from "../src/sdk/transport"

function portOf() {
  const sent: string[] = []
  return { sent, port: new Port((text) => sent.push(text)) }
}

const list = { kind: "list", what: "images" } as const
const facts = {
  runtime: "docker-desktop",
  machine: { platform: "linux", arch: "x64", hostname: "harbour" },
  image: "acme/volumes:1",
  container: true,
  service: true,
} as const
const named = { called: "ddClient.docker.listImages", text: "docker.listImages()" }

test("only so many messages are on their way, and the others follow in their order", () => {
  const { sent, port } = portOf()
  for (let n = 0; n < CREDIT.messages + 3; n++) port.send({ n })
  expect(sent).toHaveLength(CREDIT.messages)
  port.room(2, 20)
  expect(sent).toHaveLength(CREDIT.messages + 2)
  port.room(5, 50)
  expect(sent.map((text) => (JSON.parse(text) as { n: number }).n)).toEqual(
    Array.from({ length: CREDIT.messages + 3 }, (_, n) => n),
  )
})

test("what need not be said is dropped when there is no room, and never overtakes what waits", () => {
  const { sent, port } = portOf()
  for (let n = 0; n < CREDIT.messages; n++) expect(port.offer({ n })).toBe(true)
  expect(port.offer({})).toBe(false)
  port.send({ waits: true })
  port.room(1, 10)
  expect(sent.at(-1)).toContain("waits")
  expect(port.offer({})).toBe(false)
})

test("what goes on overtakes calls that wait, and calls that find no room cost nothing", () => {
  const { sent, port } = portOf()
  for (let n = 0; n < CREDIT.messages + 10; n++) port.send({ n })
  port.send({ ack: 1 }, true)
  expect(port.open).toBe(false)
  port.room(2, 100)
  expect(sent.slice(-2)).toEqual([`{"ack":1}`, `{"n":${CREDIT.messages}}`])
  for (let n = 0; n < 5_000 - 9; n++) port.send({ n })
  expect(() => port.demand()).toThrow("Too many calls are waiting")
  const place = vi.fn()
  const transport = portTransport(port, "docker-desktop", undefined, place)
  return expect(transport.call(list, named))
    .rejects.toThrow("Too many calls are waiting")
    .then(() => expect(place).not.toHaveBeenCalled())
})

test("long messages take their part of the room", () => {
  const { sent, port } = portOf()
  const big = "x".repeat(LONGEST - 100)
  for (let n = 0; n < 4; n++) port.send({ big })
  expect(sent).toHaveLength(2)
  port.room(1, LONGEST)
  expect(sent).toHaveLength(3)
})

test("what is too long, or waits for too many, throws what the code sees", () => {
  const { sent, port } = portOf()
  expect(() => port.send({ big: "x".repeat(LONGEST) })).toThrow(RangeError)
  expect(port.offer({ big: "x".repeat(LONGEST) })).toBe(false)
  expect(sent).toEqual([])
  for (let n = 0; n < CREDIT.messages + 5_000; n++) port.send({})
  expect(() => port.send({})).toThrow("Too many calls are waiting")
})

test("a call that cannot be sent rejects, and is not waited for", async () => {
  const { port } = portOf()
  const liveness = { began: vi.fn(), ended: vi.fn() }
  const transport = portTransport(port, "docker-desktop", liveness)
  const data = { text: "x".repeat(LONGEST), isText: true, falsy: false }
  const asked: SdkCall = { kind: "request", method: "POST", url: "/", headers: [], named: true, data }
  await expect(transport.call(asked, named)).rejects.toThrow(RangeError)
  expect(liveness.began).not.toHaveBeenCalled()
})

test("answers find their calls in any order, and unknown ones nobody", async () => {
  const { sent, port } = portOf()
  const liveness = { began: vi.fn(), ended: vi.fn() }
  const transport = portTransport(port, "docker-desktop", liveness)
  const first = transport.call(list, named)
  const second = transport.call(list, named)
  const ids = sent.map((text) => (JSON.parse(text) as { id: number }).id)
  expect(ids).toEqual([1, 2])
  const text = (text: string) => ({ kind: "text", text, bytes: 1, cut: false }) as const
  transport.take({ kind: "delivered", id: 2, outcome: { kind: "resolved", value: text("two") } })
  transport.take({ kind: "delivered", id: 9, outcome: { kind: "resolved", value: text("none") } })
  transport.take({ kind: "delivered", id: 1, outcome: { kind: "rejected", value: text("one") } })
  transport.take({ kind: "delivered", id: 1, outcome: { kind: "resolved", value: text("again") } })
  expect(await second).toBe("two")
  await expect(first).rejects.toBe("one")
  expect(liveness.ended).toHaveBeenCalledTimes(2)
})

const call: FromSdk = { kind: "call", id: 1, asked: list, ...named }
const exec = { kind: "exec", whose: "vm", cmd: "ls", args: ["-l"], line: false, env: [] }
const asking = (asked: unknown): unknown => ({ ...call, asked })

test("messages of the SDK are read", () => {
  const good: unknown[] = [
    call,
    asking(exec),
    asking({
      ...exec,
      cwd: "/",
      stream: { splitLines: true },
      env: [{ name: "A", value: "" }],
      container: "c",
    }),
    asking({ kind: "request", method: "GET", url: "/", headers: [], named: true }),
    asking({ ...list, options: "{}" }),
    { kind: "close", id: 3 },
    { kind: "ack", id: 3 },
    { kind: "dialog", id: 3, properties: "{}" },
    { kind: "desktop", what: "toast", level: "error", text: "x" },
    { kind: "desktop", what: "open", text: "x" },
    { kind: "warning", text: "x" },
  ]
  for (const message of good) expect(readFromSdk(message)).toBe(message)
})

test("what is no message of the SDK is refused", () => {
  const bad: unknown[] = [
    undefined,
    null,
    1,
    "call",
    [],
    {},
    { kind: "evil" },
    { kind: "close" },
    { kind: "close", id: -1 },
    { kind: "close", id: 1.5 },
    { kind: "close", id: 1, more: 1 },
    { kind: "warning", text: "x".repeat(100_000) },
    { kind: "warning", text: { toString: "x" } },
    { kind: "desktop", what: "alert", text: "x" },
    { kind: "desktop", what: "toast", level: "fatal", text: "x" },
    { ...call, id: "1" },
    { ...call, called: undefined },
    { ...call, origin: "composer" },
    asking(undefined),
    asking({ kind: "evil" }),
    asking({ ...list, what: "volumes" }),
    asking({ ...exec, whose: "root" }),
    asking({ ...exec, args: [1] }),
    asking({ ...exec, args: "ls" }),
    asking({ ...exec, args: Array.from({ length: 10_001 }, () => "") }),
    asking({ ...exec, env: [{ name: "A" }] }),
    asking({ ...exec, stream: true }),
    asking({ ...exec, place: { kind: "host" } }),
    asking({ kind: "request", method: "GET", url: "/", headers: {}, named: true }),
    asking({ kind: "request", method: "GET", url: "/", headers: [], named: true, data: { text: "x" } }),
  ]
  for (const message of bad)
    expect(readFromSdk(message), JSON.stringify(message)?.slice(0, 100)).toBeUndefined()
})

const plain = { kind: "plain", text: "1", of: "number" }
const print = (...values: unknown[]): string => JSON.stringify({ kind: "print", level: "log", values })

test("messages of a run are read", () => {
  const error = { kind: "error", name: "E", message: "", stack: "", fields: [["a", plain]] }
  const good = [
    print(),
    print(plain, error, { kind: "text", text: "x", cut: 0 }, { kind: "function", name: "f" }),
    print({ kind: "list", name: "Array", length: 9, items: [plain], more: 8 }),
    print({ kind: "object", name: "", fields: [["k", { kind: "ellipsis", text: "…" }]], more: 0 }),
    JSON.stringify({ kind: "uncaught", error, promise: true, line: 3, column: 4 }),
    JSON.stringify({ kind: "dropped", count: 4 }),
    JSON.stringify({ kind: "problem", text: "x" }),
    JSON.stringify({ kind: "over", threw: false }),
    JSON.stringify(call),
  ]
  for (const text of good) expect(readFromConsole(text)).toEqual(JSON.parse(text))
})

test("what is no message of a run is refused", () => {
  let deep: unknown = plain
  for (let i = 0; i < 100; i++) deep = { kind: "list", name: "", length: 1, items: [deep], more: 0 }
  const wide = {
    kind: "list",
    name: "",
    length: 1,
    items: Array.from({ length: 2000 }, () => plain),
    more: 0,
  }
  const fat = Array.from({ length: 500 }, () => ({
    ...wide,
    items: Array.from({ length: 900 }, () => plain),
  }))
  const bad = [
    "",
    "{",
    "null",
    "[]",
    print(1),
    print({ kind: "html", html: "<b>" }),
    print({ ...plain, of: "script" }),
    print({ kind: "text", text: "x".repeat(50_000), cut: 0 }),
    print({ kind: "object", name: "", fields: [["a"]], more: 0 }),
    print({ kind: "object", name: "", fields: { a: plain }, more: 0 }),
    print(deep),
    print(wide),
    print(...fat),
    JSON.stringify({ kind: "print", level: "fatal", values: [] }),
    JSON.stringify({ kind: "dropped", count: -1 }),
    JSON.stringify({ kind: "over" }),
    JSON.stringify({ kind: "uncaught", error: plain, promise: true, line: "1" }),
  ]
  for (const text of bad) expect(readFromConsole(text), text.slice(0, 100)).toBeUndefined()
})

test("the frame ends what keeps to no room", () => {
  const flow = new FlowControl()
  for (let n = 0; n < CREDIT.messages; n++) expect(flow.add("x")).toBeUndefined()
  flow.taken(CREDIT.messages, CREDIT.messages)
  const said = Array.from({ length: 2 * CREDIT.messages }, () => flow.add("x"))
  expect(said.find(Boolean)).toContain("messages are waiting")
  expect(new FlowControl().add("x".repeat(LONGEST + 1))).toContain("characters")
  expect(new FlowControl().add({ kind: "flood" })).toContain("something other")
  const heavy = new FlowControl()
  const many = Array.from({ length: 10 }, () => heavy.add("x".repeat(LONGEST)))
  expect(many.find(Boolean)).toContain("characters are waiting")
})

test("a loop that goes on calling after it was refused ends with an exception, and is forgiven in the next turn", async () => {
  const turns: (() => void)[] = []
  const port = new Port(
    () => {},
    (then) => turns.push(then),
  )
  const transport = portTransport(port, "docker-desktop")
  const client = createDdClient(transport, facts)
  let calls = 0
  const refused: Promise<unknown>[] = []
  const loop = () => {
    for (; calls < 1_000_000; calls++) {
      const result = client.extension.vm!.service!.get("/")
      if (calls >= CREDIT.messages + 5_000) refused.push(result)
    }
  }
  expect(loop).toThrow("in one turn")
  expect(calls).toBe(CREDIT.messages + 5_000 + 100)
  const results = await Promise.allSettled(refused)
  expect(results.every(({ status }) => status === "rejected")).toBe(true)
  // Each function is guarded, whatever it returns.
  expect(() => client.desktopUI.toast.success("x")).toThrow("in one turn")
  expect(() => client.docker.listImages()).toThrow("in one turn")
  // One that catches it is thrown the same error, which costs nothing to make.
  const caught = [0, 1].map(() => thrownBy(() => client.host.openExternal("https://localhost")))
  expect(caught[0]).toBe(caught[1])
  expect(turns).toHaveLength(1)
  turns[0]!()
  await expect(client.docker.listImages()).rejects.toThrow("Too many calls are waiting")
  transport.take({ kind: "room", messages: 1_000, chars: 1_000_000 })
  expect(() => client.desktopUI.toast.success("x")).not.toThrow()
})

function thrownBy(call: () => unknown): unknown {
  try {
    return call()
  } catch (thrown) {
    return thrown
  }
}

test("nothing is made of what is printed while it finds no room", () => {
  const { port } = portOf()
  const printQueue = new PrintQueue(port, () => 0)
  const printed = vi.fn()
  const console = consoleProxy(
    printed,
    String,
    () => 0,
    () => printQueue.wanted(),
  )
  console.log("first")
  expect(printed).toHaveBeenCalledTimes(1)
  for (let n = 0; n < CREDIT.messages; n++) port.send({ n })
  console.log("%s", { toString: () => expect.fail("it was written down") })
  console.count("n")
  expect(printed).toHaveBeenCalledTimes(1)
  port.room(10, 1_000)
  console.count("n")
  expect(printed.mock.calls.at(-1)![1]).toEqual([{ kind: "text", text: "n: 2", cut: 0 }])
})

import { expect, test, vi } from "vitest"
import { Hearing } from "../src/console/hearing"
import type { Commands } from "../src/ipc/generated/Commands"
import type { OpenedPage } from "../src/ipc/generated/OpenedPage"
import type { Plan } from "../src/ipc/generated/Plan"
import { Page } from "../src/model/page.svelte"
import { Settings } from "../src/model/settings.svelte"
import type { FromSdk, ToSdk } from "../src/sdk/messages"
import { ROOM } from "../src/sdk/messages"
import { FakeShell, openedPage, request } from "./fake"

const plans: Record<string, Plan> = {
  request: { does: { kind: "request", request: request("GET", "/x") }, rules: [], onHost: false },
  list: { does: { kind: "engine", request: request("GET", "/containers/json") }, rules: [], onHost: false },
}
const host: Plan = {
  does: {
    kind: "command",
    command: { place: { kind: "host" }, program: "ls", args: ["a b"], env: [], envMode: "add" },
  },
  rules: [],
  onHost: true,
}

const inside: Plan = {
  does: {
    kind: "command",
    command: { place: { kind: "container", name: "own" }, program: "ls", args: [], env: [], envMode: "add" },
  },
  rules: [],
  onHost: false,
}

const exec = (id: number, whose: "host" | "docker" | "vm"): FromSdk => ({
  kind: "call",
  id,
  asked: { kind: "exec", whose, cmd: "ls", args: ["a b"], line: false, env: [] },
  called: `ddClient.${whose}`,
  text: `${whose} ls`,
})
const inContainer = (id: number, container?: string): FromSdk => ({
  kind: "call",
  id,
  asked: {
    kind: "exec",
    whose: "vm",
    cmd: "ls",
    args: [],
    line: false,
    env: [],
    cwd: "inside",
    ...(container === undefined ? {} : { container }),
  },
  called: "ddClient.extension.vm.cli.exec",
  text: "exec",
})
const get = (id: number): FromSdk => ({
  kind: "call",
  id,
  asked: { kind: "request", method: "GET", url: "/x", headers: [], named: true },
  called: "ddClient.extension.vm.service.get",
  text: "get",
})
const list = (id: number): FromSdk => ({
  kind: "call",
  id,
  asked: { kind: "list", what: "containers" },
  called: "ddClient.docker.listContainers",
  text: "list",
})

async function open(more: Partial<OpenedPage> = {}) {
  let last = 0
  const shell = new FakeShell({
    open_page: async () => openedPage(more),
    close_page: async () => {},
    save_settings: async () => {},
    plan: async ({ asked }) =>
      plans[asked.kind] ?? (asked.kind === "exec" && asked.cwd === "inside" ? inside : host),
    perform: async () => ++last,
    not_done: async () => ++last,
    cancel: async () => {},
  })
  const settings = new Settings(shell)
  const page = new Page(shell, settings)
  await page.load("/home/me/volumes")
  const posted: ToSdk[] = []
  const comings = page.comings()
  const hears = () => comings.came({ post: (message: ToSdk) => posted.push(message) } as unknown as Hearing)
  hears()
  const say = (message: FromSdk) => comings.told(message, 100)
  const performed = () =>
    shell.asked
      .filter(({ name }) => name === "perform")
      .map(({ args }) => args as Commands["perform"]["args"])
  return { shell, settings, page, posted, comings, hears, say, performed }
}

test("its own backend may be reached at once, this machine and the engine after a question", async () => {
  const { page, say, performed } = await open()
  say(get(1))
  say(inContainer(2))
  await vi.waitFor(() => expect(performed()).toHaveLength(2))
  expect(performed().every(({ origin }) => origin === "page")).toBe(true)
  // What was judged is what must be done.
  expect(performed().map(({ judged }) => judged?.place.kind)).toEqual([undefined, "container"])
  say(exec(3, "host"))
  say(list(4))
  await vi.waitFor(() => expect(page.asking).toMatchObject({ kind: "host", argv: ["ls", "a b"] }))
  page.answer("once")
  await vi.waitFor(() => expect(page.asking).toMatchObject({ kind: "docker", where: "the engine" }))
  expect(page.asking?.argv).toEqual(["GET", "/containers/json"])
  page.answer("no")
  await vi.waitFor(() => expect(performed()).toHaveLength(3))
  await vi.waitFor(() =>
    expect(page.entries.at(-1)?.what).toMatchObject({
      kind: "call",
      refused: expect.stringContaining("no"),
      id: 4,
    }),
  )
})

test("another container than its own is asked for, and so is this machine in the place of its container", async () => {
  const { page, say } = await open()
  say(inContainer(1, "postgres"))
  await vi.waitFor(() => expect(page.asking?.kind).toBe("docker"))
  page.answer("no")
  say(exec(2, "vm"))
  await vi.waitFor(() => expect(page.asking?.kind).toBe("host"))
})

test("what is only recorded is refused in words, and is not done", async () => {
  const { page, say, posted, performed, shell } = await open()
  page.setLeave("service", "record")
  say({ ...get(1), at: "app.js:3:14" } as FromSdk)
  await vi.waitFor(() => expect(posted).toHaveLength(1))
  expect(posted[0]).toMatchObject({ kind: "failed", id: 1, message: expect.stringContaining("only records") })
  expect(performed()).toEqual([])
  const recorded = shell.asked.filter(({ name }) => name === "not_done").map(({ args }) => args)
  const sdk = { asked: { kind: "request", url: "/x" }, at: "app.js:3:14" }
  expect(recorded).toMatchObject([{ sdk, origin: "page", why: "recorded_only" }])
  await vi.waitFor(() => expect(page.entries[0]?.what).toMatchObject({ id: 1, at: "app.js:3:14" }))
})

test("what cannot even be recorded is refused all the same", async () => {
  const { page, say, posted, shell } = await open()
  shell.answers.not_done = () => Promise.reject({ code: "endpoint_invalid", message: "no endpoint" })
  page.setLeave("service", "record")
  say(get(1))
  await vi.waitFor(() =>
    expect(page.entries[0]?.what).toMatchObject({ refused: expect.stringContaining("records") }),
  )
  expect(posted).toMatchObject([{ kind: "failed", message: expect.stringContaining("only records") }])
})

test("what waits for leave says since when, and that it is not done when the page goes", async () => {
  const { page, say } = await open()
  const before = Date.now()
  say(exec(1, "host"))
  await vi.waitFor(() => expect(page.entries).toHaveLength(1))
  const { what } = page.entries[0]!
  expect(what).toMatchObject({ kind: "call" })
  expect(what).not.toHaveProperty("id")
  expect(what.kind === "call" && what.askedMs).toBeGreaterThanOrEqual(before)
  page.unload()
  expect(page.entries[0]!.what).toMatchObject({ refused: "Not done: this ended first." })
})

test("a decision answers what waits for it, is kept by the manifest's content, and can be taken back", async () => {
  const { page, settings, say, performed } = await open()
  for (const id of [1, 2, 3]) say(exec(id, "host"))
  say(exec(4, "docker"))
  await vi.waitFor(() => expect(page.asking?.kind).toBe("host"))
  page.answer("session")
  await vi.waitFor(() => expect(performed()).toHaveLength(3))
  expect(page.asking?.kind).toBe("docker")
  expect(settings.leaves).toEqual({
    c0ffee: { service: "allow", container: "allow", host: "allow", docker: "ask" },
  })
  page.setLeave("docker", "record")
  expect(page.asking).toBeUndefined()
  page.forget()
  expect(settings.leaves).toEqual({})
  expect(page.leave.host).toBe("ask")
})

test("a page that comes again ends what the one before had going, and is told nothing of it", async () => {
  const { page, say, hears, posted, shell } = await open()
  say(get(1))
  await vi.waitFor(() => expect(shell.asked.some(({ name }) => name === "delivered")).toBe(true))
  say(exec(2, "host"))
  await vi.waitFor(() => expect(page.asking).toBeDefined())
  hears()
  expect(page.asking).toBeUndefined()
  expect(shell.asked.some(({ name }) => name === "cancel")).toBe(true)
  expect(posted).toEqual([])
  expect(page.entries.at(-1)?.what).toMatchObject({ kind: "end", text: "The page was loaded again." })
  page.unload()
  expect(page.opened).toBeUndefined()
  expect(shell.asked.at(-1)?.name).toBe("close_page")
})

test("another Runtime is the page's when it is loaded again, which is said", async () => {
  const { page, settings } = await open()
  expect(page.outdated).toBe(false)
  settings.setRuntime("podman-desktop")
  expect(page.outdated).toBe(true)
})

test.each([
  [
    "more messages than there is room for",
    (port: MessagePort) => {
      for (let n = 0; n < ROOM.messages + 200; n += 1) port.postMessage(JSON.stringify(get(n + 1)))
    },
  ],
  ["an object", (port: MessagePort) => port.postMessage({ kind: "started" })],
  ["text that is no message", (port: MessagePort) => port.postMessage("{}")],
])("%s ends the hearing", async (_name, misbehave) => {
  const { port1, port2 } = new MessageChannel()
  const broke = vi.fn()
  const hearing = new Hearing(port1, { told: () => {}, broke })
  misbehave(port2)
  await vi.waitFor(() => expect(broke).toHaveBeenCalledTimes(1))
  hearing.end()
  port2.close()
})

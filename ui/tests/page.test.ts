import { expect, test, vi } from "vitest"
import { GuestConnection } from "../src/bridge/guest-connection"
import type { OpenedPage } from "../src/ipc/generated/OpenedPage"
import type { Plan } from "../src/ipc/generated/Plan"
import { Page } from "../src/model/page/page.svelte"
import { Permissions } from "../src/model/permission/permissions.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import type { ToPage } from "../src/bridge/page-messages"
import type { FromSdk, ToSdk } from "../src/sdk/messages"
import { CREDIT } from "../src/sdk/messages"
import { FakeShell, openedPage, request } from "./fake"
import { FakeGate } from "./gate"

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

async function open(more: Partial<OpenedPage> = {}) {
  const shell = new FakeShell({
    open_page: async () => openedPage(more),
    separate_storage: async () => {},
    close_page: async () => {},
    save_settings: async () => {},
    cancel: async () => {},
  })
  const settings = new Settings(shell)
  const permissions = new Permissions(shell)
  const gate = new FakeGate(
    (asked) => plans[asked.kind] ?? (asked.kind === "exec" && asked.cwd === "inside" ? inside : host),
  )
  gate.of(shell, permissions)
  const page = new Page(shell, settings, permissions)
  await page.load("/home/me/volumes")
  const posted: ToSdk[] = []
  const frameEvents = page.frameEvents()
  const connection = { post: (message: ToSdk | ToPage) => posted.push(message as ToSdk), hold: vi.fn() }
  const hears = () => frameEvents.came(connection as unknown as GuestConnection)
  hears()
  const say = (message: FromSdk) => frameEvents.told(message, 100)
  return { connection, shell, settings, page, permissions, gate, posted, frameEvents, hears, say }
}

test("what the shell starts is done at once, and what waits for the user is shown and done when approved", async () => {
  const { page, permissions, gate, say } = await open()
  say(get(1))
  say(inContainer(2))
  await vi.waitFor(() => expect(gate.started).toHaveLength(2))
  expect(gate.started.every(({ origin }) => origin === "page")).toBe(true)
  say(exec(3, "host"))
  await vi.waitFor(() => expect(page.prompt).toMatchObject({ kind: "host", origin: "page" }))
  await permissions.approve(page.prompt!.pending, "once")
  await vi.waitFor(() => expect(gate.started).toHaveLength(3))
  expect(page.prompt).toBeUndefined()
})

test("what the user denies is refused in the shell's words, and says where it was asked", async () => {
  const { page, permissions, gate, say, posted } = await open()
  say({ ...exec(1, "host"), at: "app.js:3:14" } as FromSdk)
  await vi.waitFor(() => expect(page.prompt).toBeDefined())
  await permissions.deny(page.prompt!.pending)
  await vi.waitFor(() => expect(posted).toHaveLength(1))
  expect(posted[0]).toMatchObject({ kind: "failed", id: 1, message: expect.stringContaining("didn't allow") })
  expect(gate.skipped).toMatchObject([{ sdk: { asked: { cmd: "ls" }, at: "app.js:3:14" }, origin: "page" }])
  await vi.waitFor(() =>
    expect(page.entries[0]?.what).toMatchObject({
      id: 1,
      at: "app.js:3:14",
      refused: expect.stringContaining("didn't allow"),
    }),
  )
})

test("what the shell does not even plan is refused all the same", async () => {
  const { page, say, posted, shell } = await open()
  const message = "The extension has no backend"
  shell.answers.propose = () => Promise.reject({ code: "backend_missing", message })
  say(get(1))
  await vi.waitFor(() => expect(page.entries[0]?.what).toMatchObject({ refused: message }))
  expect(posted).toMatchObject([{ kind: "failed", message }])
})

test("what waits for the user says since when, and that it is not done when the page goes", async () => {
  const { page, say } = await open()
  const before = Date.now()
  say(exec(1, "host"))
  await vi.waitFor(() => expect(page.entries).toHaveLength(1))
  const { what } = page.entries[0]!
  expect(what).toMatchObject({ kind: "call" })
  expect(what).not.toHaveProperty("id")
  expect(what.kind === "call" && what.askedMs).toBeGreaterThanOrEqual(before)
  page.unload()
  expect(page.entries[0]!.what).toMatchObject({ refused: "Not run: the code ended first." })
})

test("a page that comes again ends what the one before had going, and is told nothing of it", async () => {
  const { page, gate, say, hears, posted, shell } = await open()
  say(get(1))
  await vi.waitFor(() => expect(shell.asked.some(({ name }) => name === "sdk_result")).toBe(true))
  say(exec(2, "host"))
  await vi.waitFor(() => expect(page.prompt).toBeDefined())
  hears()
  // The next page's calls are proposed when those of the one before are withdrawn.
  say(exec(1, "host"))
  await vi.waitFor(() => expect(page.prompt?.pending).toBe(2))
  expect(gate.started).toHaveLength(1)
  expect(shell.asked.some(({ name }) => name === "cancel")).toBe(true)
  expect(posted).toEqual([])
  const ends = page.entries.filter(({ what }) => what.kind === "end")
  expect(ends[0]?.what).toMatchObject({ text: "The page was reloaded." })
  page.unload()
  expect(page.opened).toBeUndefined()
  expect(shell.asked.some(({ name }) => name === "close_page")).toBe(true)
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
      for (let n = 0; n < CREDIT.messages + 200; n += 1) port.postMessage(JSON.stringify(get(n + 1)))
    },
  ],
  ["an object", (port: MessagePort) => port.postMessage({ kind: "started" })],
  ["text that is no message", (port: MessagePort) => port.postMessage("{}")],
])("%s ends the hearing", async (_name, misbehave) => {
  const { port1, port2 } = new MessageChannel()
  const broke = vi.fn()
  const connection = new GuestConnection(port1, { told: () => {}, broke })
  misbehave(port2)
  await vi.waitFor(() => expect(broke).toHaveBeenCalledTimes(1))
  connection.end()
  port2.close()
})

test("while enough waits to be done, room for a few is given back and nothing more is read", async () => {
  const { port1, port2 } = new MessageChannel()
  let full = true
  const told = vi.fn()
  const connection = new GuestConnection(port1, { told, broke: () => {}, full: () => full })
  const rooms: number[] = []
  port2.onmessage = ({ data }: MessageEvent<{ messages: number }>) => rooms.push(data.messages)
  for (let n = 0; n < 1000; n += 1) port2.postMessage(JSON.stringify(get(n + 1)))
  await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(1000))
  await vi.waitFor(() => expect(rooms.length).toBeGreaterThan(2))
  expect(rooms).toEqual(rooms.map(() => 32))
  full = false
  await vi.waitFor(() => expect(rooms.reduce((all, more) => all + more)).toBe(1000))
  connection.end()
  port2.close()
})

test("a page that nobody sees is held, is told so, and stays so when it loads itself again", async () => {
  const { page, connection, hears, posted } = await open()
  connection.hold.mockClear()
  page.pause(true)
  page.pause(true)
  expect(connection.hold.mock.calls).toEqual([[true]])
  expect(posted.at(-1)).toEqual({ kind: "shown", shown: false })
  hears()
  expect(connection.hold.mock.calls.at(-1)).toEqual([true])
  expect(page.standing(false)).toEqual([
    { kind: "shown", shown: false },
    { kind: "keys", may: false },
  ])
  page.pause(false)
  expect(connection.hold.mock.calls.at(-1)).toEqual([false])
})

test("a page that keeps taking the keyboard is stopped", async () => {
  const { page } = await open()
  page.tookKeys()
  expect(page.broken).toBe(true)
  expect(page.trouble?.detail).toContain("keyboard")
})

test("a page that the user closes from a prompt is gone, with all that waits for it", async () => {
  const { page, gate, say, shell } = await open()
  say(exec(1, "host"))
  say(exec(2, "host"))
  await vi.waitFor(() => expect(page.prompt).toBeDefined())
  await page.stop()
  expect([page.broken, page.running]).toEqual([true, false])
  expect(page.prompt).toBeUndefined()
  expect(gate.started).toEqual([])
  expect(shell.asked.at(-1)).toMatchObject({ name: "withdraw", args: { origin: "page" } })
  // What it still says is not heard.
  say(exec(3, "host"))
  expect(page.prompt).toBeUndefined()
})

test("that nothing of a server's page is heard is no longer said when it is heard", async () => {
  const { page } = await open({ served: true, url: "http://localhost:3000/" })
  const frameEvents = page.frameEvents()
  frameEvents.silent()
  expect(page.trouble?.code).toBe("page_server_no_page")
  const { port1, port2 } = new MessageChannel()
  frameEvents.came(new GuestConnection(port1, frameEvents))
  expect(page.trouble).toBeUndefined()
  port2.close()
})

test("a source is shown with what to do in its place, and loaded when that is asked for, until the next reload", async () => {
  const source = { file: "ui/index.html", sign: 'src="/src/main.tsx"' }
  const { page, shell } = await open({ source })
  expect(page.unbuilt).toEqual(source)
  page.loadAnyway()
  expect(page.unbuilt).toBeUndefined()
  await page.load("/home/me/volumes")
  expect(page.unbuilt).toEqual(source)

  const asked = () => shell.asked.findLast(({ name }) => name === "open_page")?.args
  expect(asked()).toMatchObject({ built: false, server: null })
  shell.answers.open_page = async () => openedPage({ built: "ui/build" })
  await page.fromBuilt()
  expect(asked()).toMatchObject({ built: true })
  expect(page.unbuilt).toBeUndefined()
  // Loaded again, it comes from there again; from the folder only when that is chosen.
  await page.load("/home/me/volumes")
  expect(asked()).toMatchObject({ built: true })
  await page.from()
  expect(asked()).toMatchObject({ built: false })
})

import { USUAL } from "../src/model/window/splits"
import { expect, test, vi } from "vitest"
import { Composer, type ComposerDeps } from "../src/model/composer/composer.svelte"
import { endpointIn, RequestForm } from "../src/model/composer/request.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import { isDerived, Target } from "../src/model/target/target.svelte"
import { exchangeSpans, runSpans } from "../src/model/detail/timing"
import { FakeShell, reading, request, settle, summary } from "./fake"

function deps(more: Partial<ComposerDeps> = {}): ComposerDeps {
  return {
    container: () => undefined,
    settled: async () => {},
    row: () => undefined,
    selected: () => undefined,
    began: () => {},
    opened: () => {},
    acted: () => {},
    console: () => ({ code: "", run: async () => {} }),
    extension: () => ({ openTyped: async () => {}, reload: async () => {} }),
    ...more,
  }
}

test("twenty presses are twenty questions, one after the other, in their order", async () => {
  let inFlight = 0
  let most = 0
  const began: number[] = []
  const shell = new FakeShell({
    send: async ({ request }) => {
      most = Math.max(most, ++inFlight)
      await settle()
      inFlight -= 1
      return Number(request.path.slice(1))
    },
  })
  const composer = new Composer(shell, deps({ began: (id) => began.push(id) }))
  for (let i = 1; i <= 20; i++) {
    composer.request.path = `/${i}`
    composer.submit()
  }
  while (began.length < 20) await settle()
  expect(began).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(most).toBe(1)
})

test("a question that fails is said, and the next one is asked all the same", async () => {
  let asked = 0
  const shell = new FakeShell({
    send: async () => {
      if (++asked === 1) throw { code: "request_invalid", message: "no" }
      return 2
    },
  })
  const composer = new Composer(shell, deps())
  composer.submit()
  await settle()
  expect(composer.trouble?.message).toBe("no")
  composer.submit()
  await settle()
  expect(composer.lastSent).toBe(2)
  expect(composer.trouble).toBeUndefined()
})

test("a command for the container is not run on the host when the target has none", () => {
  const shell = new FakeShell()
  const composer = new Composer(shell, deps())
  composer.load({
    kind: "command",
    place: { kind: "container", name: "x" },
    program: "ls",
    args: [],
    env: [],
    envMode: "add",
  })
  composer.submit()
  expect(shell.asked).toEqual([])
  expect(composer.trouble?.code).toBe("container_not_found")
})

test("Stop is for the selected live run, else for the last one run", () => {
  const live = summary(4, { http: false, outcome: { kind: "running" } })
  const done = summary(5)
  let selected = done
  const composer = new Composer(
    new FakeShell(),
    deps({ selected: () => selected, row: (id) => (id === 9 ? { ...live, id: 9 } : undefined) }),
  )
  expect(composer.stoppable).toBeUndefined()
  composer.lastRun = 9
  expect(composer.stoppable).toBe(9)
  selected = live
  expect(composer.stoppable).toBe(4)
  expect(composer.cancellable).toBeUndefined()
})

test("the shortcut cancels a request and asks a command to end, and kills neither", async () => {
  const shell = new FakeShell({ cancel: async () => {}, stop: async () => {} })
  const composer = new Composer(shell, deps())
  await composer.end(summary(3, { http: true, outcome: { kind: "pending" } }))
  await composer.end(summary(4, { http: false, outcome: { kind: "running" } }))
  expect(shell.asked).toEqual([
    { name: "cancel", args: { id: 3 } },
    { name: "stop", args: { id: 4, signal: "SIGTERM" } },
  ])
})

test("a path with an endpoint in it is not sent", () => {
  expect(["http://unix:/p.sock:/x", "unix:///p.sock", "npipe:////./pipe/x"].map(endpointIn)).not.toContain(
    undefined,
  )
  expect(["/x", "/x?to=http://y", "*"].map(endpointIn)).toEqual([undefined, undefined, undefined])
  const shell = new FakeShell()
  const composer = new Composer(shell, deps())
  composer.request.path = "http://unix:/p.sock:/x"
  composer.submit()
  expect(shell.asked).toEqual([])
})

test("a request survives being loaded and made again; empty rows are not sent", () => {
  const form = new RequestForm()
  const asked = request("PURGE", "/x", {
    query: [{ name: "q", value: "" }],
    headers: [
      { name: "A", value: "1" },
      { name: "A", value: "2" },
    ],
    body: { kind: "json", text: "[1.0]" },
    timeoutMs: 250,
    version: "1.0",
  })
  form.load(asked)
  form.headers.push({ name: "", value: "" })
  expect(form.request()).toEqual({ ...asked, path: "/x?q=", query: [] })
  form.timeout = "soon"
  expect(form.ready).toBe(false)
})

test("code is loaded into the console, saved from it, and run", () => {
  let runs = 0
  const code = { code: "", run: async () => void runs++ }
  const composer = new Composer(new FakeShell(), deps({ console: () => code }))
  composer.load({ kind: "console", code: "console.log(1)" })
  expect([composer.tab, code.code]).toEqual(["console", "console.log(1)"])
  expect(composer.composed()).toEqual({ kind: "console", code: "console.log(1)" })
  composer.submit()
  expect(runs).toBe(1)
})

test("settings are written at once, one write at a time, with all that is remembered", async () => {
  const shell = new FakeShell({ save_settings: async () => {} })
  const settings = new Settings(shell)
  const target = { name: "t", host: { env: [] } }
  settings.load({
    theme: "dark",
    splits: { side: 200, composer: USUAL.composer, bottom: 300, collapsed: false, side_collapsed: false },
    columns: { widths: {}, hidden: [] },
    recent: [],
    reading,
    runtime: "docker-desktop",
    saved: [],
    folders: [],
    environments: [],
    fonts: { system: false, ui_px: 13, mono_px: 12 },
    timeouts: { connect_ms: 5000, response_ms: 0 },
    servers: {},
    target,
  })
  settings.setSplits({ ...settings.splits, side: 210 })
  settings.save("hello", { kind: "request", ...request("GET", "/hello") })
  settings.save("hello", { kind: "request", ...request("GET", "/hello2") })
  expect(shell.asked).toHaveLength(1)
  await vi.waitFor(() => expect(shell.asked).toHaveLength(2))
  expect(shell.asked[1]!.args).toMatchObject({
    settings: {
      theme: "dark",
      splits: { side: 210 },
      target,
      saved: [{ name: "hello", composed: { path: "/hello2" } }],
    },
  })
})

test("the Runtime is remembered", async () => {
  const shell = new FakeShell({ save_settings: async () => {} })
  const settings = new Settings(shell)
  settings.setRuntime("podman-desktop")
  await settle()
  expect(shell.asked.at(-1)!.args).toMatchObject({ settings: { runtime: "podman-desktop" } })
})

test("the directory of the extension's programs goes with the host, unless it is empty", async () => {
  const shell = new FakeShell({ set_target: async ({ target }) => target, containers: async () => [] })
  const target = new Target(shell, () => {})
  target.edit()
  target.bin = " /opt/bin "
  await target.apply()
  expect(target.current.host).toEqual({ env: [], bin: "/opt/bin" })
  target.edit()
  expect(target.bin).toBe("/opt/bin")
  target.bin = " "
  await target.apply()
  expect(target.current.host).toEqual({ env: [] })
})

test("something saved gets another name, unless that is taken", () => {
  const settings = new Settings(new FakeShell())
  settings.save("one", { kind: "request", ...request("GET", "/1") })
  settings.save("two", { kind: "request", ...request("GET", "/2") })
  expect(settings.rename("one", " first ")).toBe(true)
  expect(settings.rename("two", "first")).toBe(false)
  expect(settings.rename("two", " ")).toBe(false)
  expect(settings.saved.map(({ name }) => name)).toEqual(["first", "two"])
})

test("an endpoint is read before it is applied, and what is wrong with it is kept", async () => {
  const shell = new FakeShell({
    read_endpoint: async ({ text }) => {
      if (text === "?") throw { code: "endpoint_invalid", message: "no endpoint", hint: "write one" }
      return `unix://${text}`
    },
    set_target: async ({ target }) => target,
    containers: async () => [],
  })
  const told: unknown[] = []
  const target = new Target(shell, (made) => told.push(made))
  target.edit()
  target.endpoint = "?"
  expect(await target.apply()).toBe(false)
  expect(target.problem?.hint).toBe("write one")
  target.endpoint = "/run/backend.sock"
  expect(await target.apply()).toBe(true)
  expect(told).toEqual([{ name: "", endpoint: "unix:///run/backend.sock", host: { env: [] } }])
  expect(await target.useDemo()).toBe(true)
  expect(target.current.endpoint).toBeUndefined()
})

const CONTEXTS = [
  {
    name: "default",
    description: "",
    current: true,
    found: false,
    unconfigured: false,
    host: "unix:///d.sock",
  },
  { name: "far", description: "", current: false, found: false, unconfigured: false, host: "ssh://far" },
]

test("the target's engine is chosen, and its containers are those of the form", async () => {
  const held: Record<string, () => void> = {}
  const named = (name: string) => ({ id: name, name, image: "i", state: "running", status: "Up" })
  const shell = new FakeShell({
    contexts: async () => CONTEXTS,
    containers: async ({ engine }) => {
      await new Promise<void>((answer) => (held[engine ?? "in use"] = answer))
      return [named(`on ${engine ?? "in use"}`)]
    },
    read_endpoint: async ({ text }) => text,
    set_target: async ({ target }) => target,
  })
  const target = new Target(shell, () => {})
  target.edit()
  await settle()
  target.container = "old"
  target.chooseEngine("far")
  await settle()
  // A container of that name there is another one.
  expect(target.container).toBeUndefined()
  // The list of the engine before comes late, and is not shown.
  held["far"]!()
  await settle()
  held["in use"]!()
  await settle()
  expect(target.containers?.map(({ name }) => name)).toEqual(["on far"])
  target.container = "on far"
  expect(await target.apply()).toBe(true)
  expect(target.current).toEqual({ name: "", engine: "far", container: "on far", host: { env: [] } })
  target.edit()
  expect([target.engine, target.container]).toEqual(["far", "on far"])
})

test("the way through the engine is offered for a socket's path, and why it is taken goes with it", async () => {
  const shell = new FakeShell({
    contexts: async () => CONTEXTS,
    containers: async () => [],
    read_endpoint: async ({ text }) => text,
    // As the shell does it.
    set_target: async ({ target }) => ({
      ...target,
      ...(target.endpoint?.startsWith("container:")
        ? { via: target.via ?? "Through the engine: found." }
        : {}),
    }),
  })
  const target = new Target(shell, () => {})
  target.edit()
  target.endpoint = "unix:///run/b.sock"
  expect(target.offer).toBeUndefined()
  target.container = "web"
  expect(target.offer).toBe("container://web/run/b.sock")
  target.endpoint = target.offer!
  expect(target.offer).toBeUndefined()
  await target.apply()
  expect(target.tunneled).toBe("Through the engine: found.")
  // It is not asked for again as long as the endpoint and the engine stay.
  const sent = () =>
    (shell.asked.findLast(({ name }) => name === "set_target")!.args as { target: object }).target
  target.edit()
  expect(target.said).toBe("Through the engine: found.")
  await target.apply()
  expect(sent()).toMatchObject({ via: "Through the engine: found." })
  target.edit()
  target.chooseEngine("far")
  await target.apply()
  expect(sent()).not.toHaveProperty("via")
  target.edit()
  target.endpoint = "http://localhost:80"
  await target.apply()
  expect(sent()).not.toHaveProperty("via")
  expect(target.tunneled).toBeUndefined()
  await target.useDemo()
  expect(target.current).not.toHaveProperty("via")
})

test("a name that came from the endpoint or the container is not kept when they change", () => {
  const host = { env: [] }
  expect(isDerived({ name: "demo backend", host })).toBe(true)
  expect(isDerived({ name: "backend", endpoint: "unix:///run/backend.sock", host })).toBe(true)
  expect(isDerived({ name: "http://localhost:80", endpoint: "http://localhost:80", host })).toBe(true)
  expect(isDerived({ name: "acme", endpoint: "unix:///a.sock", container: "acme", host })).toBe(true)
  expect(isDerived({ name: "mine", endpoint: "unix:///a.sock", host })).toBe(false)
})

test("phases become spans, the one that goes on is open", () => {
  const spans = exchangeSpans({ connectedUs: 10, sentUs: 30 }, 100)
  expect(spans.map(({ name, from, to, open }) => [name, from, to, open])).toEqual([
    ["Connect", 0, 10, false],
    ["Send", 10, 30, false],
    ["Wait", 30, 100, true],
  ])
  const run = {
    command: {} as never,
    stops: [{ atUs: 50, signal: "SIGTERM" as const }],
    startedUs: 5,
    endedUs: 60,
    closedUs: 70,
  }
  expect(runSpans(run, 999).map(({ name, from, to }) => [name, from, to])).toEqual([
    ["Start", 0, 5],
    ["Run", 5, 60],
    ["SIGTERM", 50, 50],
    ["Close streams", 60, 70],
  ])
})

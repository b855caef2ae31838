import { createDockerDesktopClient } from "@docker/extension-api-client"
import type { v1Hybrid } from "@docker/extension-api-client-types"
import { afterEach, expect, test, vi } from "vitest"
import type { SdkCall } from "../src/ipc/generated/SdkCall"
import type { Runtime } from "../src/ipc/generated/Runtime"
import type { Value } from "../src/ipc/generated/Value"
import { createDdClient } from "../src/sdk/client"
import type { FromSdk } from "../src/sdk/messages"
import type { Listener, Named, Transport } from "../src/sdk/transport"

type Told = Parameters<Transport["tell"]>[0]

/** A transport that keeps what it is asked. */
function asks(answer: (asked: SdkCall) => Promise<unknown> = async () => undefined) {
  const calls: { asked: SdkCall; named: Named }[] = []
  const streams: { asked: SdkCall; to: Listener; closed: number }[] = []
  const told: Told[] = []
  const dialogs: unknown[] = []
  const transport: Transport = {
    guard: () => {},
    call: (asked, named) => {
      calls.push({ asked, named })
      return answer(asked)
    },
    stream: (asked, _named, to) => {
      const stream = { asked, to, closed: 0 }
      streams.push(stream)
      return { close: () => void (stream.closed += 1) }
    },
    ask: async (_what, properties) => {
      dialogs.push(properties)
      return { canceled: false, filePaths: ["/a"] }
    },
    tell: (what) => void told.push(what),
  }
  return { transport, calls, streams, told, dialogs }
}

const facts = (runtime: Runtime, more: { container?: boolean; service?: boolean } = {}) => ({
  runtime,
  machine: { platform: "darwin", arch: "arm64", hostname: "harbour" },
  image: "acme/volumes:1",
  container: true,
  service: true,
  ...more,
})

function make(runtime: Runtime = "docker-desktop", answer?: (asked: SdkCall) => Promise<unknown>) {
  const around = asks(answer)
  const thrown: unknown[] = []
  // On Docker Desktop everything is there, as the hybrid type says.
  const client = createDdClient(around.transport, facts(runtime), (error) =>
    thrown.push(error),
  ) as v1Hybrid.DockerDesktopClient & Pick<v1Hybrid.BackendV0, "spawnInVMExtension">
  return { client, thrown, ...around }
}

const text = (text: string): Value => ({ kind: "text", text, bytes: text.length, cut: false })
const number = (value: number): Value => ({ kind: "number", text: String(value) })
const output = (stream: "stdout" | "stderr", value: Value) =>
  ({
    kind: "output",
    stream,
    value,
    beginsInCharacter: false,
    endsInCharacter: false,
    beginsInLine: false,
    endsInLine: false,
  }) as const

afterEach(() => vi.unstubAllGlobals())

const none = { line: false, env: [] }

test("the official package finds it in the window and returns that very object", () => {
  const { client } = make()
  vi.stubGlobal("window", { ddClient: client })
  expect(createDockerDesktopClient()).toBe(client)
})

test("the methods of the service send their own name, and data as a Runtime may need it", async () => {
  const { client, calls } = make()
  const service = client.extension.vm!.service!
  await service.get("/a")
  await service.delete("/a")
  await service.head("/a")
  await service.post("/a", { n: 1 })
  await service.put("/a", "text")
  await service.patch("/a", 0)
  const request = { kind: "request", url: "/a", headers: [], named: true }
  expect(calls.map((call) => call.asked)).toEqual([
    { ...request, method: "GET" },
    { ...request, method: "DELETE" },
    { ...request, method: "HEAD" },
    {
      ...request,
      method: "POST",
      data: { text: "[object Object]", json: '{"n":1}', isText: false, falsy: false },
    },
    { ...request, method: "PUT", data: { text: "text", json: '"text"', isText: true, falsy: false } },
    { ...request, method: "PATCH", data: { text: "0", json: "0", isText: false, falsy: true } },
  ])
  expect(calls[3]!.named).toEqual({
    called: "ddClient.extension.vm.service.post",
    text: 'extension.vm.service.post("/a", {"n":1})',
  })
})

test("request() sends headers, and does without the fields that people leave out", async () => {
  const { client, calls } = make()
  const { request } = client.extension.vm!.service!
  await request({ url: "/a", method: "PURGE", headers: { "X-Id": "1", Accept: "*/*" }, data: null })
  await request({ url: "/b" } as never)
  expect(calls.map((call) => call.asked)).toEqual([
    {
      kind: "request",
      method: "PURGE",
      url: "/a",
      named: false,
      headers: [
        { name: "X-Id", value: "1" },
        { name: "Accept", value: "*/*" },
      ],
      data: { text: "null", json: "null", isText: false, falsy: true },
    },
    { kind: "request", method: "GET", url: "/b", headers: [], named: false },
  ])
})

test("data that is no JSON rejects as JSON.stringify throws, and asks nothing", async () => {
  const { client, calls } = make()
  const round: { self?: unknown } = {}
  round.self = round
  await expect(client.extension.vm!.service!.post("/a", round)).rejects.toThrow(TypeError)
  await expect(client.extension.vm!.service!.post("/a", 10n)).rejects.toThrow(TypeError)
  expect(calls).toEqual([])
})

test("the deprecated service has the same methods at its own place", async () => {
  const { client, calls } = make()
  const { backend } = client
  await backend!.get("/a")
  await backend!.post("/a", {})
  await backend!.put("/a", {})
  await backend!.patch("/a", {})
  await backend!.delete("/a")
  await backend!.head("/a")
  await backend!.request({ url: "/a", method: "GET", headers: {}, data: undefined })
  expect(calls.map(({ asked }) => asked.kind === "request" && asked.method)).toEqual([
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "GET",
  ])
  expect(calls[0]!.named.called).toBe("ddClient.backend.get")
})

test("the three exec functions ask for their own place, with directory and variables", async () => {
  const { client, calls } = make()
  await client.extension.vm!.cli.exec("ls", ["-l", "a b"])
  await client.extension.host!.cli.exec("kubectl", ["version"], {
    cwd: "/w",
    env: { A: "1", GONE: undefined },
  })
  await client.docker.cli.exec("volume", ["ls", "--filter", "dangling=true"])
  expect(calls.map((call) => call.asked)).toEqual([
    { kind: "exec", whose: "vm", cmd: "ls", args: ["-l", "a b"], ...none },
    {
      kind: "exec",
      whose: "host",
      cmd: "kubectl",
      args: ["version"],
      cwd: "/w",
      line: false,
      env: [{ name: "A", value: "1" }],
    },
    { kind: "exec", whose: "docker", cmd: "volume", args: ["ls", "--filter", "dangling=true"], ...none },
  ])
})

test("a streaming exec returns its process at once, and calls back in order", () => {
  const { client, streams } = make()
  const seen: unknown[] = []
  const process = client.docker.cli.exec("logs", ["-f", "x"], {
    stream: {
      splitOutputLines: true,
      onOutput: (data) => seen.push(data),
      onError: (error) => seen.push(["error", error]),
      onClose: (code) => seen.push(["closed", code]),
    },
  })
  expect(process).not.toBeInstanceOf(Promise)
  const [stream] = streams
  expect(stream!.asked).toMatchObject({ whose: "docker", stream: { splitLines: true } })
  stream!.to.called(output("stdout", text("one")))
  stream!.to.called(output("stderr", text("two")))
  stream!.to.called(output("stdout", text("")))
  stream!.to.called({ kind: "end", end: { kind: "close", code: number(3) } })
  expect(seen).toEqual([{ stdout: "one" }, { stderr: "two" }, { stdout: "" }, ["closed", 3]])
  process.close()
  process.close()
  expect(stream!.closed).toBe(1)
})

test("a stream without callbacks, or with some, is called back as far as there are any", () => {
  const { client, streams, thrown } = make()
  client.docker.cli.exec("ps", [], { stream: {} })
  client.docker.cli.exec("ps", [], { stream: { onClose: () => {} } })
  for (const { to } of streams) {
    to.called(output("stdout", text("x")))
    to.called({ kind: "end", end: { kind: "error", error: text("SIGTERM") } })
    to.called({ kind: "end", end: { kind: "silent" } })
  }
  expect(streams.map(({ asked }) => asked.kind === "exec" && asked.stream)).toEqual([
    { splitLines: false },
    { splitLines: false },
  ])
  expect(thrown).toEqual([])
})

test("what a callback throws is uncaught, and the others are called all the same", () => {
  const { client, streams, thrown } = make()
  const closed = vi.fn()
  const bad = new Error("in a callback")
  client.docker.cli.exec("ps", [], {
    stream: {
      onOutput: () => {
        throw bad
      },
      onClose: closed,
    },
  })
  streams[0]!.to.called(output("stdout", text("x")))
  streams[0]!.to.called({ kind: "end", end: { kind: "close", code: { kind: "null" } } })
  expect(thrown).toEqual([bad])
  expect(closed).toHaveBeenCalledWith(null)
})

test("what a callback throws is reported to the window that it is in, which takes it from nothing else", () => {
  const reported: unknown[] = []
  // As in a web view: without its window the function refuses.
  vi.stubGlobal("reportError", function (this: unknown, error: unknown) {
    if (this !== globalThis) throw new TypeError("Can only call Window.reportError on instances of Window")
    reported.push(error)
  })
  const { transport, streams } = asks()
  const client = createDdClient(transport, facts("docker-desktop"))
  const closed = vi.fn()
  const bad = new Error("in a callback")
  const fails = () => {
    throw bad
  }
  client.docker.cli.exec("ps", [], { stream: { onOutput: fails, onClose: closed, onError: fails } })
  const spawned = vi.fn(fails)
  client.spawnHostCmd!("ps", [], spawned)
  for (const { to } of streams) {
    to.called(output("stdout", text("x")))
    to.failed(bad)
    to.called({ kind: "end", end: { kind: "close", code: { kind: "null" } } })
  }
  expect(closed).toHaveBeenCalledTimes(1)
  expect(spawned).toHaveBeenCalledTimes(3)
  expect(reported).toEqual([bad, bad, bad, bad, bad])
})

test("a stream that never began is an onError, and uncaught where nobody listens", () => {
  const { client, streams, thrown } = make()
  const onError = vi.fn()
  client.docker.cli.exec("ps", [], { stream: { onError } })
  client.docker.cli.exec("ps", [], { stream: {} })
  const refused = new Error("no")
  for (const { to } of streams) to.failed(refused)
  expect(onError).toHaveBeenCalledWith(refused)
  expect(thrown).toEqual([refused])
})

test("after close() Rancher Desktop calls nothing back; Docker Desktop does", () => {
  for (const [runtime, times] of [
    ["rancher-desktop", 0],
    ["docker-desktop", 1],
  ] as const) {
    const { client, streams } = make(runtime)
    const onClose = vi.fn()
    const process = client.extension.host!.cli.exec("sleep", ["9"], { stream: { onClose } })
    process.close()
    streams[0]!.to.called({ kind: "end", end: { kind: "close", code: { kind: "null" } } })
    expect(onClose).toHaveBeenCalledTimes(times)
    expect(streams[0]!.closed).toBe(1)
  }
})

test("on Podman Desktop close() stops nothing, and says so", () => {
  const { client, streams, told } = make("podman-desktop")
  client.extension.host!.cli.exec("sleep", ["9"], { stream: {} }).close()
  expect(streams[0]!.closed).toBe(0)
  expect(told).toMatchObject([{ kind: "warning" }])
})

test("Rancher Desktop throws for arguments of the wrong type; the others reject", async () => {
  const wrong: unknown[][] = [
    [1, []],
    ["ls", undefined],
    ["ls", "-l"],
  ]
  for (const args of wrong) {
    const exec = (runtime: Runtime) => make(runtime).client.docker.cli.exec as (...args: unknown[]) => unknown
    expect(() => exec("rancher-desktop")(...args)).toThrow(TypeError)
    await expect(exec("docker-desktop")(...args)).rejects.toThrow(TypeError)
    await expect(exec("podman-desktop")(...args)).rejects.toThrow(TypeError)
  }
  const strict = make("rancher-desktop").client.docker.cli.exec as (...args: unknown[]) => unknown
  expect(() => strict("ls", [1])).toThrow('"args[0]"')
  expect(() => strict("ls", [], { cwd: 1 })).toThrow('"options.cwd"')
  expect(() => strict("ls", [], { env: { A: 1 } })).toThrow('"options.env.A"')
  expect(() => strict("ls", [], { env: "A=1" })).toThrow('"options.env"')
})

test("wrong arguments of a stream come as onError where they do not throw", async () => {
  const { client, streams } = make()
  const onError = vi.fn()
  const process = client.docker.cli.exec(7 as never, [], { stream: { onError } })
  process.close()
  await vi.waitFor(() => expect(onError).toHaveBeenCalledWith(expect.any(TypeError)))
  expect(streams).toEqual([])
})

test("arguments that are no text become text where they are not refused", async () => {
  const { client, calls } = make()
  await client.docker.cli.exec("x", [1, true, null] as never)
  expect(calls[0]!.asked).toMatchObject({ args: ["1", "true", "null"] })
})

test("a stream that is undefined is a stream on Rancher Desktop, and none elsewhere", () => {
  for (const [runtime, streamed] of [
    ["rancher-desktop", 1],
    ["podman-desktop", 0],
    ["docker-desktop", 0],
  ] as const) {
    const { client, streams, calls } = make(runtime)
    client.docker.cli.exec("x", [], { stream: undefined as never })
    expect([streams.length, calls.length]).toEqual([streamed, 1 - streamed])
  }
})

test("the deprecated exec functions pass their line as it is", async () => {
  const { client, calls } = make()
  await client.execHostCmd("kubectl -h")
  await client.backend!.execInVMExtension("ls -l /")
  await client.backend!.execInContainer("other", "ls")
  await client.execDockerCmd("info")
  await client.execDockerCmd("info", "--format", "{{ json . }}")
  const line = { kind: "exec", args: [], line: true, env: [] }
  expect(calls.map((call) => call.asked)).toEqual([
    { ...line, whose: "host", cmd: "kubectl -h" },
    { ...line, whose: "vm", cmd: "ls -l /" },
    { ...line, whose: "vm", cmd: "ls", container: "other" },
    { ...line, whose: "docker", cmd: "info" },
    { ...line, whose: "docker", cmd: "info", args: ["--format", "{{ json . }}"], line: false },
  ])
})

test("a deprecated line that is none rejects", async () => {
  const { client, calls } = make()
  await expect(client.execHostCmd(undefined as never)).rejects.toThrow("takes a command line")
  expect(calls).toEqual([])
})

test("a deprecated spawn tells everything to one callback, the exit code last", () => {
  const { client, streams } = make()
  const seen: unknown[] = []
  const callback = (data: unknown, error: unknown) => seen.push([data, error])
  expect(client.spawnHostCmd("kubectl", ["get", "pods"], callback)).toBeUndefined()
  client.spawnDockerCmd("logs", ["-f", "x"], callback)
  client.backend!.spawnInVMExtension("tail", ["-f", "/log"], callback)
  expect(streams.map(({ asked }) => asked)).toMatchObject([
    { whose: "host", cmd: "kubectl", args: ["get", "pods"], stream: { splitLines: false }, line: false },
    { whose: "docker", cmd: "logs" },
    { whose: "vm", cmd: "tail" },
  ])
  const { to } = streams[0]!
  to.called(output("stdout", text("out")))
  to.called(output("stderr", text("")))
  to.called({ kind: "end", end: { kind: "close", code: number(0) } })
  to.called({ kind: "end", end: { kind: "error", error: text("SIGTERM") } })
  to.failed("refused")
  expect(seen).toEqual([
    [{ stdout: "out" }, undefined],
    [{ stderr: "" }, undefined],
    [{ code: 0 }, undefined],
    [{}, "SIGTERM"],
    [{}, "refused"],
  ])
})

test("a deprecated callback that throws, or is none, ends nothing", () => {
  const { client, streams, thrown } = make()
  client.spawnHostCmd("x", [], () => {
    throw new Error("no")
  })
  client.spawnHostCmd("x", undefined as never, undefined as never)
  for (const { to } of streams) {
    to.called(output("stdout", text("a")))
    to.called(output("stdout", text("b")))
  }
  expect(thrown).toHaveLength(2)
})

test("spawnInVMExtension is at both places, and warns at the one that is not its own", () => {
  const { client, streams, told } = make()
  client.backend!.spawnInVMExtension("x", [], () => {})
  expect(told).toEqual([])
  client.spawnInVMExtension("x", [], () => {})
  expect(streams[1]!.asked).toEqual(streams[0]!.asked)
  expect(told).toMatchObject([{ kind: "warning", text: expect.stringContaining("ddClient.backend.") }])
})

test("lists are asked for at both places, with their options as JSON", async () => {
  const { client, calls } = make("docker-desktop", async () => [{ Id: "1" }])
  expect(await client.docker.listContainers({ all: true, filters: '{"status":["exited"]}' })).toEqual([
    { Id: "1" },
  ])
  await client.docker.listImages()
  await client.listContainers({ all: true } as never)
  await client.listImages(undefined as never)
  expect(calls.map((call) => call.asked)).toEqual([
    { kind: "list", what: "containers", options: '{"all":true,"filters":"{\\"status\\":[\\"exited\\"]}"}' },
    { kind: "list", what: "images" },
    { kind: "list", what: "containers", options: '{"all":true}' },
    { kind: "list", what: "images" },
  ])
})

test("toasts and navigation are told, from both generations", async () => {
  const { client, told } = make()
  client.desktopUI.toast.success("a")
  client.toastWarning("b")
  client.toastError("c")
  await client.desktopUI.navigate.viewImage("sha256:1", "latest")
  client.navigateToVolumes()
  await client.navigateToContainerLogs("id")
  expect(told).toEqual([
    { kind: "desktop", what: "toast", level: "success", text: "a" },
    { kind: "desktop", what: "toast", level: "warning", text: "b" },
    { kind: "desktop", what: "toast", level: "error", text: "c" },
    { kind: "desktop", what: "navigate", text: "Image sha256:1 latest" },
    { kind: "desktop", what: "navigate", text: "Volumes" },
    { kind: "desktop", what: "navigate", text: "Container › Logs id" },
  ])
})

test("every deprecated navigation is there", async () => {
  const { client, told } = make()
  const names = Object.keys(client).filter((name) => name.startsWith("navigateTo"))
  const calls = client as unknown as Record<string, (...args: string[]) => unknown>
  for (const name of names) await calls[name]!("x", "y")
  expect(names).toHaveLength(9)
  expect(told).toHaveLength(9)
})

test("only addresses of the web are opened", () => {
  const { client, told } = make()
  client.host.openExternal("HTTPS://docs.example/")
  client.openExternal("http://localhost:80/")
  for (const url of [
    "javascript:alert(1)",
    "file:///etc/passwd",
    " https://x",
    "",
    undefined as never,
    "httpss://x",
  ])
    client.host.openExternal(url)
  expect(told.map((one) => one.kind)).toEqual([
    "desktop",
    "desktop",
    ...Array.from({ length: 6 }, () => "warning"),
  ])
})

test("the dialog resolves with what was chosen", async () => {
  const { client, dialogs } = make()
  expect(await client.desktopUI.dialog.showOpenDialog({ properties: ["openFile"] })).toEqual({
    canceled: false,
    filePaths: ["/a"],
  })
  expect(dialogs).toEqual([{ properties: ["openFile"] }])
})

test("the host is this machine, and the image the extension's", () => {
  const { client } = make()
  expect(client.host).toMatchObject({ platform: "darwin", arch: "arm64", hostname: "harbour" })
  expect(client.extension.image).toBe("acme/volumes:1")
})

test("the deprecated API is absent on Rancher Desktop and Podman Desktop", () => {
  expect(Object.keys(make("rancher-desktop").client).sort()).toEqual([
    "desktopUI",
    "docker",
    "extension",
    "host",
  ])
  expect(Object.keys(make("podman-desktop").client).sort()).toEqual([
    "desktopUI",
    "docker",
    "extension",
    "host",
    "toastError",
  ])
  expect(() => make("rancher-desktop").client.backend!.get("/")).toThrow(TypeError)
})

test("navigation throws on Rancher Desktop, and does nothing on Podman Desktop but say so", async () => {
  const rancher = make("rancher-desktop").client.desktopUI.navigate
  expect(() => rancher.viewContainers()).toThrow("viewContainers is not a function")
  const { client, told } = make("podman-desktop")
  await expect(client.desktopUI.navigate.viewVolume("x")).resolves.toBeUndefined()
  expect(told).toMatchObject([{ kind: "warning", text: expect.stringContaining("Podman Desktop") }])
})

const printed = (...entries: unknown[]) => ({
  parseJsonLines: () => entries,
  lines: () => entries.map(String),
})

test("Rancher Desktop puts its lists together from what docker prints, in shapes of its own", async () => {
  const answers: Record<string, unknown> = {
    container: printed({
      ID: "abc",
      Names: "web",
      Image: "nginx",
      CreatedAt: "2026-01-02 03:04:05 +0000 UTC",
    }),
    image: printed({ ID: "sha256:1", Containers: "N/A" }),
    volume: printed({ Name: "data", Driver: "local", CreatedAt: "2026-01-02T03:04:05Z" }),
    namespace: printed("default ", ""),
  }
  const inspected = {
    Id: "abcdef",
    Image: "sha256:1",
    Config: { Labels: { a: "b" } },
    State: { Status: "running", StartedAt: "2026-01-02T03:04:06Z" },
    NetworkSettings: { Ports: { "80/tcp": null } },
  }
  const image = { Id: "sha256:1", RepoTags: ["a:1"], Created: "2026-01-02T03:04:05Z", Size: 7 }
  let images = false
  const { client, calls } = make("rancher-desktop", async (asked) => {
    const { cmd } = asked as { cmd: string }
    images = cmd === "image" || (images && cmd === "inspect")
    return cmd === "inspect" ? printed(images ? [image] : inspected) : answers[cmd]
  })
  const docker = client.docker as unknown as Record<string, (options?: unknown) => Promise<unknown[]>>
  const args = () =>
    calls.map(({ asked }) => asked as { cmd: string; args: string[] }).map((one) => [one.cmd, ...one.args])

  expect(await docker.listContainers!({ all: true, filters: { status: ["exited"] } })).toEqual([
    expect.objectContaining({
      Id: "abcdef",
      ImageID: "sha256:1",
      Names: ["/web"],
      State: "running",
      Ports: { "80/tcp": null },
      Labels: { a: "b" },
      Created: 1767323045000,
      Started: 1767323046000,
      SizeRw: -1,
    }),
  ])
  expect(args()).toEqual([
    ["container", "ls", "--format={{json .}}", "--no-trunc", "--all=true", "--filter=[object Object]"],
    ["inspect", "--format={{json .}}", "abc"],
  ])
  expect(await docker.listImages!()).toEqual([
    {
      Id: "sha256:1",
      ParentId: "",
      RepoTags: ["a:1"],
      Created: 1767323045000,
      Size: 7,
      SharedSize: -1,
      VirtualSize: 7,
      Labels: {},
      Containers: -1,
    },
  ])
  expect(await docker.rdListVolumes!()).toMatchObject([{ Name: "data", Created: 1767323045000, Labels: {} }])
  expect(await docker.listNamespaces!()).toEqual(["default"])
  answers.container = printed()
  expect(await docker.listContainers!({ limit: 3, namespace: "k8s.io" })).toEqual([])
  expect(args().at(-1)!.slice(0, 2)).toEqual(["container", "--namespace=k8s.io"])
  expect(args().at(-1)).toContain("--last=3")
})

test("Rancher Desktop has functions and names that the others have not", () => {
  const { client, streams } = make("rancher-desktop")
  const events: unknown[] = []
  const docker = client.docker as unknown as {
    rdSubscribeToEvents(take: (event: unknown) => void, options?: unknown): { unsubscribe(): void }
  }
  const subscription = docker.rdSubscribeToEvents((event) => events.push(event), {
    filters: { type: ["container"] },
  })
  expect(streams[0]!.asked).toMatchObject({
    cmd: "system",
    args: ["events", "--format", "{{json .}}", "--filter", "type=container"],
  })
  streams[0]!.to.called(output("stdout", text('{"Type":"container"}')))
  expect(events).toEqual([{ Type: "container" }])
  subscription.unsubscribe()
  expect(client.extension).toMatchObject({ image: "acme/volumes:1", id: "acme/volumes", version: "1" })
  for (const other of ["docker-desktop", "podman-desktop"] as const) {
    expect(make(other).client.extension).not.toHaveProperty("id")
    expect(make(other).client.docker).not.toHaveProperty("rdListVolumes")
  }
})

test("what the target has not is absent, as the types say", () => {
  const { transport } = asks()
  const none = createDdClient(transport, facts("docker-desktop", { container: false, service: false }))
  expect([none.extension.vm, none.backend]).toEqual([undefined, undefined])
  const container = createDdClient(transport, facts("docker-desktop", { service: false }))
  expect(container.extension.vm?.cli).toBeDefined()
  expect(container.extension.vm?.service).toBeUndefined()
})

test("nothing of it can be changed by the code", () => {
  "use strict"
  const { client } = make()
  expect(() => Object.assign(client.docker.cli, { exec: 1 })).toThrow(TypeError)
  expect(() => Object.assign(client, { backend: 1 })).toThrow(TypeError)
})

test("a call is named as it would be written, and never at length", async () => {
  const { client, calls } = make()
  await client.docker.cli.exec(
    "x".repeat(10_000),
    Array.from({ length: 1000 }, () => "y".repeat(1000)),
  )
  expect(calls[0]!.named.text.length).toBeLessThanOrEqual(600)
  const sent: FromSdk = { kind: "call", id: 1, asked: calls[0]!.asked, ...calls[0]!.named }
  expect(sent.called).toBe("ddClient.docker.cli.exec")
})

import { expect, test } from "vitest"
import type { Runtime } from "../src/ipc/generated/Runtime"
import { make, text, output, printed } from "./sdk-set"

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

test("every deprecated navigation is there", async () => {
  const { client, told } = make()
  const names = Object.keys(client).filter((name) => name.startsWith("navigateTo"))
  const calls = client as unknown as Record<string, (...args: string[]) => unknown>
  for (const name of names) await calls[name]!("x", "y")
  expect(names).toHaveLength(9)
  expect(told).toHaveLength(9)
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

/** Rancher Desktop's `docker` over a docker program that prints this. */
function rancher() {
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
  return { docker, args, answers }
}

test("Rancher Desktop puts its list of containers together from what docker prints, in a shape of its own", async () => {
  const { docker, args } = rancher()
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
})

test("Rancher Desktop puts its other lists together from what docker prints, in shapes of their own", async () => {
  const { docker, args, answers } = rancher()
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

import { createDockerDesktopClient } from "@docker/extension-api-client"
import { expect, test, vi } from "vitest"
import { createDdClient } from "../src/sdk/client"
import type { FromSdk } from "../src/sdk/messages"
import { asks, facts, make, none } from "./sdk-set"

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

test("arguments that are no text become text where they are not refused", async () => {
  const { client, calls } = make()
  await client.docker.cli.exec("x", [1, true, null] as never)
  expect(calls[0]!.asked).toMatchObject({ args: ["1", "true", "null"] })
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

import { expect, test, vi } from "vitest"
import type { SdkCall } from "../src/ipc/generated/SdkCall"
import type { Sdk } from "../src/ipc/generated/Sdk"
import { consoleCodeOf, sourceOf } from "../src/model/detail/sdk-call"
import { createDdClient } from "../src/sdk/client"
import type { Named, Transport } from "../src/sdk/transport"

/** What code asks, as the window hears of it. */
async function asks(code: string): Promise<Sdk[]> {
  const heard: Sdk[] = []
  const hear = (asked: SdkCall, { called }: Named) =>
    void heard.push(JSON.parse(JSON.stringify({ asked, called, runtime: "docker-desktop" })) as Sdk)
  const transport: Transport = {
    guard: () => {},
    call: async (asked, named) => hear(asked, named),
    stream: (asked, named) => {
      hear(asked, named)
      return { close: () => {} }
    },
    ask: async () => ({ canceled: true, filePaths: [] }),
    tell: () => {},
  }
  const client = createDdClient(transport, {
    runtime: "docker-desktop",
    machine: { platform: "linux", arch: "x64", hostname: "harbour" },
    image: "acme",
    container: true,
    service: true,
  })
  const quiet = { log: () => {}, error: () => {} }
  const run = new Function("ddClient", "console", `return (async () => {\n${code}\n})()`)
  await (run(client, quiet) as Promise<unknown>)
  return heard
}

const CALLS = [
  'ddClient.extension.vm.service.get("/a?b=\\"c\\"")',
  'ddClient.extension.vm.service.post("/a", {"deep":[1,2.5,null,{}],"ü":"\u2028"})',
  'ddClient.extension.vm.service.put("/a", "text \\\\ with \\n lines")',
  'ddClient.extension.vm.service.patch("/a", 12345678901234567000)',
  'ddClient.extension.vm.service.post("/a", JSON.parse("{\\"__proto__\\":1}"))',
  'ddClient.extension.vm.service.delete("/a")',
  'ddClient.extension.vm.service.head("/a")',
  'ddClient.extension.vm.service.request({ method: "PUT", url: "/a", headers: { "X-A": "1", b: "2" }, data: {"c":3} })',
  'ddClient.extension.vm.service.request({ method: "GET", url: "/a" })',
  'ddClient.backend.get("/a")',
  'ddClient.extension.vm.cli.exec("/backup", ["--volume", "pg data", ""])',
  'ddClient.extension.host.cli.exec("kubectl", ["a b", "$HOME", "it\'s"], { cwd: "/w", env: { A: "b c", "not-a-name": "" } })',
  'ddClient.extension.host.cli.exec("seq", ["3"], { cwd: "/w", stream: { splitOutputLines: true } })',
  'ddClient.docker.cli.exec("ps", ["--format", "{{json .}}"], { stream: { splitOutputLines: false } })',
  "ddClient.docker.listContainers()",
  'ddClient.docker.listImages({"all":true,"filters":{"dangling":["true"]}})',
  'ddClient.execHostCmd("ls -l | wc")',
  'ddClient.execDockerCmd("ps", "-a")',
  'ddClient.execDockerCmd("ps -a")',
  'ddClient.backend.execInContainer("acme", "ls /")',
  'ddClient.backend.execInVMExtension("ls /")',
  'ddClient.spawnHostCmd("ls", ["a b"], () => {})',
  'ddClient.backend.spawnInVMExtension("ls", [], () => {})',
]

test.each(CALLS)("%s is shown as it was asked, and asks the same again", async (call) => {
  const [sdk, none] = await asks(call)
  expect(none).toBeUndefined()
  const written = call
    .replace("() => {}", "callback")
    .replace(/(splitOutputLines: \w+)/, "$1, onOutput, onError, onClose")
  expect(sourceOf(sdk!)).toBe(written)
  expect(await asks(consoleCodeOf(sdk!))).toEqual([sdk])
  // A Call that was kept before functions were recorded is shown by the current name at least.
  const { called: _, ...bare } = sdk!
  expect((await asks(consoleCodeOf(bare)))[0]!.asked).toMatchObject({ kind: sdk!.asked.kind })
})

test("the console's code shows what comes of the call", async () => {
  const log = vi.fn()
  const [sdk] = await asks('ddClient.extension.host.cli.exec("seq", ["1"], { stream: {} })')
  const exec = (
    _cmd: string,
    _args: string[],
    { stream }: { stream: Record<string, (what: unknown) => void> },
  ) => {
    stream.onOutput!({ stdout: "1" })
    stream.onClose!(0)
  }
  const run = new Function("ddClient", "console", consoleCodeOf(sdk!))
  run({ extension: { host: { cli: { exec } } } }, { log })
  expect(log.mock.calls).toEqual([[{ stdout: "1" }], ["closed", 0]])
})

/**
 * What the console can be tried with: each member of the API once at least, as good code would use
 * it. They run against the demo backend, this machine, the target's container and the engine.
 */
import { deprecatedExamples } from "./examples-deprecated"
import type { Example } from "./example"

const current: readonly Example[] = [
  {
    group: "Service",
    name: "get, as in an extension",
    code: `// An extension needs this import; here \`ddClient\` is available without it.
import { createDockerDesktopClient } from "@docker/extension-api-client"

const client = createDockerDesktopClient()
const hello = await client.extension.vm.service.get("/hello")
console.log(hello)
`,
  },
  {
    group: "Service",
    name: "post, put, patch, delete",
    code: `const service = ddClient.extension.vm.service
const volume = { name: "pg data", labels: ["a", "b"] }

// An object is sent as JSON.
console.log("post", await ddClient.extension.vm.service.post("/echo", volume))
console.log("put", await ddClient.extension.vm.service.put("/echo", volume))
console.log("patch", await ddClient.extension.vm.service.patch("/echo", { name: "other" }))
console.log("delete", await service.delete("/echo"))
`,
  },
  {
    group: "Service",
    name: "request with headers",
    code: `// The only function that can send headers.
const echoed = await ddClient.extension.vm.service.request({
  url: "/echo",
  method: "POST",
  headers: { "X-Request-From": "the console" },
  data: { size: 42 },
})
console.log(echoed)
`,
  },
  {
    group: "Service",
    name: "head: check that a path exists",
    code: `// HEAD has no body: check only whether the promise resolves or rejects.
for (const path of ["/hello", "/nowhere"]) {
  try {
    await ddClient.extension.vm.service.head(path)
    console.log(path, "exists")
  } catch (error) {
    console.warn(path, "not found:", error.statusCode)
  }
}
`,
  },
  {
    group: "Service",
    name: "the error of a failed request",
    code: `try {
  await ddClient.extension.vm.service.get("/status/404")
} catch (error) {
  // { name, message, statusCode } on Docker Desktop; try the other runtimes too.
  console.error(error)
}
`,
  },
  {
    group: "Service",
    name: "several at once",
    code: `const paths = ["/hello", "/numbers", "/slow?ms=500", "/html-error"]
const answers = await Promise.allSettled(paths.map((path) => ddClient.extension.vm.service.get(path)))
answers.forEach((answer, at) => console.log(paths[at], answer))
`,
  },
  {
    group: "Container",
    name: "exec: a command's output",
    code: `// In the first container of the compose file.
const result = await ddClient.extension.vm.cli.exec("ls", ["-l", "/"])
for (const line of result.lines()) console.log(line)
`,
  },
  {
    group: "Container",
    name: "exec: cwd and env",
    code: `const result = await ddClient.extension.vm.cli.exec("env", [], {
  cwd: "/tmp",
  env: { LEVEL: "debug" },
})
console.log(result.stdout)
if (result.stderr !== "") console.warn(result.stderr)
`,
  },
  {
    group: "Container",
    name: "exec with stream: wait for its end",
    code: `// With \`stream\`, no shell is used: the script stays one argument.
const script = "for i in 1 2 3 4 5; do echo step $i; sleep 1; done; echo done >&2"

const exitCode = await new Promise((done, failed) => {
  ddClient.extension.vm.cli.exec("sh", ["-c", script], {
    stream: {
      splitOutputLines: true,
      onOutput(data) {
        if (data.stdout !== undefined) console.log(data.stdout)
        if (data.stderr !== undefined) console.error(data.stderr)
      },
      onError: failed,
      onClose: done,
    },
  })
})
console.log("exit code", exitCode)
`,
  },
  {
    group: "Container",
    name: "a failing command",
    code: `try {
  await ddClient.extension.vm.cli.exec("ls", ["/nowhere"])
} catch (failed) {
  // A plain exec that fails rejects; with what, depends on the runtime.
  console.error(failed.code, failed.stderr)
}
`,
  },
  {
    group: "Host",
    name: "exec on this machine",
    code: `// Porthole asks for your permission first.
const result = await ddClient.extension.host.cli.exec("hostname", [])
console.log(result.stdout.trim())
`,
  },
  {
    group: "Host",
    name: "close a stream",
    code: `const count = ddClient.host.platform === "win32" ? "-n" : "-c"

const running = ddClient.extension.host.cli.exec("ping", [count, "30", "127.0.0.1"], {
  stream: {
    splitOutputLines: true,
    onOutput: (data) => console.log(data.stdout ?? data.stderr),
    onError: (error) => console.error("not started:", error),
    onClose: (exitCode) => console.log("closed with", exitCode),
  },
})

setTimeout(() => running.close(), 4000)
`,
  },
  {
    group: "Host",
    name: "platform, architecture and host name",
    code: `const { platform, arch, hostname } = ddClient.host
console.log({ platform, arch, hostname }, "image:", ddClient.extension.image)
`,
  },
  {
    group: "Docker",
    name: "containers and images",
    code: `const containers = await ddClient.docker.listContainers({ all: true })
console.log("containers", containers)

const filters = JSON.stringify({ dangling: ["false"] })
console.log("images", await ddClient.docker.listImages({ filters }))
`,
  },
  {
    group: "Docker",
    name: "exec: docker's output as JSON",
    code: `const version = await ddClient.docker.cli.exec("version", ["--format", "json"])
console.log(version.parseJsonObject())

// One JSON value per line.
const volumes = await ddClient.docker.cli.exec("volume", ["ls", "--format", "json"])
for (const volume of volumes.parseJsonLines()) console.log(volume.Name, volume.Driver)
`,
  },
  {
    group: "Docker",
    name: "events, for ten seconds",
    code: `const events = ddClient.docker.cli.exec("events", ["--format", "json"], {
  stream: {
    splitOutputLines: true,
    onOutput(data) {
      if (data.stdout !== undefined) console.log(JSON.parse(data.stdout))
      else console.error(data.stderr)
    },
    onError: (error) => console.error(error),
    onClose: (exitCode) => console.log("ended with", exitCode),
  },
})
setTimeout(() => events.close(), 10_000)
`,
  },
  {
    group: "Desktop",
    name: "toasts",
    code: `ddClient.desktopUI.toast.success("The volume was cloned.")
ddClient.desktopUI.toast.warning("The volume is nearly full.")
ddClient.desktopUI.toast.error("The volume could not be cloned.")
`,
  },
  {
    group: "Desktop",
    name: "choose a path in a dialog",
    code: `const chosen = await ddClient.desktopUI.dialog.showOpenDialog({
  title: "Where to save the volume",
  properties: ["openDirectory"],
})
if (chosen.canceled) console.log("canceled")
else console.log(chosen.filePaths)
`,
  },
  {
    group: "Desktop",
    name: "to containers, images, volumes",
    code: `const navigate = ddClient.desktopUI.navigate
const id = "46b57e400d801762e9e115734bf902a2450d89669d85881058a46136520aca28"

await navigate.viewContainers()
await navigate.viewContainer(id)
await navigate.viewContainerLogs(id)
await navigate.viewContainerInspect(id)
await navigate.viewContainerTerminal(id)
await navigate.viewContainerStats(id)

await navigate.viewImages()
await navigate.viewImage(\`sha256:\${id}\`, "latest")
await navigate.viewVolumes()
await navigate.viewVolume("pg data")
`,
  },
  {
    group: "Desktop",
    name: "a link",
    code: `// http and https only.
ddClient.host.openExternal("https://docs.docker.com/extensions/")
`,
  },
]

export const examples: readonly Example[] = [...current, ...deprecatedExamples]

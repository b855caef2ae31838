/** The deprecated API, for code that still uses it. Docker Desktop has it, the other runtimes do not. */
import type { Example } from "./example"

const example = (name: string, code: string): Example => ({ group: "Deprecated", name, code })

export const deprecatedExamples: readonly Example[] = [
  example(
    "backend: requests",
    `const backend = window.ddClient.backend

console.log(await backend.get("/hello"))
console.log(await backend.post("/echo", { name: "pg data" }))
console.log(await backend.put("/echo", { name: "pg data" }))
console.log(await backend.patch("/echo", { name: "other" }))
console.log(await backend.delete("/echo"))
await backend.head("/hello")
console.log(await backend.request({ url: "/echo", method: "POST", headers: { "X-From": "me" }, data: {} }))
`,
  ),
  example(
    "backend: commands",
    `// One string: how it is split is not documented.
const listed = await window.ddClient.backend.execInVMExtension("ls -l /")
console.log(listed.stdout)

window.ddClient.backend.spawnInVMExtension("ls", ["-l", "/"], (data, error) => {
  if (error) return console.error(error)
  if (data.stdout !== undefined) console.log(data.stdout)
  if (data.stderr !== undefined) console.error(data.stderr)
  // In the last call only; 0 after a success.
  if (data.code !== undefined) console.log("exit code", data.code)
})
`,
  ),
  example(
    "a command in another container",
    `const [container] = (await window.ddClient.listContainers()) as { Id: string }[]
const inside = await window.ddClient.backend.execInContainer(container.Id, "uname -a")
console.log(inside.stdout)
`,
  ),
  example(
    "commands on this machine",
    `const here = await window.ddClient.execHostCmd("hostname")
console.log(here.stdout)

window.ddClient.spawnHostCmd("hostname", [], (data, error) => {
  if (error) return console.error(error)
  if (data.stdout !== undefined) console.log(data.stdout)
  if (data.code !== undefined) console.log("exit code", data.code)
})
`,
  ),
  example(
    "docker",
    `const info = await window.ddClient.execDockerCmd("info", "--format", "json")
console.log(info.parseJsonObject())

window.ddClient.spawnDockerCmd("ps", ["--all"], (data, error) => {
  if (error) return console.error(error)
  if (data.stdout !== undefined) console.log(data.stdout)
  if (data.code !== undefined) console.log("exit code", data.code)
})

console.log(await window.ddClient.listImages({ all: true }))
`,
  ),
  example(
    "toasts and a link",
    `window.ddClient.toastSuccess("The volume was cloned.")
window.ddClient.toastWarning("The volume is nearly full.")
window.ddClient.toastError("The volume could not be cloned.")
window.ddClient.openExternal("https://docs.docker.com/extensions/")
`,
  ),
  example(
    "to containers, images, volumes",
    `const id = "46b57e400d801762e9e115734bf902a2450d89669d85881058a46136520aca28"

window.ddClient.navigateToContainers()
await window.ddClient.navigateToContainer(id)
await window.ddClient.navigateToContainerLogs(id)
await window.ddClient.navigateToContainerInspect(id)
await window.ddClient.navigateToContainerStats(id)
window.ddClient.navigateToImages()
await window.ddClient.navigateToImage(\`sha256:\${id}\`, "latest")
window.ddClient.navigateToVolumes()
window.ddClient.navigateToVolume("pg data")
`,
  ),
]

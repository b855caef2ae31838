/** What code asked of `ddClient`, as that code: every argument as it was passed. */
import type { SdkExec } from "../../ipc/generated/SdkExec"
import type { SdkRequest } from "../../ipc/generated/SdkRequest"
import type { Data } from "../../ipc/generated/Data"
import type { Sdk } from "../../ipc/generated/Sdk"

/** More than this is no code that somebody would read or edit. */
export const LONGEST_SOURCE = 200_000

/** The call; `stream` is what represents the callbacks of a streaming one, which are code themselves. */
export function sourceOf({ asked, called }: Sdk, stream = ["onOutput", "onError", "onClose"]): string {
  switch (asked.kind) {
    case "request":
      return `${called ?? requestAt(asked)}(${requestArgs(asked).join(", ")})`
    case "list": {
      const at = asked.what === "containers" ? "listContainers" : "listImages"
      return `${called ?? `ddClient.docker.${at}`}(${literal(asked.options ?? "")})`
    }
    case "exec": {
      const at = called ?? execAt(asked)
      return `${at}(${execArgs(asked, at.slice(at.lastIndexOf(".") + 1), stream).join(", ")})`
    }
  }
}

/** The call as code for the console, which shows what comes of it. */
export function consoleCodeOf(sdk: Sdk): string {
  const { asked } = sdk
  if (asked.kind !== "exec" || asked.stream === undefined) return `console.log(await ${sourceOf(sdk)})\n`
  const shown = [
    "onOutput: (data) => console.log(data)",
    "onError: (error) => console.error(error)",
    'onClose: (code) => console.log("closed", code)',
  ]
  const spawns = isSpawn(sdk.called)
  return `${sourceOf(sdk, spawns ? ["(data, error) => console.log(data, error)"] : shown)}\n`
}

const text = (value: string): string => JSON.stringify(value)
const list = (values: readonly string[]): string => `[${values.map(text).join(", ")}]`
const object = (fields: readonly string[]): string =>
  fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
const isSpawn = (called: string | undefined): boolean => /\.spawn\w+$/.test(called ?? "")

/** A name that a literal may have without quotes. */
const name = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : text(name))
const pairs = (pairs: readonly { name: string; value: string }[]): string =>
  object(
    pairs.map(
      (pair) => `${pair.name === "__proto__" ? '["__proto__"]' : name(pair.name)}: ${text(pair.value)}`,
    ),
  )

/** What has no JSON is shown as the text that it becomes. */
function dataOf({ isText, json, text: as }: Data): string {
  if (isText || json === undefined) return text(as)
  return literal(json)
}

/** JSON is a literal of the language too, but for this name, which is no property there. */
const literal = (json: string): string => (json.includes('"__proto__"') ? `JSON.parse(${text(json)})` : json)

const requestAt = ({ method, named }: SdkRequest): string =>
  `ddClient.extension.vm.service.${named ? method.toLowerCase() : "request"}`

function requestArgs({ method, url, headers, named, data }: SdkRequest): string[] {
  const sent = data === undefined ? [] : [dataOf(data)]
  if (named) return [text(url), ...sent]
  const fields = [`method: ${text(method)}`, `url: ${text(url)}`]
  if (headers.length > 0) fields.push(`headers: ${pairs(headers)}`)
  return [object([...fields, ...sent.map((sent) => `data: ${sent}`)])]
}

function execAt({ whose, line, stream, container }: SdkExec): string {
  if (!line)
    return {
      vm: "ddClient.extension.vm.cli.exec",
      host: "ddClient.extension.host.cli.exec",
      docker: "ddClient.docker.cli.exec",
    }[whose]
  if (container !== undefined) return "ddClient.backend.execInContainer"
  const kind = stream === undefined ? "exec" : "spawn"
  return {
    vm: `ddClient.backend.${kind}InVMExtension`,
    host: `ddClient.${kind}HostCmd`,
    docker: `ddClient.${kind}DockerCmd`,
  }[whose]
}

/** Each deprecated function takes them in its own way. */
function execArgs(asked: SdkExec, method: string, callbacks: readonly string[]): string[] {
  const { cmd, args, container } = asked
  if (method === "execInContainer") return [text(container ?? ""), text(cmd)]
  if (method === "execDockerCmd") return [cmd, ...args].map(text)
  if (method.startsWith("spawn"))
    return [text(cmd), list(args), callbacks.length === 1 ? callbacks[0]! : "callback"]
  if (method !== "exec") return [text(cmd)]
  const options = optionsOf(asked, callbacks)
  return [text(cmd), list(args), ...(options.length === 0 ? [] : [object(options)])]
}

function optionsOf({ cwd, env, stream }: SdkExec, callbacks: readonly string[]): string[] {
  const options = cwd === undefined ? [] : [`cwd: ${text(cwd)}`]
  if (env.length > 0) options.push(`env: ${pairs(env)}`)
  if (stream) {
    const fields = [`splitOutputLines: ${stream.splitLines}`, ...callbacks]
    // Callbacks that are written out are on lines of their own.
    const own = callbacks.some((callback) => callback.includes("=>"))
    options.push(`stream: ${own ? `{\n  ${fields.join(",\n  ")},\n}` : object(fields)}`)
  }
  return options
}

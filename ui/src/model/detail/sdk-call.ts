/** What code asked of `ddClient`, as that code: every argument as it was passed. */
import { FUNCTIONS } from "../../ipc/generated/functions"
import type { SdkCall } from "../../ipc/generated/SdkCall"
import type { SdkExec } from "../../ipc/generated/SdkExec"
import type { SdkFunction } from "../../ipc/generated/SdkFunction"
import type { SdkRequest } from "../../ipc/generated/SdkRequest"
import type { Data } from "../../ipc/generated/Data"
import type { Sdk } from "../../ipc/generated/Sdk"
import type { Signature } from "../../ipc/generated/Signature"

/** More than this is no code that somebody would read or edit. */
export const LONGEST_SOURCE = 200_000

/** The call; `stream` is what represents the callbacks of a streaming one, which are code themselves. */
export function sourceOf({ asked, called }: Sdk, stream = ["onOutput", "onError", "onClose"]): string {
  const at = called ?? `ddClient.${functionOf(asked)?.path}`
  switch (asked.kind) {
    case "request":
      return `${at}(${requestArgs(asked).join(", ")})`
    case "list":
      return `${at}(${literal(asked.options ?? "")})`
    case "exec":
      return `${at}(${execArgs(asked, signatureOf(asked, called), stream).join(", ")})`
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
  const spawns = signatureOf(asked, sdk.called)?.kind === "spawn"
  return `${sourceOf(sdk, spawns ? ["(data, error) => console.log(data, error)"] : shown)}\n`
}

const text = (value: string): string => JSON.stringify(value)
const list = (values: readonly string[]): string => `[${values.map(text).join(", ")}]`
const object = (fields: readonly string[]): string =>
  fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`

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

/** The function that makes such a call, where the call doesn't tell. */
const functionOf = (asked: SdkCall): SdkFunction | undefined =>
  FUNCTIONS.find(({ signature }) => makes(signature, asked))

function makes(signature: Signature, asked: SdkCall): boolean {
  if (asked.kind === "list") return signature.kind === "list" && signature.what === asked.what
  if (asked.kind === "request") {
    if (!asked.named) return signature.kind === "request"
    return signature.kind === "method" && signature.method === asked.method
  }
  const { whose, line, stream, container } = asked
  if (!line) return signature.kind === "exec" && signature.whose === whose
  if (stream !== undefined) return signature.kind === "spawn" && signature.whose === whose
  return (
    signature.kind === "line" &&
    signature.whose === whose &&
    signature.container === (whose === "vm" && container !== undefined)
  )
}

const signatureOf = (asked: SdkCall, called: string | undefined): Signature | undefined =>
  (FUNCTIONS.find(({ path }) => `ddClient.${path}` === called) ?? functionOf(asked))?.signature

function requestArgs({ method, url, headers, named, data }: SdkRequest): string[] {
  const sent = data === undefined ? [] : [dataOf(data)]
  if (named) return [text(url), ...sent]
  const fields = [`method: ${text(method)}`, `url: ${text(url)}`]
  if (headers.length > 0) fields.push(`headers: ${pairs(headers)}`)
  return [object([...fields, ...sent.map((sent) => `data: ${sent}`)])]
}

/** Each function takes them in its own way. */
function execArgs(asked: SdkExec, signature: Signature | undefined, callbacks: readonly string[]): string[] {
  const { cmd, args, container } = asked
  if (signature?.kind === "line") {
    const first = signature.container ? [container ?? ""] : []
    return [...first, cmd, ...(signature.rest ? args : [])].map(text)
  }
  if (signature?.kind === "spawn")
    return [text(cmd), list(args), callbacks.length === 1 ? callbacks[0]! : "callback"]
  const options = optionsOf(asked, callbacks)
  return [text(cmd), list(args), ...(options.length === 0 ? [] : [object(options)])]
}

function optionsOf({ cwd, env, stream }: SdkExec, callbacks: readonly string[]): string[] {
  const options = cwd === undefined ? [] : [`cwd: ${text(cwd)}`]
  if (env.length > 0) options.push(`env: ${pairs(env)}`)
  if (stream) {
    const fields = [`splitOutputLines: ${stream.splitLines}`, ...callbacks]
    // Callbacks that are written out are on separate lines.
    const own = callbacks.some((callback) => callback.includes("=>"))
    options.push(`stream: ${own ? `{\n  ${fields.join(",\n  ")},\n}` : object(fields)}`)
  }
  return options
}

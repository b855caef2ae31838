import type { v1 } from "@docker/extension-api-client-types"
import type { SdkRequest } from "../ipc/generated/SdkRequest"
import type { Data } from "../ipc/generated/Data"
import { named } from "./naming"
import type { Transport } from "./transport"

/** The methods of `extension.vm.service`, which are those of the deprecated `backend` too. */
export function serviceOf(at: string, transport: Transport): v1.HttpService {
  /** What is thrown on the way rejects: every one of these is an async function. */
  const send = async (method: string, args: unknown[], asked: () => SdkRequest): Promise<unknown> =>
    transport.call({ kind: "request", ...asked() }, named(`${at}.${method}`, args))

  const bare = (method: string) => (url: string) =>
    send(method, [url], () => ({ method: method.toUpperCase(), url: String(url), headers: [], named: true }))

  const carrying = (method: string) => (url: string, data: unknown) =>
    send(method, [url, data], () => ({
      method: method.toUpperCase(),
      url: String(url),
      headers: [],
      named: true,
      ...dataOf(data),
    }))

  return {
    get: bare("get"),
    post: carrying("post"),
    put: carrying("put"),
    patch: carrying("patch"),
    delete: bare("delete"),
    head: bare("head"),
    request: (config) =>
      send("request", [config], () => {
        // All four are required by type, and left out by many.
        const { url, method, headers, data } = (config ?? {}) as Partial<v1.RequestConfig>
        return {
          method: String(method ?? "GET"),
          url: String(url ?? ""),
          headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value: String(value) })),
          named: false,
          ...dataOf(data),
        }
      }),
  }
}

/** The forms of a value that a Runtime may send. Throws what `JSON.stringify` throws. */
function dataOf(value: unknown): { data?: Data } {
  if (value === undefined) return {}
  const json = JSON.stringify(value) as string | undefined
  const data: Data = { text: textOf(value), isText: typeof value === "string", falsy: !value }
  if (json !== undefined) data.json = json
  return { data }
}

function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return "[object Object]"
  }
}

import type { v1 } from "@docker/extension-api-client-types"
import type { Data } from "../ipc/generated/Data"
import type { Signature } from "../ipc/generated/Signature"
import type { SdkDeps } from "./exec"
import { named } from "./naming"

// What is thrown on the way rejects: every function here is async.

/** A method of `extension.vm.service` or the deprecated `backend` that is named as that of a request. */
export function methodOf(
  { method, data: sends }: Extract<Signature, { kind: "method" }>,
  called: string,
  { transport }: SdkDeps,
) {
  return async (url: string, data?: unknown): Promise<unknown> =>
    transport.call(
      {
        kind: "request",
        method,
        url: String(url),
        headers: [],
        named: true,
        ...(sends ? dataOf(data) : {}),
      },
      named(called, sends ? [url, data] : [url]),
    )
}

/** Their `request()`. */
export function requestOf(called: string, { transport }: SdkDeps) {
  return async (config: v1.RequestConfig): Promise<unknown> => {
    // All four are required by type, and left out by many.
    const { url, method, headers, data } = (config ?? {}) as Partial<v1.RequestConfig>
    return transport.call(
      {
        kind: "request",
        method: String(method ?? "GET"),
        url: String(url ?? ""),
        headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value: String(value) })),
        named: false,
        ...dataOf(data),
      },
      named(called, [config]),
    )
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

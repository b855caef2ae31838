import type { v1 } from "@docker/extension-api-client-types"
import type { EngineList } from "../ipc/generated/EngineList"
import { named } from "./naming"
import type { Transport } from "./transport"

/** `listContainers` and `listImages`, at both of their places. */
export function listsOf(at: string, transport: Transport): Pick<v1.Docker, "listContainers" | "listImages"> {
  const list = (what: EngineList, method: string) => async (options?: unknown) => {
    const json = options === undefined || options === null ? undefined : JSON.stringify(options)
    const asked = { kind: "list", what, ...(json === undefined ? {} : { options: json }) } as const
    return transport.call(asked, named(`${at}.${method}`, [options]))
  }
  return {
    listContainers: list("containers", "listContainers"),
    listImages: list("images", "listImages"),
  }
}

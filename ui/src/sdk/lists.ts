import type { EngineList } from "../ipc/generated/EngineList"
import type { SdkDeps } from "./exec"
import { named } from "./naming"

/** `listContainers` or `listImages`. */
export function listOf(what: EngineList, called: string, { transport }: SdkDeps) {
  return async (options?: unknown): Promise<unknown> => {
    const json = options === undefined || options === null ? undefined : JSON.stringify(options)
    const asked = { kind: "list", what, ...(json === undefined ? {} : { options: json }) } as const
    return transport.call(asked, named(called, [options]))
  }
}

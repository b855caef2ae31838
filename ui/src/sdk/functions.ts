/** The functions of `ddClient` that make a call, made from the table in `porthole-sdk`. */
import type { v0, v1 } from "@docker/extension-api-client-types"
import type { Runtime } from "../ipc/generated/Runtime"
import type { SdkFunction } from "../ipc/generated/SdkFunction"
import { FUNCTIONS, RUNTIMES } from "../ipc/generated/functions"
import { execOf, type SdkDeps } from "./exec"
import { lineOf, spawnOf } from "./lines"
import { listOf } from "./lists"
import { methodOf, requestOf } from "./service"

/** Each place in `ddClient` that has such functions; `""` is `ddClient` itself. `official.ts` compares the names. */
export interface Places {
  "extension.vm.service": v1.HttpService
  "extension.vm.cli": v1.ExtensionCli
  "extension.host.cli": v1.ExtensionCli
  "docker.cli": v1.DockerCommand
  docker: Pick<v1.Docker, "listContainers" | "listImages">
  backend: v0.Backend
  "": Pick<v0.DockerDesktopClient, DeprecatedCalls> & Pick<v0.Backend, "spawnInVMExtension">
}

type DeprecatedCalls = Extract<keyof v0.DockerDesktopClient, `${"exec" | "spawn" | "list"}${string}`>

/** The functions at one place, of those that the runtime has. */
export function functionsAt<P extends keyof Places>(place: P, deps: SdkDeps): Places[P] {
  const prefix = place === "" ? "" : `${place}.`
  const here = FUNCTIONS.filter(
    ({ path, deprecated }) =>
      path.slice(0, path.lastIndexOf(".") + 1) === prefix && (!deprecated || hasDeprecated(deps.runtime)),
  )
  const made = here.map((row) => [row.path.slice(prefix.length), functionOf(row, deps)] as const)
  return Object.fromEntries(made) as unknown as Places[P]
}

/** Whether the runtime has the deprecated functions. */
export const hasDeprecated = (runtime: Runtime): boolean => RUNTIMES[runtime].deprecatedFunctions

function functionOf({ path, signature }: SdkFunction, deps: SdkDeps): unknown {
  const called = `ddClient.${path}`
  switch (signature.kind) {
    case "method":
      return methodOf(signature, called, deps)
    case "request":
      return requestOf(called, deps)
    case "exec":
      return execOf(signature.whose, called, deps)
    case "line":
      return lineOf(signature, called, deps)
    case "spawn":
      return spawnOf(signature.whose, called, deps)
    case "list":
      return listOf(signature.what, called, deps)
  }
}

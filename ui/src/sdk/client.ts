import type { v0, v1 } from "@docker/extension-api-client-types"
import { currentApi } from "./current"
import { deprecatedApi } from "./deprecated"
import { Desktop } from "./desktop"
import { isPodman, type SdkFacts } from "./facts"
import { hasDeprecated } from "./functions"
import type { Transport } from "./transport"

/** What code finds as `window.ddClient`: not every runtime has the deprecated part. */
export type DdClient = v1.DockerDesktopClient &
  Partial<v0.DockerDesktopClient & Pick<v0.Backend, "spawnInVMExtension">>

/**
 * Makes it. `uncaught` takes what a callback of the code threw; by default it is reported as any
 * uncaught error.
 */
export function createDdClient(
  transport: Transport,
  facts: SdkFacts,
  // Called by itself, `reportError` refuses: it works on its window alone.
  uncaught: (error: unknown) => void = (error) => globalThis.reportError(error),
): DdClient {
  const desktop = new Desktop(transport)
  const deps = { transport, runtime: facts.runtime, uncaught }
  const client: DdClient = currentApi(facts, desktop, deps)
  if (hasDeprecated(facts.runtime)) Object.assign(client, deprecatedApi(facts, desktop, deps))
  // Its preload script puts this one there too.
  else if (isPodman(facts.runtime)) client.toastError = (error) => desktop.toast("error", error)
  return guarded(client, () => transport.guard())
}

type AnyFunction = (...args: unknown[]) => unknown

/**
 * Guards every function, and freezes: each of them hands it over from another context (`exposeInMainWorld`), where
 * nothing can be changed.
 */
function guarded<T extends object>(object: T, guard: () => void): T {
  for (const [name, part] of Object.entries(object) as [keyof T, unknown][]) {
    if (typeof part === "object" && part !== null) guarded(part, guard)
    if (typeof part !== "function") continue
    const call = part as AnyFunction
    const checked: AnyFunction = (...args) => {
      guard()
      return call(...args)
    }
    object[name] = checked as T[keyof T]
  }
  return Object.freeze(object)
}

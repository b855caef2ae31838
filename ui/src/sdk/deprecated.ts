import type { v0 } from "@docker/extension-api-client-types"
import type { Desktop } from "./desktop"
import type { SdkDeps } from "./exec"
import type { SdkFacts } from "./facts"
import { functionsAt, type Places } from "./functions"

/** The deprecated API. */
export function deprecatedApi(
  facts: SdkFacts,
  desktop: Desktop,
  deps: SdkDeps,
): v0.DockerDesktopClient & Places[""] {
  const calls = functionsAt("", deps)
  return {
    backend: facts.container || facts.service ? functionsAt("backend", deps) : undefined,
    ...calls,
    spawnInVMExtension: (cmd, args, callback) => {
      desktop.warn(
        "The example in the SDK reference calls ddClient.spawnInVMExtension; the published types have ddClient.backend.spawnInVMExtension.",
      )
      calls.spawnInVMExtension(cmd, args, callback)
    },
    toastSuccess: (message) => desktop.toast("success", message),
    toastWarning: (message) => desktop.toast("warning", message),
    toastError: (message) => desktop.toast("error", message),
    openExternal: (url) => desktop.openExternal(url),
    navigateToContainers: () => desktop.navigate("viewContainers", []),
    navigateToContainer: async (id) => desktop.navigate("viewContainer", [id]),
    navigateToContainerLogs: async (id) => desktop.navigate("viewContainerLogs", [id]),
    navigateToContainerInspect: async (id) => desktop.navigate("viewContainerInspect", [id]),
    navigateToContainerStats: async (id) => desktop.navigate("viewContainerStats", [id]),
    navigateToImages: () => desktop.navigate("viewImages", []),
    navigateToImage: async (id, tag) => desktop.navigate("viewImage", [id, tag]),
    navigateToVolumes: () => desktop.navigate("viewVolumes", []),
    navigateToVolume: (volume) => desktop.navigate("viewVolume", [volume]),
  }
}

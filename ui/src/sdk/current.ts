import type { v1 } from "@docker/extension-api-client-types"
import { dialogOf, navigateOf, toastOf, type Desktop } from "./desktop"
import type { SdkDeps } from "./exec"
import type { SdkFacts } from "./facts"
import { functionsAt } from "./functions"
import { rancherDocker } from "./rancher-docker"

/** The current API. */
export function currentApi(facts: SdkFacts, desktop: Desktop, deps: SdkDeps): v1.DockerDesktopClient {
  const { transport } = deps
  const { platform, arch, hostname } = facts.machine
  const vm: v1.ExtensionVM = {
    cli: functionsAt("extension.vm.cli", deps),
    ...(facts.service ? { service: functionsAt("extension.vm.service", deps) } : {}),
  }
  const isRancher = facts.runtime === "rancher-desktop"
  const cli = functionsAt("docker.cli", deps)
  const lists = isRancher ? rancherDocker(cli.exec) : functionsAt("docker", deps)
  return {
    extension: {
      image: facts.image,
      // Since Rancher Desktop 1.22.
      ...(isRancher ? idOf(facts.image) : {}),
      ...(facts.container || facts.service ? { vm } : {}),
      host: { cli: functionsAt("extension.host.cli", deps) },
    },
    desktopUI: {
      toast: toastOf(desktop),
      dialog: dialogOf(transport),
      navigate: navigateOf(desktop, facts.runtime),
    },
    host: { openExternal: (url) => desktop.openExternal(url), platform, arch, hostname },
    docker: { cli, ...lists },
  }
}

/** An image's name without its tag, and the tag: a colon before a slash is that of a port. */
function idOf(image: string): { id: string; version: string } {
  const [, id = image, version = ""] = /^(.*?)(?::([^:/]*))?$/s.exec(image) ?? []
  return { id, version }
}

import type { v1 } from "@docker/extension-api-client-types"
import { dialogOf, navigateOf, toastOf, type Desktop } from "./desktop"
import { execOf, type SdkDeps } from "./exec"
import type { SdkFacts } from "./facts"
import { listsOf } from "./lists"
import { rancherDocker } from "./rancher-docker"
import { serviceOf } from "./service"

/** The current API. */
export function currentApi(facts: SdkFacts, desktop: Desktop, deps: SdkDeps): v1.DockerDesktopClient {
  const { transport } = deps
  const { platform, arch, hostname } = facts.machine
  const vm: v1.ExtensionVM = {
    cli: { exec: execOf("vm", "ddClient.extension.vm.cli.exec", deps) },
    ...(facts.service ? { service: serviceOf("ddClient.extension.vm.service", transport) } : {}),
  }
  const isRancher = facts.runtime === "rancher-desktop"
  const exec = execOf("docker", "ddClient.docker.cli.exec", deps)
  const lists = isRancher ? rancherDocker(exec) : listsOf("ddClient.docker", transport)
  return {
    extension: {
      image: facts.image,
      // Since Rancher Desktop 1.22.
      ...(isRancher ? idOf(facts.image) : {}),
      ...(facts.container || facts.service ? { vm } : {}),
      host: { cli: { exec: execOf("host", "ddClient.extension.host.cli.exec", deps) } },
    },
    desktopUI: {
      toast: toastOf(desktop),
      dialog: dialogOf(transport),
      navigate: navigateOf(desktop, facts.runtime),
    },
    host: { openExternal: (url) => desktop.openExternal(url), platform, arch, hostname },
    docker: { cli: { exec }, ...lists },
  }
}

/** An image's name without its tag, and the tag: a colon before a slash is that of a port. */
function idOf(image: string): { id: string; version: string } {
  const [, id = image, version = ""] = /^(.*?)(?::([^:/]*))?$/s.exec(image) ?? []
  return { id, version }
}

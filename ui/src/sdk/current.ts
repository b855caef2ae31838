import type { v1 } from "@docker/extension-api-client-types"
import { dialogOf, navigateOf, toastOf, type Desktop } from "./desktop"
import { execOf, type Around } from "./exec"
import type { SdkFacts } from "./facts"
import { listsOf } from "./lists"
import { serviceOf } from "./service"

/** The current API. */
export function currentApi(facts: SdkFacts, desktop: Desktop, around: Around): v1.DockerDesktopClient {
  const { transport } = around
  const { platform, arch, hostname } = facts.machine
  const vm: v1.ExtensionVM = {
    cli: { exec: execOf("vm", "ddClient.extension.vm.cli.exec", around) },
    ...(facts.service ? { service: serviceOf("ddClient.extension.vm.service", transport) } : {}),
  }
  return {
    extension: {
      image: facts.image,
      ...(facts.container || facts.service ? { vm } : {}),
      host: { cli: { exec: execOf("host", "ddClient.extension.host.cli.exec", around) } },
    },
    desktopUI: {
      toast: toastOf(desktop),
      dialog: dialogOf(transport),
      navigate: navigateOf(desktop, facts.runtime),
    },
    host: { openExternal: (url) => desktop.openExternal(url), platform, arch, hostname },
    docker: {
      cli: { exec: execOf("docker", "ddClient.docker.cli.exec", around) },
      ...listsOf("ddClient.docker", transport),
    },
  }
}

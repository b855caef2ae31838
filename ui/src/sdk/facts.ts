import type { Machine } from "../ipc/generated/Machine"
import type { Runtime } from "../ipc/generated/Runtime"

/** What `ddClient` is made from: whose behaviour it has, and what it can reach. */
export interface SdkFacts {
  runtime: Runtime
  machine: Machine
  /** `extension.image` */
  image: string
  /** The target has a container for `vm.cli`. */
  container: boolean
  /** The target has an endpoint for `vm.service`. */
  service: boolean
}

export const RUNTIME_NAMES: Record<Runtime, string> = {
  "docker-desktop": "Docker Desktop",
  "rancher-desktop": "Rancher Desktop",
  "podman-desktop": "Podman Desktop",
}

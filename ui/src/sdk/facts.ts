import type { PageFacts } from "../ipc/generated/PageFacts"
import type { Runtime } from "../ipc/generated/Runtime"

/** What `ddClient` is made from: the runtime that it behaves like, and what it can reach. */
export type SdkFacts = PageFacts

export const RUNTIME_NAMES: Record<Runtime, string> = {
  "docker-desktop": "Docker Desktop",
  "rancher-desktop": "Rancher Desktop",
  "podman-desktop": "Podman Desktop",
  "podman-desktop-older": "Podman Desktop (older)",
}

/** Whether it is a generation of Podman Desktop: in the page they differ in nothing. */
export const isPodman = (runtime: Runtime): boolean =>
  runtime === "podman-desktop" || runtime === "podman-desktop-older"

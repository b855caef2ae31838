import { RUNTIMES } from "../ipc/generated/functions"
import type { PageFacts } from "../ipc/generated/PageFacts"
import type { Runtime } from "../ipc/generated/Runtime"

/** What `ddClient` is made from: the runtime that it behaves like, and what it can reach. */
export type SdkFacts = PageFacts

/** Whether it is a generation of Podman Desktop: in the page they differ in nothing. */
export const isPodman = (runtime: Runtime): boolean => RUNTIMES[runtime].podman

/** The name that people use. */
export const nameOf = (runtime: Runtime): string => RUNTIMES[runtime].name

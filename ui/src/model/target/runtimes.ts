import type { Certainty } from "../../ipc/generated/Certainty"
import type { Rule } from "../../ipc/generated/Rule"
import type { Runtime } from "../../ipc/generated/Runtime"
import { nameOf } from "../../sdk/facts"

/** The Runtimes in display order, each with the version that its behaviour was read from. */
export const RUNTIMES: readonly { value: Runtime; text: string; version: string }[] = [
  {
    value: "docker-desktop",
    text: "Docker Desktop",
    version: "based on its documentation and the published types 0.4.2",
  },
  {
    value: "rancher-desktop",
    text: "Rancher",
    version: "based on its source code: 1.20, and 1.24 for ddClient.docker",
  },
  {
    value: "podman-desktop",
    text: "Podman",
    version: "based on its source code of 2026: requests use fetch, commands run without a shell",
  },
  {
    value: "podman-desktop-older",
    text: "Podman (older)",
    version: "based on its source code of 2024: requests use got, host commands run in a shell",
  },
]

export { nameOf }

/** The Runtimes by their names; both generations of Podman Desktop by one. */
export function namesOf(runtimes: readonly Runtime[]): string {
  const both = runtimes.includes("podman-desktop")
  return runtimes
    .filter((runtime) => !(both && runtime === "podman-desktop-older"))
    .map(nameOf)
    .join(", ")
}

/** What a reader should know of a Runtime before choosing it. */
export function aboutRuntime(runtime: Runtime): string {
  const version = RUNTIMES.find(({ value }) => value === runtime)?.version
  return `${nameOf(runtime)}, ${version}`
}

/** From the surest to the least sure, and what each of them means. */
export const CERTAINTIES: Record<Certainty, string> = {
  documented: "Documented, or in the published types",
  source: "Read from its source",
  reported: "Reported in public",
  inferred: "Inferred; not confirmed by a source",
}
const order = Object.keys(CERTAINTIES) as Certainty[]

/** How sure all of it is: as sure as the least sure rule. */
export function weakest(rules: readonly Rule[]): Certainty | undefined {
  const places = rules.map(({ certainty }) => order.indexOf(certainty))
  return order[Math.max(-1, ...places)]
}

import type { Certainty } from "../ipc/generated/Certainty"
import type { Rule } from "../ipc/generated/Rule"
import type { Runtime } from "../ipc/generated/Runtime"

/** The Runtimes in the order in which they are shown. */
export const RUNTIMES: readonly { value: Runtime; text: string; name: string }[] = [
  { value: "docker-desktop", text: "Docker Desktop", name: "Docker Desktop" },
  { value: "rancher-desktop", text: "Rancher", name: "Rancher Desktop" },
  { value: "podman-desktop", text: "Podman", name: "Podman Desktop" },
]

export function nameOf(runtime: Runtime): string {
  return RUNTIMES.find(({ value }) => value === runtime)?.name ?? runtime
}

/** From the surest to the least sure, and what each of them means. */
export const CERTAINTIES: Record<Certainty, string> = {
  documented: "Its documents or the published types say so",
  source: "Read in its source",
  reported: "People reported it in public",
  inferred: "Concluded from the rest; nobody has said so",
}
const order = Object.keys(CERTAINTIES) as Certainty[]

/** How sure all of it is: as sure as the least sure rule. */
export function weakest(rules: readonly Rule[]): Certainty | undefined {
  const places = rules.map(({ certainty }) => order.indexOf(certainty))
  return order[Math.max(-1, ...places)]
}

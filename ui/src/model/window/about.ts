import { nameOf } from "../target/runtimes"
import type { Porthole } from "../porthole.svelte"

/** What a bug report needs to know, with nothing in it that the user typed. */
export function diagnosticsOf(porthole: Porthole, userAgent: string): { name: string; value: string }[] {
  const { engine } = porthole.timeline.targetStatus
  const { platform, arch } = porthole.machine
  return [
    { name: "Porthole", value: porthole.version },
    { name: "System", value: `${platform} ${arch}` },
    { name: "Web view", value: /(AppleWebKit|Edg|Chrome)\/[\d.]+/.exec(userAgent)?.[0] ?? userAgent },
    { name: "Engine", value: engine.kind === "up" ? engine.address : engine.kind },
    { name: "Receive as", value: nameOf(porthole.settings.runtime) },
    { name: "Calls", value: String(porthole.timeline.rows.length) },
  ]
}

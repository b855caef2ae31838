import type { DevServer } from "../../ipc/generated/DevServer"
import type { OpenExtension } from "../../ipc/generated/OpenExtension"

/**
 * The development server that a project names, where it can be offered. A port of the extension's own backend isn't: what
 * the backend serves would replace the page, without Porthole's policy.
 */
export function offeredServer(
  server: DevServer | undefined,
  open: OpenExtension | undefined,
): DevServer | undefined {
  const port = server && portOf(server.url)
  return port === undefined || backendPorts(open).has(port) ? undefined : server
}

/** The ports of this machine that its backend has. */
function backendPorts(open: OpenExtension | undefined): Set<number> {
  if (open?.stage.kind !== "up") return new Set()
  const own = portOf(open.stage.up.endpoint ?? "")
  const published = open.parts.flatMap((part) => part.ports ?? [])
  return new Set(own === undefined ? published : [...published, own])
}

function portOf(url: string): number | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:") return undefined
  return Number(parsed.port) || (parsed.protocol === "https:" ? 443 : 80)
}

import type { Context } from "../../ipc/generated/Context"

/** What people call an engine: its context, or the product where no context names it. */
export function engineName({ name, description, found }: Context): string {
  return found ? description : name
}

/** The engine in use, for a place where nothing was chosen. It says when it was found and not configured. */
export function inUse(contexts: readonly Context[]): string {
  const current = contexts.find((context) => context.current)
  if (current === undefined) return ""
  const { name, description, found, unconfigured } = current
  return unconfigured && !found ? `${name} (${description})` : engineName(current)
}

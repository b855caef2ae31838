import type { Context } from "../ipc/generated/Context"

/** What people call an engine: its context, or the product where no context names it and its name is its address. */
export function engineName({ name, description }: Context): string {
  return name.includes("://") && description !== "" ? description : name
}

/** The engine in use, for a place where nothing was chosen. It says when it was found and not configured. */
export function inUse(contexts: readonly Context[]): string {
  const current = contexts.find((context) => context.current)
  if (current === undefined) return ""
  const found = current.description.includes("no engine is configured")
  return found && !current.name.includes("://")
    ? `${current.name} (${current.description})`
    : engineName(current)
}

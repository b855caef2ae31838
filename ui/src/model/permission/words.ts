import type { Permissions } from "../../ipc/generated/Permissions"

/** What an extension may do, in the few words that a button has room for. What asks says more than what runs. */
export function permissionsInWords(permissions: Permissions): string {
  const of = (wanted: string) =>
    Object.entries(permissions).flatMap(([kind, permission]) => (permission === wanted ? [kind] : []))
  const [asks, recorded] = [of("ask"), of("record")]
  const all = Object.keys(permissions).length
  if (asks.length === all) return "ask for all"
  if (recorded.length === all) return "record only"
  const parts = [
    ...(asks.length > 0 ? [`ask for ${asks.join(", ")}`] : []),
    ...(recorded.length > 0 ? [`record ${recorded.join(", ")}`] : []),
  ]
  return parts.join("; ") || "all allowed"
}

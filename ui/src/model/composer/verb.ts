import type { Draft } from "../../ipc/generated/Draft"

/** The one short word that stands before a draft in a list: a method, or where it runs. */
export function verbOf(draft: Draft): string {
  if (draft.kind === "request") return draft.method
  if (draft.kind === "console") return "JS"
  return { container: "VM", host: "Host", engine: "Engine" }[draft.place.kind]
}

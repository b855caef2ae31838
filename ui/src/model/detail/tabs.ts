import type { Summary } from "../../ipc/generated/Summary"
import type { Tab } from "./detail.svelte"

/** The tabs that the details of a call have. */
export function tabsOf(row: Summary): { value: Tab; text: string }[] {
  return [
    { value: "output", text: row.http ? "Body" : "Output" },
    { value: "received", text: "In your code" },
    ...(row.http ? [] : [{ value: "callbacks" as const, text: "Callbacks" }]),
    { value: "headers", text: row.http ? "Headers" : "Process" },
    { value: "timing", text: "Timing" },
    { value: "findings", text: "Findings" },
    { value: "code", text: "Snippets" },
  ]
}

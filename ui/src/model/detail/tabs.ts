import type { Summary } from "../../ipc/generated/Summary"

/** What the detail shows of a Call. */
export type Tab = "output" | "headers" | "received" | "callbacks" | "timing" | "findings" | "code"

/** What code would get of it: a terminal has no function of the SDK. */
const OF_CODE: readonly Tab[] = ["received", "callbacks", "findings"]

/** The tabs that the details of a call have. */
export function tabsOf(row: Summary): { value: Tab; text: string }[] {
  const all: { value: Tab; text: string }[] = [
    { value: "output", text: row.http ? "Body" : "Output" },
    { value: "received", text: "In your code" },
    ...(row.http ? [] : [{ value: "callbacks" as const, text: "Callbacks" }]),
    { value: "headers", text: row.http ? "Headers" : "Process" },
    { value: "timing", text: "Timing" },
    { value: "findings", text: "Findings" },
    { value: "code", text: "Snippets" },
  ]
  return row.terminal ? all.filter(({ value }) => !OF_CODE.includes(value)) : all
}

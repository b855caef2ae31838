import type { Summary } from "../../ipc/generated/Summary"

/** Where a call comes from, in a few characters: `page.js:88` where the code told it, else who asked for it. */
export function originWords(row: Summary): string {
  if (row.at === undefined) return row.origin
  const found = /([^/\\]*?)(:\d+)(?::\d+)?$/.exec(row.at)
  if (found === null) return row.at
  const file = (found[1] ?? "").replace(/[?#].*$/, "")
  return `${file === "" ? row.origin : file}${found[2]}`
}

/** All that is known of it. */
export function originTitle(row: Summary): string {
  return row.at === undefined ? row.origin : `${row.origin}, ${row.at}`
}

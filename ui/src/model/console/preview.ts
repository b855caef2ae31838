/** A value in one line, as written before it is opened. */
import type { SerializedValue } from "../../bridge/serialized"

/** What there is room for beside the name of a value. */
const ROOM = 90

/** `{name: "pg data", size: 42, …}`: what is left out is said with `…`. */
export function preview(shown: SerializedValue, room = ROOM): string {
  switch (shown.kind) {
    case "text":
      return quoted(shown.text, shown.cut > 0, room)
    case "plain":
      return shown.text
    case "function":
      return `ƒ ${shown.name || "(no name)"}`
    case "error":
      return cut(`${shown.name}: ${shown.message}`, room)
    case "ellipsis":
      return shown.text
    case "object": {
      const name = shown.name === "Object" || shown.name === "" ? "" : `${shown.name} `
      const parts = shown.fields.map(([key, value]) => [`${key}: `, value] as const)
      return `${name}{${listed(parts, shown.more > 0, room - name.length - 2)}}`
    }
    case "list": {
      const name = shown.name === "Array" ? "" : `${shown.name}(${shown.length}) `
      const parts = shown.items.map((value) => ["", value] as const)
      return `${name}[${listed(parts, shown.more > 0, room - name.length - 2)}]`
    }
  }
}

/** Whether there is more to see of it than its line. */
export function opens(shown: SerializedValue): boolean {
  if (shown.kind === "object") return shown.fields.length > 0 || shown.more > 0
  if (shown.kind === "list") return shown.items.length > 0 || shown.more > 0
  return shown.kind === "error" && (shown.stack !== "" || shown.fields.length > 0)
}

function listed(parts: readonly (readonly [string, SerializedValue])[], more: boolean, room: number): string {
  const said: string[] = []
  for (const [before, value] of parts) {
    const text = before + preview(value, Math.max(12, Math.min(40, room)))
    if (text.length > room) return [...said, "…"].join(", ")
    said.push(text)
    room -= text.length + 2
  }
  return [...said, ...(more ? ["…"] : [])].join(", ")
}

function quoted(text: string, isCut: boolean, room: number): string {
  const short = cut(text, room)
  return `${JSON.stringify(short === text ? text : short.slice(0, -1))}${isCut || short !== text ? "…" : ""}`
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`
}

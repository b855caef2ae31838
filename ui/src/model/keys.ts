/** What a key pressed anywhere in the window means. */
export type Intent =
  | "submit"
  | "again"
  | "edit"
  | "edit-code"
  | "cancel"
  | "to-path"
  | "to-timeline"
  | "to-detail"
  | "search"
  | "next-hit"
  | "previous-hit"
  | "jump"

interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

export function intentOf(pressed: Pressed): Intent | undefined {
  const { key, altKey, shiftKey } = pressed
  const command = pressed.ctrlKey || pressed.metaKey
  if (altKey) return undefined
  if (command && key === "Enter") return shiftKey ? "again" : "submit"
  if (command && key.toLowerCase() === "e") return shiftKey ? "edit-code" : "edit"
  if (key === "Escape" && !command && !shiftKey) return "cancel"
  if (command && key.toLowerCase() === "l" && !shiftKey) return "to-path"
  if (command && key.toLowerCase() === "j" && !shiftKey) return "to-timeline"
  if (command && key.toLowerCase() === "o" && !shiftKey) return "to-detail"
  if (command && key.toLowerCase() === "f" && !shiftKey) return "search"
  if (command && key.toLowerCase() === "g" && !shiftKey) return "jump"
  if (key === "F3" && !command) return shiftKey ? "previous-hit" : "next-hit"
  return undefined
}

/** The keys that are told where nothing else is shown; `mod` stands for Ctrl or ⌘. */
export const HINTS: readonly { keys: string; does: string }[] = [
  { keys: "mod Enter", does: "send or run" },
  { keys: "Esc", does: "cancel the selected call" },
  { keys: "mod L", does: "to the path or program" },
  { keys: "mod J", does: "to the timeline" },
  { keys: "mod O", does: "to the output" },
  { keys: "mod F", does: "search the output" },
  { keys: "F3", does: "to the next hit; with Shift to the one before" },
  { keys: "mod G", does: "go to a line or a time" },
]

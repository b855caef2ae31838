/** What a key pressed anywhere in the window means. */
export type Intent =
  | "submit"
  | "again"
  | "edit"
  | "edit-code"
  | "cancel"
  | "leave"
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
  // Esc is pressed by habit to get out of a field, so it never ends anything that runs.
  if (key === "Escape" && !command && !shiftKey) return "leave"
  if (key === "F5" && shiftKey && !command) return "cancel"
  if (command && key.toLowerCase() === "l" && !shiftKey) return "to-path"
  if (command && key.toLowerCase() === "j" && !shiftKey) return "to-timeline"
  if (command && key.toLowerCase() === "o" && !shiftKey) return "to-detail"
  if (command && key.toLowerCase() === "f" && !shiftKey) return "search"
  if (command && key.toLowerCase() === "g" && !shiftKey) return "jump"
  if (key === "F3" && !command) return shiftKey ? "previous-hit" : "next-hit"
  return undefined
}

/** The keys that are told where nothing else is shown; `mod` represents Ctrl or ⌘. */
export const HINTS: readonly { keys: string; does: string }[] = [
  { keys: "mod Enter", does: "send or run" },
  { keys: "Shift F5", does: "cancel the selected request, or stop the selected command (SIGTERM)" },
  { keys: "Esc", does: "close or clear what is open, then leave the field" },
  { keys: "mod L", does: "focus the path or program" },
  { keys: "mod J", does: "focus the timeline" },
  { keys: "mod O", does: "focus the output" },
  { keys: "mod F", does: "search the output" },
  { keys: "F3", does: "find the next match, or with Shift the previous one" },
  { keys: "mod G", does: "go to a line or a time" },
]

/** What a key pressed anywhere in the window means. */
export type Intent = "submit" | "cancel" | "to-path" | "to-timeline" | "to-detail"

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
  if (command && key === "Enter") return "submit"
  if (key === "Escape" && !command && !shiftKey) return "cancel"
  if (command && key.toLowerCase() === "l" && !shiftKey) return "to-path"
  if (command && key.toLowerCase() === "j" && !shiftKey) return "to-timeline"
  if (command && key.toLowerCase() === "o" && !shiftKey) return "to-detail"
  return undefined
}

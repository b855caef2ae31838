/** The keys that mean the same anywhere in the window: one table, from which help and palette are made too. */

/** What a key pressed anywhere in the window means. */
export type Intent =
  | "submit"
  | "again"
  | "edit"
  | "edit-code"
  | "save"
  | "compare"
  | "undo"
  | "cancel"
  | "leave"
  | "palette"
  | "shortcuts"
  | "settings"
  | "to-path"
  | "to-detail"
  | "toggle-bottom"
  | "toggle-side"
  | "next-pane"
  | "previous-pane"
  | "search"
  | "next-hit"
  | "previous-hit"
  | "next-error"
  | "previous-error"
  | "jump"
  | "links"
  | "zoom-in"
  | "zoom-out"
  | "zoom-reset"
  | "present"
  | "full-screen"
  | `composer-${1 | 2 | 3 | 4}`
  | `detail-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`

export interface Pressed {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
  /** The physical key: with Alt, some systems give another character. */
  code?: string
}

export const GROUPS = ["Calls", "Output", "Window"] as const

export interface Shortcut {
  intent: Intent
  /** Words for what it does; absent where another entry's words say it. */
  does?: string
  group: (typeof GROUPS)[number]
  /** `mod` is Ctrl, or ⌘ on macOS. `Shift` is only asked for where the key alone doesn't imply it. */
  held: readonly ("mod" | "Shift" | "Alt")[]
  keys: readonly string[]
  /** What the keys are called in the list of shortcuts. */
  shown?: string
}

const TABS = [1, 2, 3, 4] as const
const PANELS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

export const SHORTCUTS: readonly Shortcut[] = [
  {
    intent: "submit",
    does: "Send the request, or run the command or the code",
    group: "Calls",
    held: ["mod"],
    keys: ["Enter"],
  },
  {
    intent: "again",
    does: "Repeat the selected call",
    group: "Calls",
    held: ["mod", "Shift"],
    keys: ["Enter"],
  },
  {
    intent: "undo",
    does: "Undo the last Delete or Clear",
    group: "Calls",
    held: ["mod"],
    keys: ["z"],
  },
  {
    intent: "edit",
    does: "Edit the selected call in the composer",
    group: "Calls",
    held: ["mod"],
    keys: ["e"],
  },
  {
    intent: "edit-code",
    does: "Edit the selected call as code",
    group: "Calls",
    held: ["mod", "Shift"],
    keys: ["e"],
  },
  {
    intent: "cancel",
    does: "Cancel the selected request, or stop the selected command (SIGTERM, a terminal SIGHUP)",
    group: "Calls",
    held: ["Shift"],
    keys: ["F5"],
  },
  { intent: "compare", does: "Compare the two selected calls", group: "Calls", held: ["mod"], keys: ["d"] },
  { intent: "save", does: "Save the request, command or code", group: "Calls", held: ["mod"], keys: ["s"] },

  { intent: "search", does: "Search the output", group: "Output", held: ["mod"], keys: ["f"] },
  {
    intent: "next-hit",
    does: "Find the next match; with Shift the previous one",
    group: "Output",
    held: [],
    keys: ["F3"],
  },
  { intent: "previous-hit", group: "Output", held: ["Shift"], keys: ["F3"] },
  {
    intent: "next-error",
    does: "Go to the next error in the log; with Shift to the previous one",
    group: "Output",
    held: [],
    keys: ["F8"],
  },
  { intent: "previous-error", group: "Output", held: ["Shift"], keys: ["F8"] },
  { intent: "jump", does: "Go to a line or a time", group: "Output", held: ["mod"], keys: ["g"] },
  {
    intent: "links",
    does: "List the links in the visible lines",
    group: "Output",
    held: ["mod", "Shift"],
    keys: ["o"],
  },

  {
    intent: "palette",
    does: "Search calls, saved items and actions",
    group: "Window",
    held: ["mod"],
    keys: ["k"],
  },
  {
    intent: "shortcuts",
    does: "Show all shortcuts",
    group: "Window",
    held: [],
    keys: ["F1", "?"],
    shown: "F1",
  },
  { intent: "settings", does: "Open the settings", group: "Window", held: ["mod"], keys: [","] },
  { intent: "to-path", does: "Focus the path, program or code", group: "Window", held: ["mod"], keys: ["l"] },
  { intent: "to-detail", does: "Focus the output", group: "Window", held: ["mod"], keys: ["o"] },
  {
    intent: "toggle-bottom",
    does: "Show or collapse the bottom panel",
    group: "Window",
    held: ["mod"],
    keys: ["j"],
  },
  {
    intent: "toggle-side",
    does: "Show or hide the side bar",
    group: "Window",
    held: ["mod"],
    keys: ["b"],
  },
  {
    intent: "next-pane",
    does: "Focus the next pane; with Shift the previous one",
    group: "Window",
    held: [],
    keys: ["F6"],
  },
  { intent: "previous-pane", group: "Window", held: ["Shift"], keys: ["F6"] },
  ...TABS.map((n): Shortcut => ({
    intent: `composer-${n}`,
    ...(n === 1 ? { does: "Show a composer tab", shown: "mod 1 to mod 4" } : {}),
    group: "Window",
    held: ["mod"],
    keys: [`${n}`],
  })),
  ...PANELS.map((n): Shortcut => ({
    intent: `detail-${n}`,
    ...(n === 1 ? { does: "Show a tab of the call details", shown: "Alt 1 to Alt 9" } : {}),
    group: "Window",
    held: ["Alt"],
    keys: [`${n}`],
  })),
  { intent: "zoom-in", does: "Zoom in", group: "Window", held: ["mod"], keys: ["+", "="], shown: "mod +" },
  { intent: "zoom-out", does: "Zoom out", group: "Window", held: ["mod"], keys: ["-", "_"], shown: "mod −" },
  { intent: "zoom-reset", does: "Reset the zoom", group: "Window", held: ["mod"], keys: ["0"] },
  {
    intent: "present",
    does: "Turn presentation mode on or off",
    group: "Window",
    held: ["mod", "Shift"],
    keys: ["p"],
  },
  { intent: "full-screen", does: "Turn full screen on or off", group: "Window", held: [], keys: ["F11"] },
  // Esc is pressed by habit to get out of a field, so it never ends anything that runs.
  {
    intent: "leave",
    does: "Close what is open, then leave the field",
    group: "Window",
    held: [],
    keys: ["Escape"],
  },
]

/** Keys that are typed with or without Shift, depending on the keyboard. */
const SHIFTED = ["+", "=", "-", "_", "?"]

export function intentOf(pressed: Pressed): Intent | undefined {
  const { altKey, shiftKey } = pressed
  const mod = pressed.ctrlKey || pressed.metaKey
  const digit = altKey ? /^Digit(\d)$/.exec(pressed.code ?? "")?.[1] : undefined
  const key = digit ?? (pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key)
  const found = SHORTCUTS.find(
    ({ held, keys }) =>
      keys.includes(key) &&
      held.includes("mod") === mod &&
      held.includes("Alt") === altKey &&
      (held.includes("Shift") === shiftKey || (SHIFTED.includes(key) && key !== "Enter")),
  )
  return found?.intent
}

/**
 * What a key means that is pressed in a terminal, to which all others belong: Ctrl and Shift with the key that does it
 * elsewhere with Ctrl, or alone.
 */
export function intentInTerminal(pressed: Pressed): Intent | undefined {
  const mod = pressed.ctrlKey || pressed.metaKey
  if (!mod || !pressed.shiftKey || pressed.altKey) return undefined
  // With Shift, the keys of digits are others.
  const key = /^Digit(\d)$/.exec(pressed.code ?? "")?.[1] ?? pressed.key
  const held = { key, altKey: false, ctrlKey: true, metaKey: false }
  return (
    intentOf({ ...held, shiftKey: true }) ??
    intentOf({ ...held, shiftKey: false }) ??
    (/^F\d+$/.test(key) ? intentOf({ ...held, ctrlKey: false, shiftKey: false }) : undefined)
  )
}

/** The keys of a shortcut as they are drawn, one word each. */
export function keysOf(shortcut: Shortcut, mod: string): string {
  const key = shortcut.keys[0] ?? ""
  const name = key === "Escape" ? "Esc" : key.length === 1 ? key.toUpperCase() : key
  const text = shortcut.shown ?? [...shortcut.held, name].join(" ")
  return text.replaceAll("mod", mod)
}

/** The shortcut of an intent, drawn. */
export function keysFor(intent: Intent, mod: string): string | undefined {
  const shortcut = SHORTCUTS.find((one) => one.intent === intent)
  return shortcut && keysOf(shortcut, mod)
}

/** What Ctrl is called on this keyboard. */
export const MOD = typeof navigator !== "undefined" && navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl"

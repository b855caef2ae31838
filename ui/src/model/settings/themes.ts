import type { Theme } from "../../ipc/generated/Theme"

interface Choice {
  value: Theme
  text: string
  /** The path of its sign. */
  sign: string
}

const SYSTEM: Choice = {
  value: "system",
  text: "System",
  sign: "M7 1a6 6 0 1 0 0 12A6 6 0 0 0 7 1Zm0 1.4v9.2a4.6 4.6 0 0 1 0-9.2Z",
}

export const THEMES: readonly Choice[] = [
  SYSTEM,
  {
    value: "light",
    text: "Light",
    sign: "M7 4.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6ZM6.3 0h1.4v2.4H6.3zM6.3 11.6h1.4V14H6.3zM0 6.3h2.4v1.4H0zM11.6 6.3H14v1.4h-2.4zM1.6 2.5l.9-.9 1.7 1.7-.9.9zM9.8 10.7l.9-.9 1.7 1.7-.9.9zM1.6 11.5l1.7-1.7.9.9-1.7 1.7zM9.8 3.3l1.7-1.7.9.9-1.7 1.7z",
  },
  { value: "dark", text: "Dark", sign: "M5.2 1A6.3 6.3 0 1 0 13 8.9 5.2 5.2 0 0 1 5.2 1Z" },
]

export function themeOf(theme: Theme): Choice {
  return THEMES.find(({ value }) => value === theme) ?? SYSTEM
}

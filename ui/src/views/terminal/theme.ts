import type { ITheme } from "@xterm/xterm"

const ANSI = [
  ...["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"],
  ...["brightBlack", "brightRed", "brightGreen", "brightYellow", "brightBlue", "brightMagenta", "brightCyan"],
  "brightWhite",
] as const

/** The colors of tokens.css as a terminal takes them: each is a value of the theme that counts where `host` is. */
export function themeOf(host: HTMLElement): ITheme {
  const probe = document.createElement("span")
  host.append(probe)
  const color = (token: string) => {
    probe.style.color = `var(${token})`
    return hex(getComputedStyle(probe).color)
  }
  const theme: Record<string, string> = {
    background: color("--panel"),
    foreground: color("--text"),
    cursor: color("--accent"),
    cursorAccent: color("--panel"),
    selectionBackground: color("--found"),
    selectionInactiveBackground: color("--sel"),
    scrollbarSliderBackground: color("--line"),
    scrollbarSliderHoverBackground: color("--field-line"),
    scrollbarSliderActiveBackground: color("--field-line"),
  }
  ANSI.forEach((name, at) => (theme[name] = color(`--ansi-${at}`)))
  probe.remove()
  return theme
}

/** `rgb(1, 2, 3)` as `#010203`. */
function hex(color: string): string {
  const parts = color.match(/\d+/g)?.slice(0, 3) ?? ["0", "0", "0"]
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`
}

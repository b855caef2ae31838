import type { Colour } from "../../ipc/generated/Colour"
import type { Piece } from "../../model/output/pieces"

/** The classes of a piece of a line. */
export function classOf({ part, shown, found, current, style, level }: Piece): string | undefined {
  const classes = [
    part,
    shown && "shown",
    found && "found",
    current && "current",
    level && "level",
    ...(style?.emphasis ?? []),
  ].filter(Boolean)
  return classes.length === 0 ? undefined : classes.join(" ")
}

/** The colour of its letters. */
export function inkOf({ style }: Piece): string | undefined {
  const { fg, bg } = style ?? {}
  if (fg?.kind === "exact" && bg === undefined) return readable(`rgb(${fg.rgb.join(" ")})`)
  return fg && colour(fg, "--ansi", "var(--panel)")
}

/** An exact colour was chosen for another ground: as dark or as light as it takes to be read on this one. */
function readable(exact: string): string {
  return `light-dark(oklch(from ${exact} min(l, 0.53) c h), oklch(from ${exact} max(l, 0.7) c h))`
}

/** The colour behind them: soft under letters of the usual colour, strong where both are reversed. */
export function groundOf({ style }: Piece): string | undefined {
  const name = style?.fg?.kind === "reversed" ? "--ansi" : "--ansi-soft"
  return style?.bg && colour(style.bg, name, "var(--text)")
}

function colour(colour: Colour, name: string, reversed: string): string {
  switch (colour.kind) {
    case "named":
      return `var(${name}-${colour.index})`
    case "exact":
      return `rgb(${colour.rgb.join(" ")})`
    case "reversed":
      return reversed
  }
}

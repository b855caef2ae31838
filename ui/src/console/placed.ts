/** Places of the JavaScript that ran become those of the code that was typed. */
import type { Compiled, Shown } from "./words"

type PlaceOf = Compiled["place"]

/** The line and column that were typed; those that ran where nobody knows better. */
export function placeOf(line: number | undefined, column: number | undefined, place: PlaceOf) {
  if (line === undefined) return {}
  return place(line, column ?? 1) ?? { line, column: column ?? 1 }
}

/** The same tree, with the places in the stacks of its errors. */
export function placed(shown: Shown, place: PlaceOf): Shown {
  switch (shown.kind) {
    case "error":
      return { ...shown, stack: placedText(shown.stack, place), fields: fieldsOf(shown.fields, place) }
    case "object":
      return { ...shown, fields: fieldsOf(shown.fields, place) }
    case "list":
      return { ...shown, items: shown.items.map((item) => placed(item, place)) }
    default:
      return shown
  }
}

const fieldsOf = (fields: readonly [string, Shown][], place: PlaceOf): [string, Shown][] =>
  fields.map(([name, value]) => [name, placed(value, place)])

/** A text with the places of the code in it. */
export const placedText = (text: string, place: PlaceOf): string =>
  text.replace(/code:(\d+):(\d+)/g, (whole, line: string, column: string) => {
    const at = place(Number(line), Number(column))
    return at === undefined ? whole : `code:${at.line}:${at.column}`
  })

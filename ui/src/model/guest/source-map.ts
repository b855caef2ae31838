/** Places of the JavaScript that ran become those of the code that was typed. */
import type { SerializedValue } from "../../bridge/serialized"
import type { Compiled } from "../../language/compiled"

type PositionMap = Compiled["place"]

/** The line and column that were typed; those that ran where nobody knows better. */
export function originalPosition(line: number | undefined, column: number | undefined, place: PositionMap) {
  if (line === undefined) return {}
  return place(line, column ?? 1) ?? { line, column: column ?? 1 }
}

/** The same tree, with the places in the stacks of its errors. */
export function mapPositions(value: SerializedValue, place: PositionMap): SerializedValue {
  switch (value.kind) {
    case "error":
      return { ...value, stack: mapText(value.stack, place), fields: fieldsOf(value.fields, place) }
    case "object":
      return { ...value, fields: fieldsOf(value.fields, place) }
    case "list":
      return { ...value, items: value.items.map((item) => mapPositions(item, place)) }
    default:
      return value
  }
}

const fieldsOf = (
  fields: readonly [string, SerializedValue][],
  place: PositionMap,
): [string, SerializedValue][] => fields.map(([name, value]) => [name, mapPositions(value, place)])

/** A text with the places of the code in it. */
export const mapText = (text: string, place: PositionMap): string =>
  text.replace(/code:(\d+):(\d+)/g, (whole, line: string, column: string) => {
    const at = place(Number(line), Number(column))
    return at === undefined ? whole : `code:${at.line}:${at.column}`
  })

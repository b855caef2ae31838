import type { ComparedPart } from "../../ipc/generated/ComparedPart"
import type { Hunk } from "../../ipc/generated/Hunk"
import { differs, partName } from "./words"

/** Which parts and differences are shown. */
export interface DifferenceFilter {
  /** Only differences with this text in a name, a path or a value. */
  text: string
  /** Parts that are the same are left out. */
  onlyDifferences: boolean
}

/** The parts that pass, each with the differences that do. */
export function filtered(
  parts: readonly ComparedPart[],
  { text, onlyDifferences }: DifferenceFilter,
): readonly ComparedPart[] {
  const wanted = text.trim().toLowerCase()
  const kept = onlyDifferences ? parts.filter(differs) : parts
  if (wanted === "") return kept
  const has = (...texts: (string | undefined)[]) => texts.some((one) => one?.toLowerCase().includes(wanted))
  return kept.flatMap((part) => {
    // The part itself is meant by its name.
    if (has(partName(part.part))) return [part]
    const difference = matching(part.difference, has)
    return difference === undefined ? [] : [{ ...part, difference }]
  })
}

type Has = (...texts: (string | undefined)[]) => boolean

/** What of a difference matches; nothing if nothing does. */
function matching(difference: ComparedPart["difference"], has: Has): ComparedPart["difference"] | undefined {
  switch (difference.kind) {
    case "fields": {
      const fields = difference.fields.filter(({ name, first, second }) => has(name, first, second))
      return fields.length === 0 ? undefined : { ...difference, fields }
    }
    case "json": {
      const changes = difference.changes.filter(({ path, from, first, second }) =>
        has(path, from, first, second),
      )
      return changes.length === 0 ? undefined : { ...difference, changes }
    }
    case "text": {
      const hunks = difference.hunks.filter((hunk) => has(...linesOf(hunk)))
      return hunks.length === 0 ? undefined : { ...difference, hunks }
    }
    case "same":
    case "bytes":
    case "times":
      return undefined
  }
}

const linesOf = ({ lines }: Hunk): string[] =>
  lines.map(({ pieces }) => pieces.map(({ text }) => text).join(""))

import type { Meaning } from "../../ipc/generated/Meaning"
import type { UsedVariable } from "../../ipc/generated/UsedVariable"
import { isVariableName } from "../side/environments"

/** A variable in a text. */
export interface VariableUse {
  name: string
  from: number
  to: number
}

/** The variables in a text, as the shell replaces them: not after a backslash, and no other names. */
export function usesIn(text: string): VariableUse[] {
  return [...text.matchAll(/(?<!\\)\{\{ *([\w.-]+) *\}\}/g)].flatMap((found) => {
    const name = found[1]!
    return isVariableName(name) ? [{ name, from: found.index, to: found.index + found[0].length }] : []
  })
}

/** The uses of these variables: without an environment there are none, and braces are braces. */
export function usesOf(text: string, used: readonly UsedVariable[]): VariableUse[] {
  if (used.length === 0) return []
  const names = new Set(used.map(({ name }) => name))
  return usesIn(text).filter(({ name }) => names.has(name))
}

/** What a tooltip says about a variable. */
export function meaningText(name: string, meaning: Meaning): string {
  if (meaning.kind === "value") return meaning.value
  return meaning.kind === "secret" ? `${name}: secret` : `Unknown variable: ${name}`
}

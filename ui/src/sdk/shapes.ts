/** Checks of what comes from code that nobody trusts. Each says what a value is, and makes none. */

export type Shape = Readonly<Record<string, unknown>>

export function isShape(value: unknown): value is Shape {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export const isText = (value: unknown, longest: number): value is string =>
  typeof value === "string" && value.length <= longest

export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0

export const isFlag = (value: unknown): value is boolean => typeof value === "boolean"

export const isOneOf = <T extends string>(value: unknown, ...known: readonly T[]): value is T =>
  known.includes(value as T)

export const isAbsentOr = <T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined =>
  value === undefined || is(value)

export function isListOf<T>(value: unknown, most: number, is: (value: unknown) => value is T): value is T[] {
  return Array.isArray(value) && value.length <= most && value.every(is)
}

/** It has no other property than these. */
export const hasOnly = (value: Shape, ...names: readonly string[]): boolean =>
  Object.keys(value).every((name) => names.includes(name))

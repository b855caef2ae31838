/** The attributes of a field with a problem, or without one. */
export function marked(problem: string | undefined) {
  return { "aria-invalid": problem !== undefined, "data-tooltip": problem }
}

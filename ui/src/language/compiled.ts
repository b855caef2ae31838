/** What somebody typed, turned into JavaScript. */
export interface Compiled {
  /** The body of an async function with `require`, `exports` and `module`; top-level `await` works. */
  js: string
  /** Line and column (from 1) of the typed code, for those of `js`. */
  place: (line: number, column: number) => { line: number; column: number } | undefined
  /** Why it cannot be run; then `js` is empty. */
  problem?: { text: string; line: number; column: number }
}

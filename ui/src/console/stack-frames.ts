/** Where in the code something happened, out of an engine's stack. */

export interface CodePosition {
  line: number
  column: number
}

/** The lines that come before the code in the script that runs. */
export const LINES_BEFORE = 1

const AT = /^(.*?)((?:blob|data|https?|file|console):\S*?):(\d+):(\d+)\)?$/

/**
 * The stack with the frames of the code alone, each with its place in the code as `code:3:14`:
 * the frames of Porthole's own script would be noise. WebKit writes `name@url:3:14`, V8 `at name
 * (url:3:14)` after the message.
 */
export function codeStack(stack: string, script: string): string {
  const frames: string[] = []
  for (const line of stack.split("\n").slice(0, 200)) {
    const found = AT.exec(line.trim())
    const inCode = found === null ? 0 : Number(found[3]) - LINES_BEFORE
    if (found === null || found[2] !== script || inCode < 1) continue
    const name = found[1]!
      .replace(/^at /, "")
      .replace(/^async /, "")
      .replace(/[@(]$/, "")
      .trim()
    const place = `code:${inCode}:${found[4]}`
    frames.push(name === "" ? place : `${name} (${place})`)
  }
  return frames.join("\n")
}

/** The first place in the code that a stack made by `codeStack` names. */
export function firstPlace(stack: string): CodePosition | undefined {
  const found = /code:(\d+):(\d+)/.exec(stack)
  return found ? { line: Number(found[1]), column: Number(found[2]) } : undefined
}

import type { Code } from "./generated/Code"
import type { Commands } from "./generated/Commands"
import type { Error as ShellError } from "./generated/Error"

/** The names of all that the page may ask. */
export type Name = keyof Commands

/** The outside of the page. Everything that the page asks goes through here. */
export interface Shell {
  /** Where the frame is served that runs the console's code. */
  readonly consoleFrame: string
  /** Asks, and answers or throws a `Trouble`. */
  ask<K extends Name>(name: K, args: Commands[K]["args"]): Promise<Commands[K]["answer"]>
}

/**
 * What a question that failed throws: the shell's error as it came. The shell has no
 * code for a shell that could not be reached at all, so that one is added here.
 */
export type Trouble = Omit<ShellError, "code"> & { code: Code | "shell_unreachable" }

/** Anything that was thrown, as a `Trouble`. */
export function trouble(thrown: unknown): Trouble {
  if (thrown && typeof thrown === "object" && "code" in thrown && "message" in thrown) {
    return thrown as Trouble
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: "shell_unreachable", message: "Porthole didn't accept the request.", detail }
}

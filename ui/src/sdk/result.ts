/** The methods of what a plain exec resolves to. They look at `stdout` only, as their documents say. */
import { isPodman } from "./facts"
import type { Runtime } from "../ipc/generated/Runtime"

interface Methods {
  lines(stdout: string): string[]
  parseJsonLines(stdout: string): unknown[]
  parseJsonObject(stdout: string): unknown
}

/**
 * Rancher Desktop's preload script splits at `\r?\n` and leaves out empty lines before it parses.
 * Docker Desktop is closed: that it does the same is inferred, since a command's last newline
 * would else make every `parseJsonLines` fail.
 */
const common: Methods = {
  lines: (stdout) => stdout.split(/\r?\n/),
  parseJsonLines: (stdout) =>
    stdout
      .split(/\r?\n/)
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown),
  parseJsonObject: (stdout) => JSON.parse(stdout) as unknown,
}

/**
 * Podman Desktop's `exec-result-helper`: nothing for no output, `\n` alone ends a line, blank lines
 * are left out, and quotes around a whole text are taken off before it is parsed.
 */
const podman: Methods = {
  lines: (stdout) => (stdout === "" ? [] : stdout.split("\n")),
  parseJsonLines: (stdout) =>
    podman
      .lines(stdout)
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(unquoted(line)) as unknown),
  parseJsonObject: (stdout) => (stdout === "" ? undefined : (JSON.parse(unquoted(stdout.trim())) as unknown)),
}

const unquoted = (text: string): string =>
  text.startsWith('"') && text.endsWith('"') ? text.substring(1, text.length - 1) : text

/** The method of this name, of an object with these properties. */
export function methodOf(name: string, of: (name: string) => unknown, runtime: Runtime): () => unknown {
  const methods = isPodman(runtime) ? podman : common
  const text = (name: string): string => {
    const value = of(name)
    return typeof value === "string" ? value : ""
  }
  if (name === "lines") return () => methods.lines(text("stdout"))
  if (name === "parseJsonLines") return () => methods.parseJsonLines(text("stdout"))
  if (name === "parseJsonObject") return () => methods.parseJsonObject(text("stdout"))
  // Podman Desktop rejects with an object that reads as what was written to standard error.
  if (name === "toString") return () => text("stderr")
  return () => undefined
}

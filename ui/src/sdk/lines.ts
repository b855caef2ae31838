/** The deprecated functions that run a command. */
import type { v0 } from "@docker/extension-api-client-types"
import { NOT_A_LINE } from "../ipc/generated/functions"
import type { Called } from "../ipc/generated/Called"
import type { CliTarget } from "../ipc/generated/CliTarget"
import type { SdkExec } from "../ipc/generated/SdkExec"
import type { Signature } from "../ipc/generated/Signature"
import { askedOf, type SdkDeps } from "./exec"
import { named } from "./naming"
import { jsOf } from "./value"

/** `(data, error)`: everything of a command comes to one function. */
type Callback = (data: unknown, error: unknown) => void

/** Takes one string, of which nobody documents how it is split: the core decides that. */
export function lineOf(
  { whose, container, rest }: Extract<Signature, { kind: "line" }>,
  called: string,
  { transport }: SdkDeps,
) {
  return async (...given: unknown[]): Promise<v0.ExecResult> => {
    const [cmd, ...more] = container ? given.slice(1) : given
    if (typeof cmd !== "string") throw new TypeError(NOT_A_LINE.replace("{function}", called))
    const args = rest ? more : []
    const asked: { kind: "exec" } & SdkExec = {
      ...askedOf(whose, cmd, args),
      // With arguments the first is one too; alone it may be the whole line.
      line: args.length === 0,
      ...(container ? { container: String(given[0]) } : {}),
    }
    const shown = [...(container ? [given[0]] : []), cmd, ...args]
    return (await transport.call(asked, named(called, shown))) as v0.ExecResult
  }
}

export function spawnOf(whose: CliTarget, called: string, deps: SdkDeps) {
  return (cmd: string, args: string[], callback: Callback): void => {
    const name = named(called, [cmd, args, callback])
    const asked = { ...askedOf(whose, String(cmd), args ?? []), stream: { splitLines: false } }
    const tell: Callback = (data, error) => {
      try {
        if (typeof callback === "function") callback(data, error)
      } catch (thrown) {
        deps.uncaught(thrown)
      }
    }
    deps.transport.stream(asked, name, {
      called: (what) => tell(...dataOf(what, deps)),
      failed: (error) => tell({}, error),
    })
  }
}

/** `data` is always an object: the reference's example reads `data.stdout` before it looks at `err`. */
function dataOf(what: Called, { runtime }: SdkDeps): [data: unknown, error: unknown] {
  if (what.kind === "output") return [{ [what.stream]: jsOf(what.value, runtime) }, undefined]
  if (what.end.kind === "close") return [{ code: jsOf(what.end.code, runtime) }, undefined]
  if (what.end.kind === "error") return [{}, jsOf(what.end.error, runtime)]
  return [{}, undefined]
}

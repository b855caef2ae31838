import type { v1 } from "@docker/extension-api-client-types"
import type { SdkExec } from "../ipc/generated/SdkExec"
import type { Called } from "../ipc/generated/Called"
import type { EnvVar } from "../ipc/generated/EnvVar"
import type { Runtime } from "../ipc/generated/Runtime"
import type { CliTarget } from "../ipc/generated/CliTarget"
import { ARGUMENT_CHECKS, RUNTIMES, WRONG_TYPE } from "../ipc/generated/functions"
import type { ArgumentCheck } from "../ipc/generated/ArgumentCheck"
import type { ArgumentType } from "../ipc/generated/ArgumentType"
import { isPodman, nameOf } from "./facts"
import { named } from "./naming"
import type { Transport } from "./transport"
import { jsOf } from "./value"

/** What an `exec` needs besides its arguments. */
export interface SdkDeps {
  transport: Transport
  runtime: Runtime
  /** Takes what a callback threw: nobody else catches it. */
  uncaught(error: unknown): void
}

type Options = (Partial<v1.SpawnOptions> & v1.ExecOptions) | undefined

/** One of the three `exec` functions of the current API. */
export function execOf(whose: CliTarget, called: string, deps: SdkDeps): v1.Exec {
  const { transport, runtime } = deps

  function exec(cmd: string, args: string[], options?: v1.ExecOptions): Promise<v1.ExecResult>
  function exec(cmd: string, args: string[], options: v1.SpawnOptions): v1.ExecProcess
  function exec(cmd: string, args: string[], options?: Options): Promise<v1.ExecResult> | v1.ExecProcess {
    const streams = wantsStream(options, runtime)
    const problem = problemOf({ cmd, args, options }, runtime)
    if (problem) return refuse(problem, streams, options)
    const asked = askedOf(whose, cmd, args, options, streams)
    const name = named(called, [cmd, args, options])
    if (streams) return processOf(asked, name, options?.stream ?? {}, deps)
    return transport.call(asked, name) as Promise<v1.ExecResult>
  }

  /**
   * A runtime that checks in the page throws. The others pass the call to a process that starts the command, and its
   * TypeError comes back the way of a failed start (inferred).
   */
  function refuse(problem: TypeError, streams: boolean, options: Options) {
    if (RUNTIMES[runtime].arguments.checked) throw problem
    if (!streams) return Promise.reject(problem)
    Promise.resolve().then(() => guarded(deps, () => options?.stream?.onError?.(problem)))
    return { close: () => {} }
  }

  return exec
}

/** Some ask whether `stream` is there, others whether it is something. */
function wantsStream(options: Options, runtime: Runtime): boolean {
  if (typeof options !== "object" || options === null) return false
  return RUNTIMES[runtime].arguments.streamIfPresent ? "stream" in options : Boolean(options.stream)
}

/** What the runtime refuses, or no runtime could run. */
function problemOf(given: Record<string, unknown>, runtime: Runtime): TypeError | undefined {
  const { checked } = RUNTIMES[runtime].arguments
  for (const check of ARGUMENT_CHECKS) {
    if (check.strict && !checked) continue
    const wrong = checkedOf(check, given).find(
      ([, value]) => !(check.optional && value === undefined) && !IS[check.wanted](value),
    )
    if (wrong) return wrongType(wrong[0], check.wanted, wrong[1])
  }
  return undefined
}

const IS: Record<ArgumentType, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === "object" && value !== null,
}

/** What one check looks at, with the names that errors use. */
function checkedOf({ path, each }: ArgumentCheck, given: unknown): (readonly [string, unknown])[] {
  const name = path.join(".")
  const value = path.reduce((of, part) => (of as Record<string, unknown> | null | undefined)?.[part], given)
  if (!each) return [[name, value]]
  if (Array.isArray(value)) return Array.from(value, (item, index) => [`${name}[${index}]`, item] as const)
  return Object.entries(value ?? {}).map(([property, item]) => [`${name}.${property}`, item] as const)
}

function wrongType(name: string, wanted: ArgumentType, value: unknown): TypeError {
  const of = typeof value === "object" && value !== null ? value.constructor?.name : undefined
  const received = of ? `an instance of ${of}` : value === null ? "null" : typeof value
  const parts: Record<string, string> = { name, wanted, received }
  return new TypeError(WRONG_TYPE.replace(/\{(\w+)\}/g, (_, part: string) => parts[part]!))
}

export function askedOf(
  whose: CliTarget,
  cmd: string,
  args: readonly unknown[],
  options?: Options,
  streams = false,
): { kind: "exec" } & SdkExec {
  const asked: { kind: "exec" } & SdkExec = {
    kind: "exec",
    whose,
    cmd,
    // What isn't text becomes text on the way, as in any command line.
    args: Array.from(args, String),
    line: false,
    env: envOf(options?.env),
  }
  if (options?.cwd) asked.cwd = String(options.cwd)
  if (streams) asked.stream = { splitLines: Boolean(options?.stream?.splitOutputLines) }
  return asked
}

const envOf = (env: unknown): EnvVar[] =>
  Object.entries((env as Record<string, unknown> | null | undefined) ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value: String(value) }))

/** The process object, which is there at once, and its callbacks. */
function processOf(
  asked: { kind: "exec" } & SdkExec,
  name: { called: string; text: string },
  stream: v1.ExecStreamOptions,
  deps: SdkDeps,
): v1.ExecProcess {
  const { transport, runtime } = deps
  let closed = false
  const process = transport.stream(asked, name, {
    called: (what) => {
      // Rancher Desktop forgets a process when it is closed, and then knows no callback for it.
      if (closed && runtime === "rancher-desktop") return
      guarded(deps, () => callBack(stream, what, runtime))
    },
    failed: (error) => {
      if (stream.onError) guarded(deps, () => stream.onError?.(error))
      else deps.uncaught(error)
    },
  })
  return {
    close() {
      if (closed) return
      closed = true
      if (isPodman(runtime)) {
        const text = `close() has no effect on ${nameOf(runtime)}: the command continues.`
        transport.tell({ kind: "warning", text })
      } else process.close()
    },
  }
}

function callBack(stream: v1.ExecStreamOptions, what: Called, runtime: Runtime): void {
  if (what.kind === "output") {
    const text = jsOf(what.value, runtime) as string
    stream.onOutput?.(what.stream === "stdout" ? { stdout: text } : { stderr: text })
  } else if (what.end.kind === "close") {
    stream.onClose?.(jsOf(what.end.code, runtime) as number)
  } else if (what.end.kind === "error") {
    stream.onError?.(jsOf(what.end.error, runtime))
  }
}

/** What one callback throws is told and does not keep the next one from being called. */
function guarded(deps: SdkDeps, call: () => void): void {
  try {
    call()
  } catch (thrown) {
    deps.uncaught(thrown)
  }
}

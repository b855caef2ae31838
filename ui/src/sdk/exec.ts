import type { v1 } from "@docker/extension-api-client-types"
import type { SdkExec } from "../ipc/generated/SdkExec"
import type { Called } from "../ipc/generated/Called"
import type { EnvVar } from "../ipc/generated/EnvVar"
import type { Runtime } from "../ipc/generated/Runtime"
import type { CliTarget } from "../ipc/generated/CliTarget"
import { isPodman, RUNTIME_NAMES } from "./facts"
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
    const problem = problemOf(cmd, args, options, runtime)
    if (problem) return refuse(problem, streams, options)
    const asked = askedOf(whose, cmd, args, options)
    const name = named(called, [cmd, args, options])
    if (streams) return processOf(asked, name, options?.stream ?? {}, deps)
    return transport.call(asked, name) as Promise<v1.ExecResult>
  }

  /**
   * Rancher Desktop checks in the page and throws. The others pass the call to a process that starts
   * the command, and its TypeError comes back the way of a failed start (inferred).
   */
  function refuse(problem: TypeError, streams: boolean, options: Options) {
    if (runtime === "rancher-desktop") throw problem
    if (!streams) return Promise.reject(problem)
    Promise.resolve().then(() => guarded(deps, () => options?.stream?.onError?.(problem)))
    return { close: () => {} }
  }

  return exec
}

/** Rancher Desktop asks whether `stream` is there, Podman Desktop whether it is something (source). */
function wantsStream(options: Options, runtime: Runtime): boolean {
  if (typeof options !== "object" || options === null) return false
  return runtime === "rancher-desktop" ? "stream" in options : Boolean(options.stream)
}

/** What Rancher Desktop refuses (its preload script), and of that what no other one could run. */
function problemOf(cmd: unknown, args: unknown, options: Options, runtime: Runtime): TypeError | undefined {
  if (typeof cmd !== "string") return wrong("cmd", "string", cmd)
  if (!Array.isArray(args)) return wrong("args", "array", args)
  if (runtime !== "rancher-desktop") return undefined
  const odd = args.findIndex((arg) => typeof arg !== "string")
  if (odd >= 0) return wrong(`args[${odd}]`, "string", args[odd])
  const cwd: unknown = options?.cwd
  if (cwd !== undefined && typeof cwd !== "string") return wrong("options.cwd", "string", cwd)
  const env: unknown = options?.env
  if (env === undefined) return undefined
  if (typeof env !== "object" || env === null) return wrong("options.env", "object", env)
  const pair = Object.entries(env).find(([, value]) => value !== undefined && typeof value !== "string")
  return pair && wrong(`options.env.${pair[0]}`, "string", pair[1])
}

function wrong(name: string, wanted: string, value: unknown): TypeError {
  const of = typeof value === "object" && value !== null ? value.constructor?.name : undefined
  const got = of ? `an instance of ${of}` : value === null ? "null" : typeof value
  return new TypeError(`The "${name}" argument must be of type ${wanted}. Received ${got}`)
}

export function askedOf(
  whose: CliTarget,
  cmd: string,
  args: readonly unknown[],
  options?: Options,
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
  if (options?.stream) asked.stream = { splitLines: Boolean(options.stream.splitOutputLines) }
  else if (options && "stream" in options) asked.stream = { splitLines: false }
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
        const text = `close() has no effect on ${RUNTIME_NAMES[runtime]}: the command continues.`
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

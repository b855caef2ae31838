/** A run of code: everything between the port and the code, with no need of a real Worker. */
import { createDdClient } from "../sdk/client"
import { placer } from "../sdk/place"
import { Port } from "../sdk/port"
import { portTransport } from "../sdk/transport"
import { Alive, timersOf } from "./alive"
import type { Begin, FromConsole, ToConsole } from "../bridge/messages"
import { codeStack, firstPlace, LINES_BEFORE } from "./stack-frames"
import { consoleProxy } from "../bridge/console-proxy"
import { PrintQueue } from "../bridge/print-queue"
import { requireOf } from "./scope"
import { serialize } from "../bridge/serialize"

/** The body of the code as a function. It gives the value of a last expression in a list. */
export type Body = (require: unknown, exports: object, module: object) => Promise<unknown>

/** What a run needs of the thread that it is in. */
export interface Thread {
  scope: typeof globalThis
  post(text: string): void
  /** Makes a script's address; it is also what stacks name. */
  scriptOf(text: string): string
  /** Runs the script at an address. */
  load(url: string): void
  client: object
}

export class Run {
  readonly #port: Port
  readonly #alive: Alive
  readonly #thread: Thread
  readonly #take: (message: ToConsole) => void
  readonly #printQueue: PrintQueue
  #script = ""
  #threw = false

  constructor(thread: Thread, { facts }: Begin) {
    const { scope } = thread
    const later = scope.setTimeout.bind(scope)
    this.#thread = thread
    const now = scope.performance.now.bind(scope.performance)
    this.#port = new Port(thread.post)
    this.#printQueue = new PrintQueue(this.#port, now)
    this.#alive = new Alive(() => this.#over(), later)
    const place = placer((stack) => {
      const at = firstPlace(this.#stack(stack))
      return at && `code:${at.line}:${at.column}`
    })
    const transport = portTransport(this.#port, facts.runtime, this.#alive, place)
    this.#take = (message) => transport.take(message)
    const uncaught = (error: unknown): void => this.uncaught(error, false)
    const clock = {
      setTimeout: scope.setTimeout.bind(scope),
      clearTimeout: scope.clearTimeout.bind(scope),
      setInterval: scope.setInterval.bind(scope),
      clearInterval: scope.clearInterval.bind(scope),
    }
    Object.assign(scope, timersOf(clock as never, this.#alive, uncaught))
    Object.defineProperty(scope, "console", {
      value: consoleProxy(
        (level, values) => this.#printQueue.print({ kind: "print", level, values }),
        this.#stack,
        now,
        () => this.#printQueue.wanted(),
      ),
      writable: true,
      configurable: true,
    })
    Object.defineProperty(scope, "window", { value: scope, configurable: true })
    Object.defineProperty(scope, "ddClient", {
      value: createDdClient(transport, facts, uncaught),
      writable: true,
      configurable: true,
    })
  }

  /** A message of the window. */
  take(message: ToConsole): void {
    this.#take(message)
  }

  /** Runs it; what it throws is told. */
  async begin({ js }: Begin): Promise<void> {
    this.#alive.began()
    const body = this.#bodyOf(js)
    if (body !== undefined) {
      const module = { exports: {} }
      const require = requireOf({
        "@docker/extension-api-client": this.#thread.client,
        "@docker/extension-api-client-types": {},
      })
      try {
        this.#result(await body.call(this.#thread.scope, require, module.exports, module))
      } catch (thrown) {
        this.#threw = true
        this.uncaught(thrown, false)
      }
    }
    this.#alive.ended()
  }

  /** Tells the value of the last expression; that of a promise when there is one. `undefined` says nothing. */
  #result(returned: unknown): void {
    const value: unknown = Array.isArray(returned) ? returned[0] : undefined
    const tell = (value: unknown): void => {
      if (value === undefined || !this.#printQueue.wanted()) return
      this.#printQueue.print({ kind: "result", value: serialize(value, this.#stack) })
    }
    // An uncaught rejection has its own event: this passes it on.
    if (value instanceof Promise) void value.then(tell)
    else tell(value)
  }

  /** Something was thrown, and nobody caught it. */
  uncaught(error: unknown, promise: boolean, place?: { line: number; column: number }): void {
    const shown = serialize(error, this.#stack)
    const at = (shown.kind === "error" ? firstPlace(shown.stack) : undefined) ?? place
    this.#printQueue.print({ kind: "uncaught", error: shown, promise, ...at })
  }

  /** Compiles it as a script, so that nothing has to be evaluated, and takes the function it leaves. */
  #bodyOf(js: string): Body | undefined {
    const { scope, load, scriptOf } = this.#thread
    const place = `code${Math.random().toString(36).slice(2)}`
    let body: Body | undefined
    Object.defineProperty(scope, place, {
      configurable: true,
      set: (made: Body) => {
        body = made
      },
    })
    try {
      this.#script = scriptOf(`self.${place} = async function (require, exports, module) {\n${js}\n}\n`)
      load(this.#script)
      return body
    } catch (thrown) {
      const error = thrown as { message?: unknown; sourceURL?: unknown; line?: unknown }
      // WebKit tells the line, if the error is of that script and not of the one that loads it.
      const ours = error.sourceURL === this.#script && typeof error.line === "number"
      const at = ours ? { line: (error.line as number) - LINES_BEFORE, column: 1 } : undefined
      this.#threw = true
      this.#port.force({
        kind: "problem",
        text: String(error.message).slice(0, 2000),
        ...at,
      } satisfies FromConsole)
      return undefined
    } finally {
      Reflect.deleteProperty(scope, place)
    }
  }

  #stack = (stack: string): string => codeStack(stack, this.#script)

  #over(): void {
    this.#printQueue.tellDropped()
    this.#port.force({ kind: "over", threw: this.#threw } satisfies FromConsole)
  }
}

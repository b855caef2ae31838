/** The page's side of the language worker. */
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping"
import type { Answer, Question, Questions } from "./protocol"
import type { Compiled } from "./compiled"

/** What asks the worker; it is started with the first question and stays. */
export class Language {
  #worker: Worker | undefined
  #start: () => Worker
  #count = 0
  /** Who waits. The editor has one question of a kind in flight, so that they are a handful. */
  #waiting = new Map<number, { done: (answer: unknown) => void; failed: (why: Error) => void }>()

  constructor(start: () => Worker) {
    this.#start = start
  }

  ask<K extends keyof Questions>(what: K, args: Questions[K]["args"]): Promise<Questions[K]["answer"]> {
    const worker = (this.#worker ??= this.#started())
    const n = ++this.#count
    return new Promise((done, failed) => {
      this.#waiting.set(n, { done: done as (answer: unknown) => void, failed })
      worker.postMessage({ n, what, args } as Question)
    })
  }

  #started(): Worker {
    const worker = this.#start()
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const waits = this.#waiting.get(data.n)
      this.#waiting.delete(data.n)
      if ("failed" in data) waits?.failed(new Error(data.failed))
      else waits?.done(data.answer)
    })
    // It cannot be loaded, or broke down: a caller that waits gets an error, and the next question starts another.
    worker.addEventListener("error", (event) => {
      const why = new Error(event.message || "The language worker could not be started.")
      for (const { failed } of this.#waiting.values()) failed(why)
      this.#waiting.clear()
      worker.terminate()
      this.#worker = undefined
    })
    return worker
  }
}

export const language = new Language(
  () => new Worker(new URL("./language.worker.ts", import.meta.url), { type: "module", name: "language" }),
)

/** Turns what was typed into what the console runs. */
export async function compile(code: string, from: Language = language): Promise<Compiled> {
  const { js, map, problem } = await from.ask("compile", { code })
  const traced = map === "" ? undefined : new TraceMap(map)
  return {
    js,
    place: (line, column) => {
      if (!traced || line < 1 || column < 1) return undefined
      // The map counts columns from 0.
      const found = originalPositionFor(traced, { line, column: column - 1 })
      return found.line === null ? undefined : { line: found.line, column: found.column + 1 }
    },
    ...(problem ? { problem } : {}),
  }
}

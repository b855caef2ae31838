/**
 * The Worker that runs the code: a thread that can be ended whatever it does. The way out of it is
 * taken and removed before any code runs, so that nothing but `Port` can send anything.
 */
import * as client from "@docker/extension-api-client"
import type { Begin, ToConsole } from "../bridge/messages"
import { Run } from "./run"
import { seal } from "./scope"

/** What a Worker's scope has and a window's has not, or has otherwise. */
interface WorkerScope {
  postMessage(message: unknown): void
  importScripts(url: string): void
}

const scope = self as unknown as typeof globalThis & WorkerScope
const post = (scope as WorkerScope).postMessage.bind(scope)
const load = scope.importScripts.bind(scope)
const listen = scope.addEventListener.bind(scope)
const makeUrl = URL.createObjectURL.bind(URL)
const BlobHere = Blob
const dataOf = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data")!.get!
const stop = Event.prototype.stopImmediatePropagation
const { apply } = Reflect

let run: Run | undefined

listen("message", (event: MessageEvent) => {
  // The code can dispatch events too, but none that the engine trusts.
  if (!event.isTrusted) return
  // What the window says is for this alone.
  apply(stop, event, [])
  const data: unknown = apply(dataOf, event, [])
  if (run) return run.take(data as ToConsole)
  const begin = data as Begin
  run = new Run(
    {
      scope,
      post: (text) => post(text),
      scriptOf: (text) => makeUrl(new BlobHere([text], { type: "text/javascript" })),
      load: (url) => load(url),
      client,
    },
    begin,
  )
  seal(scope)
  void run.begin(begin)
})

listen("error", (event: ErrorEvent) => {
  event.preventDefault()
  run?.uncaught(event.error ?? new Error(event.message), false)
})

listen("unhandledrejection", (event: PromiseRejectionEvent) => {
  event.preventDefault()
  run?.uncaught(event.reason, true)
})

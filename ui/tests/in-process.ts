/** The console's frame without a frame: the real run of the code, in this process and unprotected. */
import * as client from "@docker/extension-api-client"
import type { Listener, OpenFrame } from "../src/console/host"
import type { Begin, ToConsole } from "../src/bridge/messages"
import { readFromConsole } from "../src/bridge/reading"
import { Run } from "../src/console/run"

/** A scope with what a Worker's has and a run needs. */
export function scopeOf(): typeof globalThis {
  const { setTimeout, clearTimeout, setInterval, clearInterval, performance } = globalThis
  return { setTimeout, clearTimeout, setInterval, clearInterval, performance } as typeof globalThis
}

export interface InProcess {
  open: OpenFrame
  /** What the code's side said, as text. */
  said: string[]
  /** What it was told. */
  told: ToConsole[]
  /** Frames that are open. */
  frames: number
}

export function inProcess(room = true): InProcess {
  const made: InProcess = { open, said: [], told: [], frames: 0 }
  function open(begin: Begin, to: Listener) {
    made.frames += 1
    let isOpen = true
    const scope = scopeOf()
    const scripts: string[] = []
    const run = new Run(
      {
        scope,
        post: (text) => {
          if (!isOpen) return
          made.said.push(text)
          queueMicrotask(() => {
            if (!isOpen) return
            const message = readFromConsole(text)
            if (message) to.told(message, text.length)
            else to.ended("failed", `no message: ${text.slice(0, 200)}`)
            if (room) run.take({ kind: "room", messages: 1, chars: text.length })
          })
        },
        scriptOf: (text) => `blob:null/${scripts.push(text) - 1}`,
        load: (url) => {
          const text = scripts[Number(url.slice("blob:null/".length))]!
          new Function("self", "window", "ddClient", "console", "setTimeout", "clearTimeout", `${text}`)(
            scope,
            scope,
            (scope as { ddClient?: unknown }).ddClient,
            scope.console,
            scope.setTimeout,
            scope.clearTimeout,
          )
        },
        client,
      },
      begin,
    )
    void run.begin(begin)
    return {
      post: (message: ToConsole) => {
        made.told.push(message)
        if (isOpen) queueMicrotask(() => isOpen && run.take(structuredClone(message)))
      },
      end: () => {
        if (isOpen) made.frames -= 1
        isOpen = false
      },
    }
  }
  return made
}

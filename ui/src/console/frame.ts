/**
 * The frame between the window and the code: it has an opaque origin, starts the Worker, hands
 * messages on and ends the Worker when too many come. It shares the window's thread, so that it
 * does nothing else. No code of anybody else's runs in it.
 */
import workerScript from "virtual:console-worker"
import type { ToConsole, Begin, FromFrame } from "../bridge/messages"
import { FlowControl } from "../bridge/flow-control"

addEventListener("message", function begin(event) {
  const [port] = event.ports
  if (event.source !== parent || port === undefined) return
  removeEventListener("message", begin)
  start(port, event.data as Begin)
})

function start(port: MessagePort, begin: Begin): void {
  const flow = new FlowControl()
  const url = URL.createObjectURL(new Blob([workerScript], { type: "text/javascript" }))
  const worker = new Worker(url)

  function end(message: FromFrame): void {
    worker.onmessage = null
    worker.terminate()
    port.postMessage(message)
  }

  worker.onmessage = ({ data }: MessageEvent<unknown>) => {
    const wrong = flow.add(data)
    if (wrong === undefined) port.postMessage(data)
    else end({ kind: "flood", text: wrong })
  }
  worker.onmessageerror = () => end({ kind: "broken", text: "A message of the code could not be read." })
  worker.onerror = (event) => {
    event.preventDefault()
    end({
      kind: "broken",
      text: `The thread that runs the code failed: ${event.message || "it could not be started"}.`,
    })
  }
  port.onmessage = ({ data }: MessageEvent<ToConsole>) => {
    if (data.kind === "room") flow.taken(data.messages, data.chars)
    worker.postMessage(data)
  }
  port.postMessage({ kind: "started" } satisfies FromFrame)
  worker.postMessage(begin)
}

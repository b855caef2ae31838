/** What the console shows in the dev page: nothing runs, each scene is one state of it. */
import { examples } from "../src/model/console/examples"
import type { SerializedValue } from "../src/bridge/serialized"
import type { Entry } from "../src/model/guest/entry"
import type { Prompt } from "../src/ipc/generated/Prompt"
import { prompt } from "./gate"

export class DevConsole {
  code = $state("")
  running = $state(false)
  entries = $state.raw<readonly Entry[]>([])
  dropped = $state(0)
  prompt = $state.raw<Prompt>()
  dialog = $state.raw<{ title: string }>()

  async run() {
    this.running = true
    this.#add({ kind: "print", level: "log", values: [text("it ran")] })
  }
  stop() {
    this.running = false
    this.#add({ kind: "end", how: "stopped", text: "stopped" })
  }
  clear() {
    this.entries = []
    this.dropped = 0
  }
  answerDialog(paths?: string[]) {
    this.dialog = undefined
    this.#add({ kind: "print", level: "log", values: [text(paths?.join(", ") ?? "cancelled")] })
  }

  #add(what: Entry["what"]) {
    this.entries = [...this.entries, { n: this.entries.length + 1, atMs: performance.now(), what }]
  }
}

const text = (text: string): SerializedValue => ({ kind: "text", text, cut: 0 })
const number = (n: number): SerializedValue => ({ kind: "plain", of: "number", text: String(n) })
const object = (name: string, fields: Record<string, SerializedValue>, more = 0): SerializedValue => ({
  kind: "object",
  name,
  fields: Object.entries(fields),
  more,
})
const list = (...items: SerializedValue[]): SerializedValue => ({
  kind: "list",
  name: "Array",
  length: items.length,
  items,
  more: 0,
})

const volume = object("Object", {
  name: text("pg data"),
  size: { kind: "plain", of: "bigint", text: "12345678901234567890n" },
  ok: { kind: "plain", of: "boolean", text: "true" },
  labels: list(text("a"), text("b")),
  parent: { kind: "plain", of: "null", text: "null" },
  options: object("Map", { mode: text("rw"), deep: { kind: "ellipsis", text: "{…}" } }),
  clone: { kind: "function", name: "clone" },
})
const refusal: SerializedValue = {
  kind: "error",
  name: "ServiceError",
  message: "no such volume",
  stack: "ServiceError: no such volume\n    at clone (code:7:11)\n    at code:12:1",
  fields: [["statusCode", number(404)]],
}

function mixed(): Entry["what"][] {
  return [
    { kind: "call", text: 'ddClient.extension.vm.service.get("/hello")', askedMs: Date.now(), id: 1 },
    { kind: "print", level: "log", values: [text("hello"), volume] },
    { kind: "print", level: "info", values: [list(number(1), number(2.5), text("three"))] },
    {
      kind: "warning",
      text: "ddClient.backend.get is deprecated: ddClient.extension.vm.service.get is its current form.",
    },
    {
      kind: "call",
      text: 'ddClient.backend.post("/volumes/clone", {"name":"pg data"})',
      askedMs: Date.now(),
      id: 2,
    },
    { kind: "print", level: "error", values: [text("not cloned:"), refusal] },
    { kind: "print", level: "warn", values: [text("the volume is nearly full")] },
    { kind: "desktop", what: "toast", level: "success", text: "toast: success: The volume was cloned." },
    { kind: "desktop", what: "open", text: "would open https://docs.docker.com/extensions/" },
    { kind: "desktop", what: "navigate", text: "would show the container acme's logs" },
    {
      kind: "call",
      text: 'ddClient.extension.vm.cli.exec("/backup", ["--volume", "pg data", "--verbose"], {stream})',
      askedMs: Date.now(),
      id: 5,
    },
    { kind: "print", level: "debug", values: [text("segment 12 written, 4514 bytes at offset 6144")] },
  ]
}

const entriesOf = (whats: readonly Entry["what"][]) =>
  whats.map((what, at): Entry => ({ n: at + 1, atMs: 3 + at * at * 31.7, what }))

const BAD = `import React from "react"

const data = await ddClient.extension.vm.service.get("/volumes")
if (!data) console.error("no volumes")

const running = await ddClient.extension.vm.cli.exec("tail", ["-f", "log", "|", "grep", "x"], {
  stream: {
    onOutput(data) {
      if (data.stdout) console.error(data.stdout)
      else console.log(data.stderr)
    },
  },
})
window.ddClient.toastSuccess("done")
document.title = "done"
`

/** The console of a scene whose name begins with `console`. */
export function consoleScene(scene: string): DevConsole | undefined {
  if (!scene.startsWith("console")) return undefined
  const console = new DevConsole()
  console.code = examples.find(({ name }) => name === "exec with stream: wait for its end")!.code
  switch (scene) {
    case "console":
      console.running = true
      console.entries = entriesOf(mixed())
      break
    case "console-empty":
      console.code = ""
      break
    case "console-ask":
      console.running = true
      console.entries = entriesOf(mixed().slice(0, 3))
      console.prompt = prompt(1, {
        called: "ddClient.extension.host.cli.exec",
        rules: ["A plain exec goes through a shell, joined without quotes (reported)."],
      })
      break
    case "console-dialog":
      console.running = true
      console.entries = entriesOf(mixed().slice(0, 3))
      console.dialog = { title: "Where to save the volume" }
      break
    case "console-errors":
      console.code = BAD
      console.dropped = 1204
      console.entries = entriesOf([
        { kind: "problem", text: "Declaration or statement expected.", line: 3, column: 7 },
        {
          kind: "call",
          text: 'ddClient.extension.host.cli.exec("kubectl", ["version"])',
          askedMs: Date.now(),
          refused: "not allowed",
        },
        { kind: "call", text: 'ddClient.extension.vm.service.get("/volumes")', askedMs: Date.now(), id: 4 },
        { kind: "uncaught", error: refusal, line: 7, column: 11, promise: true },
        { kind: "end", how: "failed", text: "failed after 1.2 s" },
      ])
      break
    case "console-flood":
      console.dropped = 90_000
      console.entries = entriesOf(
        Array.from({ length: 5000 }, (_, n) => ({
          kind: "print",
          level: "log",
          values: [text(`line ${n}`), volume],
        })),
      )
      break
  }
  return console
}

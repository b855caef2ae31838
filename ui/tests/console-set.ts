/** A console on a fake shell, and its entries in a word or two. */
import { expect, vi } from "vitest"
import type { Callback } from "../src/ipc/generated/Callback"
import type { SdkOutcome } from "../src/ipc/generated/SdkOutcome"
import type { Plan } from "../src/ipc/generated/Plan"
import type { Runtime } from "../src/ipc/generated/Runtime"
import type { Value } from "../src/ipc/generated/Value"
import type { SerializedValue } from "../src/bridge/serialized"
import type { Entry } from "../src/model/guest/entry"
import { compile as turned } from "../src/language/compile"
import { asJavaScript, Console, type Compile } from "../src/model/console/console.svelte"
import { Permissions } from "../src/model/permission/permissions.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import { FakeShell, request } from "./fake"
import { FakeGate } from "./gate"
import { inProcess } from "./in-process"

export const json = (text: string): Value => ({ kind: "json", text, bytes: text.length, cut: false })
export const text = (text: string): Value => ({ kind: "text", text, bytes: text.length, cut: false })
export const resolved = (value: Value): SdkOutcome => ({ kind: "resolved", value })

export const hostPlan = (program: string, args: string[] = []): Plan => ({
  does: {
    kind: "command",
    command: {
      place: { kind: "host" },
      program,
      args,
      env: [{ name: "A", value: "b" }],
      envMode: "add",
      cwd: "/w",
    },
  },
  rules: [{ text: "A shell runs it.", certainty: "reported", from: "a thread" }],
  onHost: true,
})
export const requestPlan: Plan = {
  does: { kind: "request", request: request("GET", "/x") },
  rules: [],
  onHost: false,
}

export const output = (n: number, text_: string): Callback => ({
  n,
  atUs: n,
  what: {
    kind: "output",
    stream: "stdout",
    value: text(text_),
    beginsInCharacter: false,
    endsInCharacter: false,
    beginsInLine: false,
    endsInLine: false,
  },
})
export const closed = (n: number, code: string): Callback => ({
  n,
  atUs: n,
  what: { kind: "end", end: { kind: "close", code: { kind: "number", text: code } } },
})

export type Answers = NonNullable<ConstructorParameters<typeof FakeShell>[0]>

export interface Set {
  answers?: Answers
  plan?: Plan
  compile?: Compile
  runtime?: Runtime
  room?: boolean
}

export function consoleOf({
  answers = {},
  plan = requestPlan,
  compile = asJavaScript,
  runtime = "docker-desktop",
  room,
}: Set = {}) {
  const shell = new FakeShell({
    sdk_result: async () => ({ runtime, outcome: resolved(json('{"ok":1}')), rules: [], asRun: true }),
    stop: async () => {},
    cancel: async () => {},
    save_settings: async () => {},
    ...answers,
  })
  const settings = new Settings(shell)
  settings.runtime = runtime
  const permissions = new Permissions(shell)
  const gate = new FakeGate(() => plan)
  gate.of(shell, permissions)
  const frame = inProcess(room)
  const console = new Console(shell, {
    settings,
    permissions,
    machine: () => ({ platform: "linux", arch: "x64", hostname: "harbour" }),
    target: () => ({ name: "acme", container: "acme", host: { env: [] } }),
    compile,
    open: frame.open,
  })
  const run = async (code: string): Promise<string[]> => {
    console.code = code
    await console.run()
    await vi.waitFor(() => expect(console.running).toBe(false))
    return console.entries.map(said)
  }
  const begin = async (code: string): Promise<void> => {
    console.code = code
    await console.run()
  }
  const asked = (name: string) => shell.asked.filter((one) => one.name === name).map((one) => one.args)
  return { console, shell, settings, permissions, gate, frame, run, begin, asked }
}

/** An entry in a word or two. */
export function said({ what }: Entry): string {
  switch (what.kind) {
    case "print":
      return `${what.level} ${what.values.map(shownText).join(" ")}`
    case "result":
      return `result ${shownText(what.value)}`
    case "uncaught":
      return `uncaught ${shownText(what.error)}${what.promise ? " (promise)" : ""}`
    case "call":
      return `call ${what.text}${what.id === undefined ? "" : ` #${what.id}`}${what.refused ? ` refused: ${what.refused}` : ""}`
    case "desktop":
      return `${what.what}${what.level ? ` ${what.level}` : ""}: ${what.text}`
    case "end":
      return `end ${what.how}`
    case "unloaded":
      return `${what.kind}: ${what.reason}`
    case "finding":
      return `${what.kind}: ${what.summary}`
    default:
      return `${what.kind}: ${what.text}`
  }
}

export function shownText(shown: SerializedValue): string {
  if (shown.kind === "error") return `${shown.name}: ${shown.message}`
  if (shown.kind === "object")
    return `{${shown.fields.map(([name, value]) => `${name}:${shownText(value)}`).join()}}`
  if (shown.kind === "list") return `[${shown.items.map(shownText).join()}]`
  return "text" in shown ? shown.text : shown.name
}

export const streamed = (parts: Callback[][]): Answers => ({
  next_callbacks: async ({ from }) => {
    const at = parts.findIndex((part) => part[0]!.n === from)
    const rows = parts[at]!
    const ended = at === parts.length - 1
    return { from, total: from + rows.length, whole: true, ended, rows }
  },
})

export const typed: Compile = async (code) => ({ ...turned(code), place: () => undefined })

/** What the fake shell of the dev page says that code receives, what was found, and what is copied. */
import type { Callback } from "../src/ipc/generated/Callback"
import type { Commands } from "../src/ipc/generated/Commands"
import type { SdkOutcome } from "../src/ipc/generated/SdkOutcome"
import type { Field } from "../src/ipc/generated/Field"
import type { Diagnostic } from "../src/ipc/generated/Diagnostic"
import type { Form } from "../src/ipc/generated/Form"
import type { SdkResult } from "../src/ipc/generated/SdkResult"
import type { Rule } from "../src/ipc/generated/Rule"
import type { Runtime } from "../src/ipc/generated/Runtime"
import type { Value } from "../src/ipc/generated/Value"
import type { Entry } from "./dev-calls"
import { request } from "./fake"

const text = (text: string, bytes = text.length, cut = false): Value => ({ kind: "text", text, bytes, cut })
const number = (text: string): Value => ({ kind: "number", text })
const field = (name: string, value?: Value, differs = false): Field => ({
  name,
  differs,
  ...(value ? { value } : {}),
})
const rule = (text: string, certainty: Rule["certainty"], from: string): Rule => ({ text, certainty, from })

const shell = rule(
  "Ran through /bin/sh -c: quotes in arguments are eaten.",
  "reported",
  "Two public threads about quoting of exec with and without stream",
)
const nodes = rule(
  "A failed exec rejects with the error of Node's child_process.exec.",
  "reported",
  "A public thread that prints the whole rejection",
)
const bin = rule("Looked for only in the extension's bin.", "source", "The main process of Rancher Desktop")
const ignored = rule("cwd and env are ignored.", "source", "The Docker extension of Podman Desktop")
const noCode = rule(
  "A failed exec rejects with its output only.",
  "source",
  "The Docker extension of Podman Desktop",
)

const out = text('{\n  "clientVersion": {\n    "major": "1"', 812, true)
const err = text("Unable to connect to the server: dial tcp 127.0.0.1:6443: connect: connection refused\n")

function failed(): SdkResult[] {
  const cmd = field("cmd", text("kubectl version -o json"), true)
  const rest = [field("stdout", out), field("stderr", err)]
  const object = (fields: Field[], name?: string): SdkOutcome => ({
    kind: "rejected",
    value: { kind: "object", fields, ...(name ? { class: name } : {}) },
  })
  return [
    {
      runtime: "docker-desktop",
      asRun: false,
      rules: [shell, nodes],
      outcome: object([
        field("killed", { kind: "bool", value: false }, true),
        field("code", number("3"), true),
        field("signal", { kind: "null" }, true),
        cmd,
        ...rest,
      ]),
    },
    {
      runtime: "rancher-desktop",
      asRun: true,
      rules: [bin],
      outcome: object([
        cmd,
        field("code", number("3"), true),
        field("signal", { kind: "null" }, true),
        ...rest,
      ]),
    },
    {
      runtime: "podman-desktop",
      asRun: true,
      rules: [
        ignored,
        noCode,
        ...Array.from({ length: 4 }, () => rule("Without `stream` it waits.", "inferred", "Node")),
      ],
      outcome: object([
        field("code", undefined, true),
        field("cmd", undefined, true),
        field("signal", undefined, true),
        ...rest,
      ]),
    },
  ]
}

function ran(): SdkResult[] {
  const value = (code: Value | undefined): SdkOutcome => ({
    kind: "resolved",
    value: {
      kind: "object",
      fields: [
        field("code", code, true),
        field("stdout", text("ok\n")),
        field("stderr", text("")),
        ...["lines", "parseJsonLines", "parseJsonObject"].map((name) => field(name, { kind: "method" })),
      ],
    },
  })
  return [
    { runtime: "docker-desktop", asRun: true, rules: [nodes], outcome: value(undefined) },
    { runtime: "rancher-desktop", asRun: true, rules: [bin], outcome: value(number("0")) },
    { runtime: "podman-desktop", asRun: true, rules: [ignored], outcome: value(number("0")) },
  ]
}

function notFound(): SdkResult[] {
  const message =
    "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><hr>nginx</body></html>"
  const rejected = (name: string | undefined, fields: Field[]): SdkOutcome => ({
    kind: "rejected",
    value: { kind: "object", fields, ...(name ? { class: name } : {}) },
  })
  return [
    {
      runtime: "docker-desktop",
      asRun: true,
      rules: [
        rule("A status that is no success rejects with a ServiceError.", "documented", "The reference"),
      ],
      outcome: rejected("ServiceError", [
        field("name", text("ServiceError"), true),
        field("message", text(message), true),
        field("statusCode", number("404"), true),
      ]),
    },
    {
      runtime: "rancher-desktop",
      asRun: true,
      rules: [rule("The words of the status are the name.", "source", "Its preload script")],
      outcome: rejected(undefined, [
        field("statusCode", number("404"), true),
        field("name", text("Not Found"), true),
        field("message", text(message), true),
      ]),
    },
    {
      runtime: "podman-desktop",
      asRun: true,
      rules: [rule("Body and status are lost.", "source", "The Docker extension of Podman Desktop")],
      outcome: rejected("Error", [
        field("message", text("Response code 404 (Not Found)"), true),
        field("statusCode", undefined, true),
        field("name", text("Error"), true),
      ]),
    },
  ]
}

const body = `{"name":"pg data","size":12345678901234567890,"ok":true,"labels":["a","b"],"empty":{},"parent":null}`
function answered(): SdkResult[] {
  const value: Value = { kind: "json", text: body, bytes: body.length, cut: false }
  const json = rule(
    "A body that is JSON is parsed, any other one is a string.",
    "documented",
    "The reference",
  )
  return (["docker-desktop", "rancher-desktop", "podman-desktop"] as const).map((runtime) => ({
    runtime,
    asRun: true,
    rules: [json],
    outcome: { kind: "resolved", value },
  }))
}

function streamed(live: boolean): SdkResult[] {
  const of = (runtime: Runtime, outcome: SdkOutcome, rules: Rule[]): SdkResult => ({
    runtime,
    asRun: true,
    rules,
    outcome: live ? { kind: "streamed", end: { kind: "open" } } : outcome,
  })
  return [
    of("docker-desktop", { kind: "streamed", end: { kind: "close", code: { kind: "null" } } }, [
      rule("A signal ends it with onClose(null).", "inferred", "The types, which have no signal there"),
    ]),
    of("rancher-desktop", { kind: "streamed", end: { kind: "error", error: text("SIGTERM") } }, [
      rule(
        "A signal goes to onError, and onClose never comes.",
        "source",
        "The main process of Rancher Desktop",
      ),
    ]),
    of("podman-desktop", { kind: "streamed", end: { kind: "close", code: number("0") } }, [ignored]),
  ]
}

/** What a hostile backend could make of it: long, many, deep, and of signs that hide or turn. */
function odd(): SdkResult[] {
  const turned = '\u202eabc\u200b<img src=x onerror="document.title = 1">'
  const long = "long".repeat(2_000)
  const deep = `${"[".repeat(2_000)}${"]".repeat(2_000)}`
  const body = `{"deep":${deep},"${turned.replaceAll('"', "'")}":"${long}"}`
  const fields = Array.from({ length: 300 }, (_, i) => field(`${turned}${i}`, text(long), true))
  return [
    {
      runtime: "docker-desktop",
      asRun: true,
      rules: [rule(turned + long, "inferred", long)],
      outcome: { kind: "resolved", value: { kind: "json", text: body, bytes: body.length, cut: false } },
    },
    {
      runtime: "rancher-desktop",
      asRun: false,
      rules: [],
      outcome: { kind: "rejected", value: { kind: "object", class: "E".repeat(200), fields } },
    },
    {
      runtime: "podman-desktop",
      asRun: true,
      rules: [],
      outcome: {
        kind: "thrown",
        value: { kind: "object", class: "TypeError", fields: [field("m", text(turned))] },
      },
    },
  ]
}

const TELL: Diagnostic = {
  code: "error-without-code",
  severity: "warning",
  summary: "Your code cannot tell 3 from any other failure on Podman Desktop.",
  impact: "The rejection has no code, so error.code is undefined there.",
  fix: "Print the code to stderr, or test error.code !== undefined first.",
  effects: [],
  runtimes: ["podman-desktop"],
}
const QUOTES: Diagnostic = {
  code: "argument-split",
  severity: "error",
  summary: "The argument “pg data” reaches the program as two.",
  impact: "A plain exec on Docker Desktop is joined to one line for a shell.",
  fix: "Ask with stream, or quote the argument for a shell yourself.",
  effects: [],
  runtimes: ["docker-desktop"],
}
const STDERR: Diagnostic = {
  code: "stderr-with-success",
  severity: "note",
  summary: "It wrote 912 bytes to stderr and ended well.",
  impact: "Code that takes any stderr for a failure is wrong here.",
  fix: "Test the exit code.",
  effects: [],
  runtimes: [],
}

const CALLBACKS = 10_000_000
function callback(n: number, split: boolean, bytes: boolean): Callback {
  const plain = `segment ${n % 97} written, ${(n * 37) % 8192} bytes at offset ${n * 512}`
  const whole = split ? plain : `${plain}\nsegment ${(n + 1) % 97} wri`
  const hole = !split && n % 11 === 5
  const value = { text: hole ? `${whole} caf\ufffd` : whole, bytes: whole.length + 2, cut: n % 41 === 7 }
  return {
    n,
    atUs: n * 29.7,
    what: {
      kind: "output",
      stream: n % 7 === 4 ? "stderr" : "stdout",
      value: bytes ? { kind: "bytes", ...value } : { kind: "text", ...value },
      beginsInCharacter: !split && n % 11 === 6,
      endsInCharacter: hole,
      beginsInLine: !split && n > 0,
      endsInLine: !split,
    },
  }
}

const exec = `ddClient.extension.vm.cli.exec("/backup", ["--volume", "pg data", "--verbose"], {
  cwd: "/data",
  env: { LEVEL: "debug" },
  stream: {
    onOutput(data) {},
    onError(error) {},
    onClose(exitCode) {},
  },
})`
const FORMS: Record<"request" | "command", Form[]> = {
  request: [
    { kind: "current", text: 'await ddClient.extension.vm.service.get("/hello")', notes: [] },
    { kind: "deprecated", text: 'await window.ddClient.backend.get("/hello")', notes: [] },
    {
      kind: "curl",
      text: "curl --unix-socket /run/user/1000/porthole/demo.sock http://localhost/hello",
      notes: [],
    },
    {
      kind: "curl_powershell",
      text: "curl.exe --unix-socket '/run/user/1000/porthole/demo.sock' 'http://localhost/hello'",
      notes: ["Windows has curl.exe since 2018; curl alone is another command there."],
    },
  ],
  command: [
    { kind: "current", text: exec, notes: [] },
    {
      kind: "deprecated",
      text: 'window.ddClient.backend.spawnInVMExtension("/backup", ["--volume", "pg data"], (data, err) => {})',
      notes: ["It has neither cwd nor env: /data and LEVEL are not in it."],
    },
    {
      kind: "docker_exec",
      text: "docker exec -w /data -e LEVEL=debug acme /backup --volume 'pg data' --verbose",
      notes: [],
    },
    { kind: "shell", text: "", notes: ["A container's command is no command of this machine."] },
  ],
}

function callbacksOf(
  { row }: Entry,
  live: boolean,
  { runtime, split, from, count }: Commands["callbacks"]["args"],
) {
  const total = live ? row.counts.chunks : CALLBACKS
  const last = live ? total : total - 1
  const rows: Callback[] = Array.from({ length: Math.max(0, Math.min(count, last - from)) }, (_, i) =>
    callback(from + i, split, runtime === "podman-desktop"),
  )
  if (!live && from + count >= total) {
    const end = { kind: "close" as const, code: number("0") }
    rows.push({ n: last, atUs: last * 29.7, what: { kind: "end", end } })
  }
  const lost = { text: "segment 12 w", bytes: 12, cut: false }
  return {
    from,
    total,
    whole: !(live && split),
    ended: !live,
    rows,
    ...(!live && split && runtime !== "docker-desktop" ? { lost } : {}),
  }
}

/** The answers; `entry` is the Call of a number. */
export function aboutCalls(entry: (id: number) => Entry, scene: string) {
  const live = (id: number) => entry(id).row.tookUs === undefined
  return {
    sdk_results: async ({ id }: Commands["sdk_results"]["args"]) => {
      const { row, call } = entry(id)
      if (scene === "odd") return odd()
      if (row.http)
        return row.outcome.kind === "status" && row.outcome.status >= 400 ? notFound() : answered()
      if (call.act.kind === "run" && call.act.command.stream) return streamed(live(id))
      if (live(id)) {
        const kinds = ["pending", "pending", "never"] as const
        return streamed(true).map((one, i) => ({ ...one, outcome: { kind: kinds[i]! } }))
      }
      return row.outcome.kind === "ended" && "code" in row.outcome.ending && row.outcome.ending.code === 0
        ? ran()
        : failed()
    },
    callbacks: async (args: Commands["callbacks"]["args"]) =>
      callbacksOf(entry(args.id), live(args.id), args),
    diagnostics: async ({ id }: Commands["diagnostics"]["args"]) => {
      const { errors, warnings, notes } = entry(id).row.found
      return [...(notes ? [STDERR] : []), ...(warnings ? [TELL] : []), ...(errors ? [QUOTES] : [])]
    },
    code: async ({ composed }: Commands["code"]["args"]) =>
      composed.kind === "console" ? [] : FORMS[composed.kind],
    paste: async ({ text }: Commands["paste"]["args"]) => {
      if (!/curl/.test(text))
        throw {
          code: "paste_unknown",
          message: "That is no curl or docker exec line.",
          hint: "Paste a whole one.",
        }
      return {
        composed: {
          kind: "request" as const,
          ...request("POST", "/pasted", { headers: [{ name: "A", value: "b" }] }),
        },
        notes: ["-s was left out: it has no meaning here."],
      }
    },
  }
}

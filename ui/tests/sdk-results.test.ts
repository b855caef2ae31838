import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Call } from "../src/ipc/generated/Call"
import type { Callback } from "../src/ipc/generated/Callback"
import type { Diagnostic } from "../src/ipc/generated/Diagnostic"
import type { Runtime } from "../src/ipc/generated/Runtime"
import type { Streaming } from "../src/ipc/generated/Streaming"
import { composedOf } from "../src/model/composer/code.svelte"
import { Detail } from "../src/model/detail/detail.svelte"
import { bySeverity, foundWords, gravest } from "../src/model/detail/diagnostics"
import { namesOf, RUNTIMES, weakest } from "../src/model/target/runtimes"
import { FakeShell, request, settle, summary } from "./fake"

const command = {
  place: { kind: "host" },
  program: "sh",
  args: ["-c", "x"],
  env: [],
  envMode: "add",
} as const

function run(id: number, stream?: Streaming): Call {
  return {
    id,
    origin: "composer",
    beganMs: 0,
    act: {
      kind: "run",
      stops: [],
      command: { ...command, args: [...command.args], env: [], ...(stream ? { stream } : {}) },
    },
  }
}

const running = (id: number, bytes = 0) =>
  summary(id, {
    http: false,
    outcome: { kind: "running" },
    counts: { stdout: { bytes, lines: 1 }, stderr: { bytes: 0, lines: 0 }, chunks: 1 },
  })
const ended = (id: number) =>
  summary(id, { http: false, outcome: { kind: "ended", ending: { kind: "exited", code: 0 } } })

let runtime: Runtime
let stream: Streaming | undefined
let total: number
let whole: boolean
const row = (n: number): Callback => ({
  n,
  atUs: n,
  what: {
    kind: "output",
    stream: "stderr",
    value: { kind: "text", text: `row ${n}\n`, bytes: 6, cut: false },
    beginsInCharacter: false,
    endsInCharacter: false,
    beginsInLine: false,
    endsInLine: false,
  },
})
const shell = new FakeShell({
  call: async ({ id }) => run(id, stream),
  sdk_results: async () => [
    {
      runtime: "docker-desktop",
      outcome: { kind: "streamed", end: { kind: "open" } },
      rules: [],
      asRun: true,
    },
    { runtime: "podman-desktop", outcome: { kind: "pending" }, rules: [], asRun: true },
  ],
  diagnostics: async () => [],
  callbacks: async ({ from, count }) => ({
    from,
    total,
    whole,
    ended: false,
    rows: Array.from({ length: Math.max(0, Math.min(count, total - from)) }, (_, i) => row(from + i)),
    lost: { text: "x", bytes: 1, cut: false },
  }),
  code: async ({ composed }) => [{ kind: "current", text: JSON.stringify(composed), notes: [] }],
})
const asked = (name: string) => shell.asked.filter((asked) => asked.name === name)

beforeEach(() => {
  shell.asked = []
  runtime = "docker-desktop"
  stream = undefined
  total = 3
  whole = true
})
afterEach(() => {
  vi.useRealTimers()
})

test("what nobody looks at is not asked for", async () => {
  const detail = new Detail(shell, () => runtime)
  detail.look(1, ended(1))
  await settle()
  expect(shell.asked.map(({ name }) => name)).toEqual(["call"])
  detail.tab = "received"
  await settle()
  expect(asked("sdk_results")).toHaveLength(1)
  expect(asked("diagnostics")).toHaveLength(1)
  expect(asked("code")).toHaveLength(0)
})

test("it is asked again when the call ends, and seldom while only its counts grow", async () => {
  const detail = new Detail(shell, () => runtime)
  detail.tab = "received"
  detail.look(1, running(1))
  await settle()
  for (let bytes = 1; bytes < 50; bytes++) detail.look(1, running(1, bytes))
  await settle()
  expect(asked("sdk_results")).toHaveLength(1)
  detail.look(1, ended(1))
  await settle()
  expect(asked("sdk_results")).toHaveLength(2)
})

test("an answer about another call is not shown", async () => {
  let answer: (found: Diagnostic[]) => void = () => {}
  const slow = new FakeShell({
    call: async ({ id }) => run(id),
    diagnostics: ({ id }) => (id === 1 ? new Promise((done) => (answer = done)) : Promise.resolve([])),
  })
  const detail = new Detail(slow)
  detail.tab = "findings"
  detail.look(1, ended(1))
  detail.look(2, ended(2))
  answer([
    { code: "exit-126", effects: [], severity: "note", summary: "", impact: "", fix: "", runtimes: [] },
  ])
  await settle()
  expect(detail.diagnostics.value).toEqual([])
})

test("callbacks are counted for those Runtimes on which they come, as they were asked for", async () => {
  stream = { splitLines: true }
  const detail = new Detail(shell, () => runtime)
  detail.tab = "received"
  detail.look(1, running(1))
  await settle()
  expect(asked("callbacks").map(({ args }) => args)).toEqual([
    { id: 1, runtime: "docker-desktop", split: true, from: 0, count: 0 },
  ])
  const outcomes = detail.results.outcomes!
  expect(outcomes.map(({ callbacks }) => callbacks)).toEqual([{ total: 3, whole: true }, undefined])
})

test("callbacks are asked as the code asked for them, until somebody chooses otherwise for this call", async () => {
  stream = { splitLines: true }
  const detail = new Detail(shell, () => runtime)
  const { callbacks } = detail
  callbacks.lines.fit(5)
  detail.tab = "callbacks"
  detail.look(1, ended(1))
  await settle()
  expect(asked("callbacks").at(-1)!.args).toMatchObject({ runtime: "docker-desktop", split: true })
  expect([callbacks.way, callbacks.lines.total]).toEqual(["lines", 3])
  expect(callbacks.lines.drawn[0]!.line).toMatchObject({ stream: "stderr", text: '"row 0\\n"', atUs: 0 })
  callbacks.choose(false)
  await settle()
  expect(asked("callbacks").at(-1)!.args).toMatchObject({ split: false })
  detail.look(2, ended(2))
  await settle()
  expect(asked("callbacks").at(-1)!.args).toMatchObject({ id: 2, split: true })
})

test("another Runtime has other callbacks, and what it loses is not said of the next one", async () => {
  const detail = new Detail(shell, () => runtime)
  const { callbacks } = detail
  callbacks.lines.fit(5)
  detail.tab = "callbacks"
  detail.look(1, ended(1))
  await settle()
  expect([callbacks.way, callbacks.lost?.bytes]).toEqual(["plain", 1])
  runtime = "podman-desktop"
  detail.again()
  expect(callbacks.lost).toBeUndefined()
  await settle()
  expect(asked("callbacks").at(-1)!.args).toMatchObject({ runtime: "podman-desktop", split: false })
})

test("callbacks of a long output are counted in steps: they are asked again until all are counted", async () => {
  vi.useFakeTimers()
  whole = false
  const detail = new Detail(shell, () => runtime)
  const { callbacks } = detail
  callbacks.lines.fit(5)
  detail.tab = "callbacks"
  detail.look(1, ended(1))
  await settle()
  expect([callbacks.whole, callbacks.lines.total]).toEqual([false, 3])
  total = 10
  whole = true
  vi.advanceTimersByTime(100)
  await settle()
  expect([callbacks.whole, callbacks.lines.total]).toEqual([true, 10])
  const before = shell.asked.length
  vi.advanceTimersByTime(1_000)
  await settle()
  expect(shell.asked).toHaveLength(before)
})

test("an exchange has no callbacks: another tab is shown, and the chosen one comes back with a run", () => {
  const detail = new Detail(shell)
  detail.tab = "callbacks"
  detail.look(1, summary(1))
  expect(detail.shown).toBe("received")
  detail.look(2, ended(2))
  expect(detail.shown).toBe("callbacks")
})

test("both generations of Podman Desktop have one name, where both are meant", () => {
  expect(namesOf(["rancher-desktop", "podman-desktop", "podman-desktop-older"])).toBe(
    "Rancher Desktop, Podman Desktop",
  )
  expect(namesOf(["docker-desktop", "podman-desktop-older"])).toBe("Docker Desktop, Podman Desktop (older)")
})

test("all rules together are as sure as the least sure one", () => {
  const rule = (certainty: "documented" | "source" | "reported" | "inferred") => ({
    text: "",
    from: "",
    certainty,
  })
  expect(weakest([rule("source"), rule("inferred"), rule("documented")])).toBe("inferred")
  expect(weakest([rule("documented"), rule("source")])).toBe("source")
  expect(weakest([])).toBeUndefined()
  expect(new Set(RUNTIMES.map(({ value }) => value)).size).toBe(4)
})

test("the gravest finding comes first, and a count says what it counts", () => {
  const diagnostic = (severity: Diagnostic["severity"], code: Diagnostic["code"]): Diagnostic => ({
    code,
    effects: [],
    severity,
    summary: "",
    impact: "",
    fix: "",
    runtimes: [],
  })
  const all = [
    diagnostic("note", "empty-body"),
    diagnostic("error", "not-json"),
    diagnostic("warning", "redirect"),
    diagnostic("error", "exit-126"),
  ]
  expect(bySeverity(all).map(({ code }) => code)).toEqual(["not-json", "exit-126", "redirect", "empty-body"])
  expect(gravest({ errors: 0, warnings: 1, notes: 4 })).toBe("warning")
  expect(gravest({ errors: 0, warnings: 0, notes: 0 })).toBeUndefined()
  expect(foundWords({ errors: 1, warnings: 2, notes: 0 })).toBe("1 error, 2 warnings")
})

test("the code of a call that code made is what was asked, not what a Runtime made of it", () => {
  const call = run(1)
  const exec = { kind: "exec", whose: "host", cmd: "kubectl", args: ["get"], line: false, env: [] } as const
  const asked = { ...exec, args: ["get"], env: [], stream: { splitLines: true } }
  const made = composedOf({ ...call, sdk: { runtime: "docker-desktop", asked } })
  expect(made).toMatchObject({
    kind: "command",
    program: "kubectl",
    args: ["get"],
    stream: { splitLines: true },
  })
  expect(composedOf(call)).toMatchObject({ program: "sh", args: ["-c", "x"] })
  const act = {
    kind: "exchange",
    endpoint: "unix:///x",
    reused: false,
    request: request("GET", "/a"),
    phases: {},
  } as const
  expect(composedOf({ ...call, act })).toEqual({ kind: "request", ...request("GET", "/a") })
})

test("the code of the selected call is asked for when it is looked at", async () => {
  const detail = new Detail(shell)
  detail.tab = "code"
  detail.look(1, ended(1))
  await settle()
  expect(detail.code.current?.text).toContain('"program":"sh"')
  detail.look(undefined, undefined)
  expect(detail.code.forms).toEqual([])
})

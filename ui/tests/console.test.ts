import { expect, test, vi } from "vitest"
import type { Callback } from "../src/ipc/generated/Callback"
import type { Commands } from "../src/ipc/generated/Commands"
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

const json = (text: string): Value => ({ kind: "json", text, bytes: text.length, cut: false })
const text = (text: string): Value => ({ kind: "text", text, bytes: text.length, cut: false })
const resolved = (value: Value): SdkOutcome => ({ kind: "resolved", value })

const hostPlan = (program: string, args: string[] = []): Plan => ({
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
const requestPlan: Plan = {
  does: { kind: "request", request: request("GET", "/x") },
  rules: [],
  onHost: false,
}

const output = (n: number, text_: string): Callback => ({
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
const closed = (n: number, code: string): Callback => ({
  n,
  atUs: n,
  what: { kind: "end", end: { kind: "close", code: { kind: "number", text: code } } },
})

type Answers = NonNullable<ConstructorParameters<typeof FakeShell>[0]>

interface Set {
  answers?: Answers
  plan?: Plan
  compile?: Compile
  runtime?: Runtime
  room?: boolean
}

function consoleOf({
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
function said({ what }: Entry): string {
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

function shownText(shown: SerializedValue): string {
  if (shown.kind === "error") return `${shown.name}: ${shown.message}`
  if (shown.kind === "object")
    return `{${shown.fields.map(([name, value]) => `${name}:${shownText(value)}`).join()}}`
  if (shown.kind === "list") return `[${shown.items.map(shownText).join()}]`
  return "text" in shown ? shown.text : shown.name
}

test("prints and calls stand in the order in which they happened, and a call names its Call", async () => {
  const { run } = consoleOf()
  const shown = await run(`
    console.log("before")
    const got = await window.ddClient.extension.vm.service.get("/hello")
    console.warn("after", got)
  `)
  expect(shown).toEqual([
    "log before",
    'call extension.vm.service.get("/hello") #1',
    "warn after {ok:1}",
    "end done",
  ])
})

test("entries count from 1 and begin anew with each run", async () => {
  const { console, run } = consoleOf()
  await run("console.log(1); console.log(2)")
  await run("console.log(3)")
  expect(console.entries.map((entry) => entry.n)).toEqual([1, 2])
})

test("code that throws ends as failed", async () => {
  const { console, run } = consoleOf()
  expect(await run("throw new TypeError('no')")).toEqual(["uncaught TypeError: no", "end failed"])
  expect(console.running).toBe(false)
})

test("code that cannot be compiled is not run, and says where", async () => {
  const problem = { text: "Expected a bracket.", line: 3, column: 7 }
  const { console, run, frame } = consoleOf({
    compile: async () => ({ js: "", place: () => undefined, problem }),
  })
  expect(await run("(")).toEqual(["problem: Expected a bracket.", "end failed"])
  expect(console.entries[0]!.what).toMatchObject({ line: 3, column: 7 })
  expect(frame.said).toEqual([])
})

test("code that compiles and is no JavaScript after all is a problem too", async () => {
  const { run } = consoleOf()
  const [problem, end] = await run("let x = ;")
  expect(problem).toContain("problem: Unexpected token")
  expect(end).toBe("end failed")
})

test("a compiler that breaks is said", async () => {
  const { run } = consoleOf({ compile: () => Promise.reject(new Error("the worker is gone")) })
  expect((await run("1"))[0]).toBe("problem: The code could not be started: the worker is gone")
})

test("an unhandled error in a timer is shown and the rest goes on", async () => {
  const { run } = consoleOf()
  const shown = await run(`
    setTimeout(() => { throw new Error("in a timer") }, 1)
    setTimeout(() => console.log("later"), 5)
  `)
  expect(shown).toEqual(["uncaught Error: in a timer", "log later", "end done"])
})

test("a run is over when nothing that it began goes on, not when its last line ran", async () => {
  let deliver = (): void => {}
  const { console, begin } = consoleOf({
    answers: {
      sdk_result: () =>
        new Promise((done) => {
          deliver = () =>
            done({ runtime: "docker-desktop", outcome: resolved(text("late")), rules: [], asRun: true })
        }),
    },
  })
  await begin('ddClient.extension.vm.service.get("/x").then((value) => console.log(value))')
  await vi.waitFor(() => expect(console.entries).toHaveLength(1))
  expect(console.running).toBe(true)
  deliver()
  await vi.waitFor(() => expect(console.running).toBe(false))
  expect(console.entries.map(said).slice(1)).toEqual(["log late", "end done"])
})

test("a promise that no Runtime settles does not keep a run alive once its code is through", async () => {
  const never: SdkOutcome = { kind: "never" }
  const { run } = consoleOf({
    answers: {
      sdk_result: async () => ({ runtime: "docker-desktop", outcome: never, rules: [], asRun: true }),
    },
  })
  const shown = await run('ddClient.extension.vm.service.get("/x").then(() => console.log("never"))')
  expect(shown).toEqual(['call extension.vm.service.get("/x") #1', "end done"])
})

test("a host command waits for the user, and once is once", async () => {
  const { console, permissions, gate, begin } = consoleOf({ plan: hostPlan("/bin/sh", ["-c", "ls a b"]) })
  await begin(`
    for (const name of ["a", "b"]) console.log(await ddClient.extension.host.cli.exec("ls", [name]))
  `)
  await vi.waitFor(() => expect(console.prompt).toBeDefined())
  expect(console.prompt?.called).toBe("ddClient.extension.host.cli.exec")
  expect(gate.started).toEqual([])
  await permissions.approve(console.prompt!.pending, "once")
  await vi.waitFor(() => expect(gate.started).toHaveLength(1))
  await vi.waitFor(() => expect(console.prompt?.pending).toBe(2))
  console.stop()
  await vi.waitFor(() => expect(console.prompt).toBeUndefined())
  expect(gate.started).toHaveLength(1)
})

test("what is denied rejects in the code with an Error that says so, and nothing is started", async () => {
  const { console, permissions, gate, begin } = consoleOf({ plan: hostPlan("rm") })
  await begin('await ddClient.extension.host.cli.exec("rm", ["-r", "/"])')
  await vi.waitFor(() => expect(console.prompt).toBeDefined())
  await permissions.deny(console.prompt!.pending)
  await vi.waitFor(() => expect(console.running).toBe(false))
  expect(console.entries.map(said)).toEqual([
    'call extension.host.cli.exec("rm", ["-r","/"]) #1 refused: Not run: you didn\'t allow this host command',
    "uncaught Error: Not run: you didn't allow this host command",
    "end failed",
  ])
  expect(gate.started).toEqual([])
  expect(gate.skipped).toMatchObject([
    {
      sdk: { asked: { cmd: "rm", args: ["-r", "/"] }, called: "ddClient.extension.host.cli.exec" },
      origin: "console",
    },
  ])
  expect(console.entries[0]!.what).toMatchObject({ id: 1 })
})

test("what a Runtime refuses is shown with its reason and reaches the code as the Runtime has it", async () => {
  const value: Value = {
    kind: "object",
    class: "TypeError",
    fields: [{ name: "message", value: text("is not a function"), differs: false }],
  }
  const plan: Plan = {
    does: { kind: "refuses", outcome: { kind: "rejected", value } },
    rules: [],
    onHost: false,
  }
  const { run, gate } = consoleOf({ plan })
  const shown = await run(
    "try { await ddClient.docker.listImages() } catch (e) { console.log(e, e instanceof TypeError) }",
  )
  expect(shown).toEqual([
    "call docker.listImages() refused: is not a function",
    "log TypeError: is not a function true",
    "end done",
  ])
  expect(gate.started).toEqual([])
})

test("a shell that refuses is an Error of the code", async () => {
  const { run } = consoleOf({
    answers: {
      propose: () => Promise.reject({ code: "command_invalid", message: "An argument holds a zero byte." }),
    },
  })
  const shown = await run('await ddClient.docker.cli.exec("a", [])')
  expect(shown[0]).toContain("refused: An argument holds a zero byte.")
  expect(shown[1]).toBe("uncaught Error: An argument holds a zero byte.")
})

const streamed = (parts: Callback[][]): Answers => ({
  next_callbacks: async ({ from }) => {
    const at = parts.findIndex((part) => part[0]!.n === from)
    const rows = parts[at]!
    const ended = at === parts.length - 1
    return { from, total: from + rows.length, whole: true, ended, rows }
  },
})

test("callbacks come in order, part by part, and the next part only when this one was taken", async () => {
  const parts = [[output(0, "one"), output(1, "two")], [output(2, "three")], [closed(3, "0")]]
  const { run, asked, frame } = consoleOf({ answers: streamed(parts) })
  const shown = await run(`
    const process = ddClient.extension.vm.cli.exec("tail", ["-f"], { stream: {
      onOutput: ({ stdout }) => console.log(stdout),
      onClose: (code) => console.log("closed", code),
    } })
    console.log(typeof process.close, process instanceof Promise)
  `)
  expect(shown).toEqual([
    'call extension.vm.cli.exec("tail", ["-f"], {"stream":{"onOutput":"ƒ","onClose":"ƒ"}}) #1',
    "log function false",
    "log one",
    "log two",
    "log three",
    "log closed 0",
    "end done",
  ])
  expect(asked("next_callbacks")).toEqual([
    { id: 1, from: 0 },
    { id: 1, from: 2 },
    { id: 1, from: 3 },
  ])
  expect(frame.said.filter((text) => text.includes('"ack"'))).toHaveLength(2)
})

test("code that does not take its callbacks is given no more of them", async () => {
  const parts = [[output(0, "one")], [output(1, "two")], [closed(2, "0")]]
  const { console, begin, asked, frame } = consoleOf({ answers: streamed(parts), room: false })
  // The room is used up by prints, so that the answer to the first part waits.
  await begin(`
    ddClient.extension.vm.cli.exec("tail", [], { stream: { onOutput: () => { for (let i = 0; i < 2000; i++) console.log(i) } } })
  `)
  await vi.waitFor(() => expect(frame.said.length).toBeGreaterThanOrEqual(1000))
  expect(asked("next_callbacks")).toHaveLength(1)
  console.stop()
})

test("a callback that throws is shown, and does not keep the next one from being called", async () => {
  const parts = [[output(0, "one"), output(1, "two"), closed(2, "0")]]
  const { run } = consoleOf({ answers: streamed(parts) })
  const shown = await run(`
    ddClient.extension.vm.cli.exec("x", [], { stream: {
      onOutput: ({ stdout }) => { if (stdout === "one") throw new Error("in a callback"); console.log(stdout) },
      onClose: () => console.log("closed"),
    } })
  `)
  expect(shown.slice(1)).toEqual(["uncaught Error: in a callback", "log two", "log closed", "end done"])
})

test("close() before the process has started stops it as soon as it has", async () => {
  let start = (): void => {}
  const { console, begin, asked } = consoleOf({
    answers: {
      propose: () =>
        new Promise((done) => (start = () => done({ plan: requestPlan, state: { kind: "started", id: 7 } }))),
      next_callbacks: async ({ from }) => ({
        from,
        total: 1,
        whole: true,
        ended: true,
        rows: [closed(0, "143")].slice(from),
      }),
    },
  })
  await begin(
    'ddClient.extension.vm.cli.exec("sleep", ["9"], { stream: { onClose: (c) => console.log(c) } }).close()',
  )
  await vi.waitFor(() => expect(asked("propose")).toHaveLength(1))
  expect(asked("stop")).toEqual([])
  start()
  await vi.waitFor(() => expect(console.running).toBe(false))
  expect(asked("stop")).toEqual([{ id: 7, signal: "SIGTERM" }])
  expect(console.entries.map(said)).toContain("log 143")
})

test("stopping ends the frame and what goes on: a process by a signal, a request by cancelling it", async () => {
  const { console, begin, asked, frame } = consoleOf({
    answers: { sdk_result: () => new Promise(() => {}), next_callbacks: () => new Promise(() => {}) },
  })
  await begin(`
    ddClient.extension.vm.service.get("/x")
    ddClient.extension.vm.cli.exec("yes", [], { stream: {} })
  `)
  await vi.waitFor(() => expect(asked("next_callbacks")).toHaveLength(1))
  expect(frame.frames).toBe(1)
  console.stop()
  expect(console.running).toBe(false)
  expect(frame.frames).toBe(0)
  expect(asked("cancel")).toEqual([{ id: 1 }])
  expect(asked("stop")).toEqual([{ id: 2, signal: "SIGTERM" }])
  expect(console.entries.map(said).at(-1)).toBe("end stopped")
})

test("a Call that is performed after the run was stopped is ended at once", async () => {
  let start = (): void => {}
  const { console, begin, asked } = consoleOf({
    answers: {
      propose: () =>
        new Promise((done) => (start = () => done({ plan: requestPlan, state: { kind: "started", id: 4 } }))),
    },
  })
  await begin('ddClient.extension.vm.service.get("/x")')
  await vi.waitFor(() => expect(asked("propose")).toHaveLength(1))
  console.stop()
  start()
  await vi.waitFor(() => expect(asked("cancel")).toEqual([{ id: 4 }]))
  expect(asked("sdk_result")).toEqual([])
})

test("a new run takes the place of the old one, whose end changes nothing", async () => {
  const { console, begin, frame } = consoleOf({ answers: { sdk_result: () => new Promise(() => {}) } })
  await begin('console.log("old"); ddClient.extension.vm.service.get("/x")')
  await begin('console.log("new"); ddClient.extension.vm.service.get("/x")')
  expect(frame.frames).toBe(1)
  await vi.waitFor(() => expect(console.entries.map(said)[0]).toBe("log new"))
  expect(console.running).toBe(true)
  console.stop()
})

test("a run that is stopped while it is compiled never starts", async () => {
  let compiled = (): void => {}
  const compile: Compile = (js) =>
    new Promise((done) => (compiled = () => done({ js, place: () => undefined })))
  const { console, frame } = consoleOf({ compile })
  console.code = "console.log(1)"
  const running = console.run()
  expect(console.running).toBe(true)
  console.stop()
  compiled()
  await running
  expect(frame.said).toEqual([])
  expect(console.entries.map(said)).toEqual(["end stopped"])
})

test("so many Calls go on at once, the others wait, and all are done", async () => {
  let now = 0
  let most = 0
  const { run, asked } = consoleOf({
    answers: {
      sdk_result: async () => {
        most = Math.max(most, ++now)
        await new Promise((done) => setTimeout(done, 1))
        now -= 1
        return { runtime: "docker-desktop", outcome: resolved(text("")), rules: [], asRun: true }
      },
    },
  })
  await run("await Promise.all(Array.from({ length: 600 }, () => ddClient.docker.listContainers()))")
  expect(asked("propose")).toHaveLength(600)
  expect(most).toBe(256)
})

test("a flood of prints is cut where it comes from, and what was dropped is counted", async () => {
  const { console, begin } = consoleOf({ room: false })
  await begin("for (let i = 0; i < 3234; i++) console.log(i)")
  await vi.waitFor(() => expect(console.running).toBe(false))
  const shown = console.entries.map(said)
  expect(shown.slice(-2)).toEqual([
    "warning: 2,234 more were dropped: it prints faster than can be shown.",
    "end done",
  ])
  expect(shown.filter((entry) => entry.startsWith("log "))).toHaveLength(1000)
})

test("only the last entries are kept, and the others are counted", async () => {
  const { console, run } = consoleOf()
  const shown = await run(
    "for (let i = 0; i < 5000; i++) { console.log(i); if (i % 500 === 0) await new Promise((r) => setTimeout(r, 1)) }",
  )
  expect(console.entries).toHaveLength(2000)
  expect(console.dropped).toBe(3001)
  expect(shown.at(-2)).toBe("log 4999")
})

test("clearing forgets what is there and goes on", async () => {
  let deliver: (() => void) | undefined
  const { console, begin } = consoleOf({
    answers: {
      sdk_result: () =>
        new Promise((done) => {
          deliver = () =>
            done({ runtime: "docker-desktop", outcome: resolved(text("")), rules: [], asRun: true })
        }),
    },
  })
  await begin('console.log("a"); await ddClient.extension.vm.service.get("/x"); console.log("b")')
  await vi.waitFor(() => expect(console.entries).toHaveLength(2))
  await vi.waitFor(() => expect(deliver).toBeDefined())
  console.clear()
  expect(console.entries).toEqual([])
  deliver?.()
  await vi.waitFor(() => expect(console.entries.map(said)).toEqual(["log b", "end done"]))
})

test("a dialog is asked of the person, and its paths reach the code", async () => {
  const { console, begin } = consoleOf()
  await begin(`
    const dialog = ddClient.desktopUI.dialog
    console.log(await dialog.showOpenDialog({ title: "Choose", properties: ["openFile"] }))
    console.log(await dialog.showOpenDialog())
  `)
  await vi.waitFor(() => expect(console.dialog?.title).toBe("Choose"))
  console.answerDialog(["/a b"])
  await vi.waitFor(() => expect(console.dialog?.title).toBe(""))
  console.answerDialog()
  await vi.waitFor(() => expect(console.running).toBe(false))
  expect(console.entries.map(said)).toEqual([
    "dialog: Choose",
    "log {canceled:false,filePaths:[/a b]}",
    "dialog: A dialog for files",
    "log {canceled:true,filePaths:[]}",
    "end done",
  ])
})

test("what the desktop would show is shown as that, and other addresses than of the web are not opened", async () => {
  const { run } = consoleOf()
  const shown = await run(`
    ddClient.desktopUI.toast.warning("careful")
    await ddClient.desktopUI.navigate.viewContainer("abc")
    ddClient.host.openExternal("https://example.com/")
    ddClient.host.openExternal("file:///etc/passwd")
  `)
  expect(shown).toEqual([
    "toast warning: careful",
    "navigate: Container abc",
    "open: https://example.com/",
    "warning: openExternal takes http and https addresses only; this was not opened: file:///etc/passwd",
    "end done",
  ])
})

test("the Runtime is the one that was chosen when the run began", async () => {
  const { run, asked, settings } = consoleOf({ runtime: "podman-desktop" })
  await run('console.log(typeof ddClient.backend); await ddClient.extension.vm.service.get("/x")')
  expect(asked("propose")).toMatchObject([{ sdk: { runtime: "podman-desktop" } }])
  settings.runtime = "rancher-desktop"
  await run('await ddClient.extension.vm.service.get("/x")')
  expect(asked("propose").at(-1)).toMatchObject({ sdk: { runtime: "rancher-desktop" } })
})

test("code that says what is no message is ended", async () => {
  const { run } = consoleOf()
  const shown = await run(`
    Object.defineProperty(Object.prototype, "toJSON", { configurable: true, value: () => ({ kind: "call", id: "x" }) })
    console.log(1)
    delete Object.prototype.toJSON
  `)
  expect(shown).toEqual(["end failed"])
})

test("what is typed is remembered after a pause, once", async () => {
  vi.useFakeTimers()
  const { console, asked } = consoleOf()
  for (const code of ["a", "ab", "abc"]) console.code = code
  expect(console.code).toBe("abc")
  expect(asked("save_settings")).toEqual([])
  await vi.advanceTimersByTimeAsync(500)
  vi.useRealTimers()
  expect(asked("save_settings")).toHaveLength(1)
  const [{ settings }] = asked("save_settings") as [Commands["save_settings"]["args"]]
  expect(settings.console).toBe("abc")
})

test("the deprecated example's test of the exit code never fires on 0, as it never did", async () => {
  const parts = [[output(0, "out"), closed(1, "0")]]
  const { console, permissions, begin } = consoleOf({ plan: hostPlan("cli"), answers: streamed(parts) })
  await begin(`
    window.ddClient.spawnHostCmd("cli", ["arg"], (data, err) => {
      console.log(data.stdout, data.stderr, err)
      if (data.code) console.log("by value", data.code)
      if (data.code !== undefined) console.log("by presence", data.code)
    })
  `)
  await vi.waitFor(() => expect(console.prompt?.called).toBe("ddClient.spawnHostCmd"))
  await permissions.approve(console.prompt!.pending, "once")
  await vi.waitFor(() => expect(console.running).toBe(false))
  expect(console.entries.map(said)).toEqual([
    'call spawnHostCmd("cli", ["arg"], ƒ) #1',
    "log out undefined undefined",
    "log undefined undefined undefined",
    "log by presence 0",
    "end done",
  ])
})

test("compiled imports of the official packages find ddClient, and other packages say what there is", async () => {
  const { run } = consoleOf()
  const shown = await run(`
    globalThis.window = window
    const client_1 = require("@docker/extension-api-client")
    console.log(client_1.createDockerDesktopClient() === ddClient)
    require("react")
  `)
  Reflect.deleteProperty(globalThis, "window")
  expect(shown[0]).toBe("log true")
  expect(shown[1]).toContain('There is no module "react"')
})

test("await of a streaming exec does not wait for its end", async () => {
  const { run } = consoleOf({ answers: streamed([[output(0, "later"), closed(1, "0")]]) })
  const shown = await run(`
    await ddClient.docker.cli.exec("logs", ["x"], { stream: { onOutput: ({ stdout }) => console.log(stdout) } })
    console.log("first")
  `)
  expect(shown.slice(1)).toEqual(["log first", "log later", "end done"])
})

test("so many wait at most: code that asks for more is refused and ends all the same", async () => {
  const { console, begin, asked } = consoleOf({ answers: { sdk_result: () => new Promise(() => {}) } })
  await begin(`
    let refused = 0
    for (let i = 0; i < 5900; i++) ddClient.docker.listImages().catch((e) => { refused++; last = e.message })
    var last
    while (refused < 644) await new Promise((r) => setTimeout(r, 5))
    console.log(refused, last)
  `)
  await vi.waitFor(() => expect(said(console.entries.at(-1)!)).toContain("Too many calls wait"), 5000)
  expect(said(console.entries.at(-1)!)).toBe("log 644 Too many calls wait for others to end.")
  expect(asked("propose")).toHaveLength(256)
  console.stop()
})

const typed: Compile = async (code) => ({ ...turned(code), place: () => undefined })

test("the value of a last expression is shown, and that of a promise when there is one", async () => {
  const last = async (code: string) => (await consoleOf({ compile: typed }).run(code)).slice(0, -1)
  for (const [code, shown] of [
    ["const a = 20\na + 22 // the sum", ["result 42"]],
    ["// a note\n'text'", ["result text"]],
    ["await Promise.resolve([1])", ["result [1]"]],
    ["Promise.resolve().then(() => 7)", ["result 7"]],
    ["import * as sdk from '@docker/extension-api-client'\ntypeof sdk", ["result object"]],
    ["null as unknown", ["result null"]],
    ["({ a: false })", ["result {a:false}"]],
    ["console.log('x')", ["log x"]],
    ["const a = 1", []],
    ["if (true) { 5 }", []],
    ["undefined", []],
    ["", []],
  ] as const) {
    expect(await last(code), code).toEqual(shown)
  }
  expect(await last('ddClient.extension.vm.service.get("/x")')).toEqual([
    'call extension.vm.service.get("/x") #1',
    expect.stringContaining("result "),
  ])
  const { run } = consoleOf({ compile: typed })
  expect(await run("[1][0]!.toString();\nthrowing()\nfunction throwing() { throw new Error('no') }")).toEqual(
    [expect.stringContaining("uncaught"), "end failed"],
  )
})

test("a last promise that nothing settles does not keep a run alive", async () => {
  const { run } = consoleOf({ compile: typed })
  expect(await run("new Promise(() => {})")).toEqual(["end done"])
})

import { expect, test, vi } from "vitest"
import type { Commands } from "../src/ipc/generated/Commands"
import type { SdkOutcome } from "../src/ipc/generated/SdkOutcome"
import { type Compile } from "../src/model/console/console.svelte"
import { text, resolved, consoleOf, said, typed } from "./console-set"

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

test("a flood of prints is cut where it comes from, and what was dropped is counted", async () => {
  const { console, begin } = consoleOf({ room: false })
  await begin("for (let i = 0; i < 3234; i++) console.log(i)")
  await vi.waitFor(() => expect(console.running).toBe(false))
  const shown = console.entries.map(said)
  expect(shown.slice(-2)).toEqual([
    "warning: 2,234 more log entries were dropped: the code logs faster than Porthole can display.",
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

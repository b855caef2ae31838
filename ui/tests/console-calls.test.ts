import { expect, test, vi } from "vitest"
import type { Plan } from "../src/ipc/generated/Plan"
import type { Value } from "../src/ipc/generated/Value"
import {
  text,
  resolved,
  hostPlan,
  requestPlan,
  output,
  closed,
  consoleOf,
  said,
  streamed,
} from "./console-set"

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
    "dialog: A file dialog",
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
    "warning: openExternal accepts only http and https URLs. Not opened: file:///etc/passwd",
    "end done",
  ])
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
  await vi.waitFor(() => expect(said(console.entries.at(-1)!)).toContain("Too many calls are waiting"), 5000)
  expect(said(console.entries.at(-1)!)).toBe("log 644 Too many calls are waiting for other calls to end.")
  expect(asked("propose")).toHaveLength(256)
  console.stop()
})

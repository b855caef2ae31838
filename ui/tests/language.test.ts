import { expect, test } from "vitest"
import { compile as compiled } from "../src/language/client"
import { hover, offers, diagnostics, nameInfo } from "../src/language/features"
import { compile } from "../src/language/compile"
import type { Question } from "../src/language/protocol"
import { Language } from "../src/language/client"

/** The place of `|` in a text, and the text without it. */
function at(marked: string): [string, number] {
  return [marked.replace("|", ""), marked.indexOf("|")]
}
const said = (code: string) =>
  diagnostics(code).map(
    ({ from, to, severity, summary, impact }) =>
      `${severity} ${code.slice(from, to)}: ${[summary, impact].filter(Boolean).join(" ")}`,
  )

test("members of the official types are offered, with their kind", () => {
  const found = offers(...at("ddClient.extension.vm.service.g|"))!
  expect(found.offers.map(({ label, kind }) => [label, kind]).sort()).toEqual(
    ["get", "post", "put", "patch", "delete", "head", "request"].sort().map((name) => [name, "method"]),
  )
  expect("ddClient.extension.vm.service.g".slice(found.from, found.to)).toBe("g")
})

test("both forms of the API are offered, the deprecated one as such", () => {
  const found = offers(...at("window.ddClient.|"))!.offers
  const of = (name: string) => found.find(({ label }) => label === name)
  expect(of("extension")).toMatchObject({ deprecated: false })
  expect(of("toastSuccess")).toMatchObject({ deprecated: true })
  expect(found).toEqual(expect.arrayContaining([expect.objectContaining({ label: "docker" })]))
})

test("options of an exec are offered inside of it", () => {
  const found = offers(...at('ddClient.docker.cli.exec("ps", [], { stream: { on| } })'))!.offers
  expect(found.map(({ label }) => label)).toEqual(["onClose", "onError", "onOutput", "splitOutputLines"])
  const options = offers(...at('ddClient.docker.cli.exec("ps", [], { | })'))!.offers
  expect(options.map(({ label }) => label)).toEqual(["cwd", "env", "stream"])
})

test("with stream an exec is no promise, without it is one", () => {
  const declared = (code: string) => hover(...at(code))!.declared
  expect(declared('const run|ning = ddClient.docker.cli.exec("ps", [], { stream: {} })')).toMatch(
    /: ExecProcess$/,
  )
  expect(declared('const res|ult = await ddClient.docker.cli.exec("ps", [], { cwd: "/" })')).toMatch(
    /: ExecResult$/,
  )
})

test("an offer and a name are told with type and text", () => {
  const [code, place] = at("ddClient.desktopUI.toast.succ|ess")
  expect(nameInfo(code, place, "success")).toMatchObject({
    declared: "(method) Toast.success(msg: string): void",
  })
  expect(hover(code, place)).toMatchObject({ doc: expect.stringContaining("type success") })
  expect(hover(...at("const x = 1 |"))).toBeNull()
})

test("reading members of what a service resolves with is no mistake, however it is written", () => {
  for (const code of [
    'const { name } = await ddClient.extension.vm!.service!.get("/x")',
    'const { a: { b } } = await ddClient.extension.vm!.service!.get("/x")',
    'ddClient.extension.vm!.service!.get("/x").then(({ name }) => name)',
    'ddClient.extension.vm!.service!.get("/x").then((found) => found.name)',
    'let name; ({ name } = await ddClient.extension.vm!.service!.get("/x"))',
  ])
    expect(said(code).filter((text) => text.includes("unknown"))).toEqual([])
  expect(said("const { name } = { other: 1 }; name.x").length).toBeGreaterThan(0)
})

test("a deprecated name tells so, without the picture's name", () => {
  const deprecated = hover(...at('ddClient.toast|Success("x")'))!.deprecated
  expect(deprecated).toContain("removed in a future version")
  expect(deprecated).not.toMatch(/:warning:|\{@link/)
})

test("the right form of everything is silent", () => {
  expect(
    said(`
      import { createDockerDesktopClient } from "@docker/extension-api-client"
      const client = createDockerDesktopClient()
      const body = await client.extension.vm.service.get("/hello")
      console.log(body.message, await client.docker.listContainers())
      setTimeout(() => console.log(new URL("http://x/y").pathname), 5)
    `),
  ).toEqual([])
})

test("what cannot be read is an error, wrong types are a warning", () => {
  expect(said("const = 1")).toContainEqual(expect.stringMatching(/^error =: Variable/))
  expect(said("ddClient.extension.vm.service.update()")).toEqual([expect.stringMatching(/^warning update:/)])
  expect(said("ddClient.desktopUI.toast.success(1)")).toHaveLength(1)
})

test("JavaScript as it is pasted is not lectured about", () => {
  expect(
    said("function f(a, b) { return a.x + b }\nlet later; later = 1\nreturn f({ x: 1 }, later)"),
  ).toEqual([])
})

test("a module and a name that are not here are said calmly", () => {
  expect(said('import React from "react"\nReact')[0]).toMatch(/^warning "react": "react" isn't available/)
  expect(said("document.body")).toEqual(["warning document: `document` isn't available here."])
  expect(diagnostics('await fetch("/x")')[0]!.fix).toContain("ddClient.extension.vm.service")
})

test("traps stand among the remarks, and a deprecated call is said once", () => {
  expect(diagnostics('ddClient.backend.get("/x")').map(({ code }) => code)).toEqual(["deprecated"])
  // Under a name that the shape of the code does not tell, the types still do.
  expect(said('function f(c: typeof ddClient) { c.toastSuccess("x") }')).toEqual([
    expect.stringMatching(/^note toastSuccess/),
  ])
})

test("TypeScript becomes JavaScript, with imports as require and await at the top", async () => {
  const { js, problem } = compile(`
import { createDockerDesktopClient } from "@docker/extension-api-client"
interface Hello { message: string }
const client = createDockerDesktopClient()
const hello = (await client.extension.vm!.service!.get("/hello")) as Hello
exports.said = hello.message`)
  expect(problem).toBeUndefined()
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...args: unknown[]) => unknown
  const made: { said?: string } = {}
  const client = { extension: { vm: { service: { get: async () => ({ message: "hello" }) } } } }
  const require = () => ({ createDockerDesktopClient: () => client })
  await new AsyncFunction("require", "exports", "module", js)(require, made, { exports: made })
  expect(made.said).toBe("hello")
})

test("JSX is refused where it stands, and a mistake says where it is", () => {
  expect(compile("const x = 1\nconst y = <b>no</b>").problem).toMatchObject({
    text: expect.stringContaining("JSX"),
    line: 2,
    column: 11,
  })
  expect(compile("let a = 1\nlet b = = 2")).toMatchObject({ js: "", problem: { line: 2, column: 9 } })
  expect(said("const y = <b>no</b>")).toEqual([expect.stringMatching(/^error <: This is JSX/)])
  expect(compile("const y = <any>window").problem).toBeUndefined()
})

/** A worker without a thread: it answers what it is told to. */
class FakeWorker extends EventTarget {
  asked: Question[] = []
  postMessage(question: Question) {
    this.asked.push(question)
  }
  answer(n: number, answer: unknown) {
    this.dispatchEvent(new MessageEvent("message", { data: { n, answer } }))
  }
  terminate() {}
}

test("a place in the JavaScript is told as the place in what was typed", async () => {
  const worker = new FakeWorker()
  const code = 'interface Gone {\n  x: 1\n}\nimport "react"\n\nthrow new Error("here")\n'
  const waits = compiled(code, new Language(() => worker as unknown as Worker))
  worker.answer(1, compile(code))
  const { js, place } = await waits
  const line = js.split("\n").findIndex((text) => text.includes("throw")) + 1
  expect(line).not.toBe(6)
  expect(place(line, 1)).toEqual({ line: 6, column: 1 })
  expect(place(999, 1)).toBeUndefined()
})

test("a worker that breaks down fails who waits, and the next question starts another", async () => {
  const workers: FakeWorker[] = []
  const language = new Language(() => {
    workers.push(new FakeWorker())
    return workers.at(-1) as unknown as Worker
  })
  const waits = language.ask("diagnostics", { code: "" })
  workers[0]!.dispatchEvent(new Event("error"))
  await expect(waits).rejects.toThrow("could not be started")
  const again = language.ask("diagnostics", { code: "x" })
  workers[1]!.answer(workers[1]!.asked[0]!.n, [])
  expect(await again).toEqual([])
})

import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Pasted } from "../src/ipc/generated/Pasted"
import { Forms, inOneLine } from "../src/model/composer/code.svelte"
import { Composer } from "../src/model/composer/composer.svelte"
import { looksLikeCall, PasteImport } from "../src/model/composer/paste-import.svelte"
import { FakeShell, request, settle } from "./fake"

const answer: Pasted = {
  composed: { kind: "request", ...request("POST", "/pasted") },
  notes: ["-s was left out."],
}
const shell = new FakeShell({
  paste: async ({ text }) => {
    if (!text.startsWith("curl")) throw { code: "paste_unknown", message: "no curl" }
    return answer
  },
})

function made() {
  const composer = new Composer(shell, {
    container: () => "acme",
    row: () => undefined,
    selected: () => undefined,
    began: () => {},
    opened: () => {},
    acted: () => {},
    settled: async () => {},
    console: () => ({ code: "", run: async () => {} }),
    extension: () => ({ openTyped: async () => {}, reload: async () => {} }),
  })
  composer.tab = "command"
  composer.command.place = "container"
  composer.command.program = "ls"
  composer.command.user = "root"
  composer.command.streaming = true
  composer.request.path = "/before"
  return { composer, pasteImport: new PasteImport(shell, composer) }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test("a pasted line fills the composer and switches the tab; undone, all is as before", async () => {
  const { composer, pasteImport } = made()
  const before = composer.composed()
  let plain = 0
  expect(await pasteImport.take("curl x", () => (plain += 1))).toBe(true)
  expect(composer.composed()).toEqual(answer.composed)
  const read = pasteImport.readOf(composer.composed())!
  expect(read.notes).toEqual(answer.notes)
  expect(plain).toBe(0)
  read.undo()
  expect(composer.composed()).toEqual(before)
  expect(composer.request.path).toBe("/before")
  // What a paste does that nobody reads.
  expect(plain).toBe(1)
  expect(pasteImport.readOf(composer.composed())).toBeUndefined()
})

test("what is typed after a paste is not undone with it", async () => {
  const { composer, pasteImport } = made()
  await pasteImport.take("curl x")
  composer.request.path = "/typed"
  expect(pasteImport.readOf(composer.composed())).toBeUndefined()
})

test("a line that is not understood is said, and pasted as any other text", async () => {
  const { composer, pasteImport } = made()
  const before = composer.composed()
  let plain = 0
  expect(await pasteImport.take("docker exec", () => (plain += 1))).toBe(false)
  expect([pasteImport.trouble?.code, plain]).toEqual(["paste_unknown", 1])
  expect(composer.composed()).toEqual(before)
})

test("only whole lines of curl and docker exec are read; other command lines are split as ever", () => {
  const calls = [
    "curl http://x/",
    "  curl -X POST \\\n /x",
    "docker exec -it a ls",
    "docker -H x exec a ls",
    "$ sudo /usr/bin/curl.exe x",
    "PS C:\\> curl.exe x",
    "podman exec a ls",
    "A=b docker compose -f x exec web ls",
  ]
  expect(calls.filter(looksLikeCall)).toEqual(calls)
  const others = [
    "curl",
    "docker ps -a",
    "curly x",
    "echo curl x",
    "/usr/bin/true a",
    "docker execute",
    "docker run a sh -c 'exec b'",
    "podman ps",
  ]
  expect(others.filter(looksLikeCall)).toEqual([])
})

test("how code would ask for a command is kept when it is loaded, and absent when it is plain", () => {
  const { composer } = made()
  composer.command.splitLines = true
  const command = composer.command.command("acme")
  expect(command.stream).toEqual({ splitLines: true })
  composer.command.streaming = false
  expect(composer.command.command("acme")).not.toHaveProperty("stream")
  composer.command.load(command)
  expect(composer.command.command("acme")).toEqual(command)
})

test("forms are asked for when typing has settled, and the newest answer is shown", async () => {
  const answers: ((text: string) => void)[] = []
  const coder = new FakeShell({
    code: () => new Promise((done) => answers.push((text) => done([{ kind: "current", text, notes: [] }]))),
  })
  const forms = new Forms(coder)
  for (const path of ["/a", "/ab", "/abc"]) {
    forms.want({ kind: "request", ...request("GET", path) })
    vi.advanceTimersByTime(100)
  }
  expect(coder.asked).toHaveLength(0)
  vi.advanceTimersByTime(100)
  expect(coder.asked.map(({ args }) => args)).toMatchObject([{ composed: { path: "/abc" } }])
  forms.want({ kind: "request", ...request("GET", "/d") })
  vi.advanceTimersByTime(200)
  answers[1]!("newest")
  answers[0]!("oldest")
  await settle()
  expect(forms.current?.text).toBe("newest")
  forms.want({ kind: "request", ...request("GET", "/d") })
  vi.advanceTimersByTime(200)
  expect(coder.asked).toHaveLength(2)
})

test("code of several lines has its place in one", () => {
  expect(inOneLine('exec("a", {\n  cwd: "/",\n})\n')).toBe('exec("a", { cwd: "/", })')
})

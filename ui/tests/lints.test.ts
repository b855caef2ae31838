import ts from "typescript"
import { expect, test } from "vitest"
import { lints } from "../src/language/lints/lints"

function read(code: string): ts.SourceFile {
  return ts.createSourceFile("/code.ts", code, ts.ScriptTarget.ES2022, true)
}

/** Each trap as its rule and what it stands at. */
function caught(code: string): string[] {
  return lints(read(code)).map(({ code: rule, from, to }) => `${rule}: ${code.slice(from, to)}`)
}

const vm = "ddClient.extension.vm.cli.exec"
const get = `ddClient.extension.vm.service.get("/x")`
const stream = (members: string) => `${vm}("x", [], { stream: { onClose() {}, ${members} } })`
const spawn = (body: string) => `ddClient.backend.spawnInVMExtension("x", [], (data) => { ${body} })`
const DEPRECATED = "deprecated: ddClient.backend.spawnInVMExtension"

/** The code, what is caught in it, and the right form, in which nothing is. */
const table: [name: string, wrong: string, caught: string[], right: string][] = [
  [
    "an exit code of the last call",
    spawn("if (data.code) console.log(data.code)"),
    [DEPRECATED, "exit-code-truth: data.code"],
    stream("onError() {}"),
  ],
  [
    "an exit code that was taken apart",
    `ddClient.backend.spawnInVMExtension("x", [], ({ code }) => { if (!code) return })`,
    [DEPRECATED, "exit-code-truth: code"],
    `${vm}("x", [], { stream: { onClose(code) { if (code) console.error(code) } } })`,
  ],
  [
    "the truth of an exit code of a plain exec",
    `const result = await ${vm}("ls", []); if (result.code) throw 1`,
    ["exit-code-truth: result.code"],
    `try { await ${vm}("ls", []) } catch (failed) { if (failed.code) console.error(failed.code) }`,
  ],
  [
    "an exit code compared with 0",
    `${vm}("ls", []).then((result) => result.code === 0 && console.log(result.stdout))`,
    ["exit-code-absent: result.code"],
    `${vm}("ls", []).then((result) => console.log(result.code, result.stdout))`,
  ],
  [
    "swapped streams in a callback",
    stream(
      `onOutput(data) { if (data.stdout !== undefined) { console.error(data.stdout) } else { console.log(data.stderr) } }`,
    ),
    ["streams-swapped: console.error(data.stdout)", "streams-swapped: console.log(data.stderr)"],
    stream(
      `onOutput(data) { if (data.stdout !== undefined) { console.log(data.stdout) } else { console.error(data.stderr) } }`,
    ),
  ],
  [
    "swapped streams of a result",
    `const r = await ${vm}("ls", []); console.error(r.stdout)`,
    ["streams-swapped: console.error(r.stdout)"],
    `const r = await ${vm}("ls", []); console.error(r.stdout, r.stderr); console.log(r.stderr)`,
  ],
  [
    "an empty line",
    stream(
      "onOutput: (data) => { if (data.stdout) console.log(data.stdout); else console.error(data.stderr) }",
    ),
    ["empty-line: data.stdout"],
    stream(
      "onOutput: (data) => { if (data.stdout) console.log(data.stdout); if (data.stderr) console.error(data.stderr) }",
    ),
  ],
  [
    "an empty line in a choice",
    stream("onOutput: ({ stdout, stderr }) => console.log(stdout || stderr)"),
    ["empty-line: stdout"],
    stream("onOutput: ({ stdout, stderr }) => console.log(stdout ?? stderr)"),
  ],
  [
    "await on a stream",
    `await ${stream("onError() {}")}`,
    [`stream-awaited: ${vm}`],
    `await new Promise((done) => ${vm}("x", [], { stream: { onClose: done } }))`,
  ],
  [
    "then on a stream",
    `${stream("onError() {}")}.then(() => 1)`,
    ["stream-awaited: then"],
    `const running = ${stream("onError() {}")}; running.close()`,
  ],
  [
    "a stream whose end nobody hears of",
    `${vm}("x", [], { stream: { onOutput() {} } })`,
    ["stream-unended: stream"],
    `${vm}("x", [], { stream: { ...how } }); ${vm}("x", [], { stream: { onError() {} } })`,
  ],
  [
    "chaining in arguments",
    `${vm}("ls", ["-l", "|", "wc", "$(pwd)", "a && b"])`,
    ['shell-characters: "|"', 'shell-characters: "$(pwd)"', 'shell-characters: "a && b"'],
    `${vm}("ls", ["-l", "--format", "{{json .}}", "a=b"])`,
  ],
  [
    "a redirection in a plain exec",
    `${vm}("echo", [\`\${word} > file\`])`,
    ["shell-characters: `${word} > file`"],
    `${vm}("grep", ["a|b"], { stream: { onClose() {} } })`,
  ],
  [
    "a line in the place of the program",
    `${vm}("ls | wc -l", [])`,
    ['shell-characters: "ls | wc -l"'],
    `${vm}("/opt/a tool", [])`,
  ],
  [
    "a script for a shell in a plain exec",
    `${vm}("sh", ["-c", "sleep 1; ls"])`,
    ['shell-joined: "sleep 1; ls"'],
    `${vm}("sh", ["-c", "sleep 1; ls | wc"], { stream: { onClose() {} } }); ${vm}("sh", ["/run.sh"])`,
  ],
  [
    "the truth of a body",
    `const body = await ${get}; if (!body) throw 1`,
    ["body-truth: body"],
    `const body = await ${get}; if (body === "") throw 1; console.log(!body.ready)`,
  ],
  [
    "members of a response",
    `${get}.then((r) => console.log(r.data, r.headers))`,
    ["body-only: r.data", "body-only: r.headers"],
    `${get}.then((r) => console.log(r.name)); ${get}.catch((failed) => console.log(failed.statusCode))`,
  ],
  [
    "a HEAD that is read",
    `const nothing = await ddClient.extension.vm.service.head("/x"); console.log(nothing); console.log(await ddClient.extension.vm.service.head("/y"))`,
    ["head-empty: nothing", 'head-empty: await ddClient.extension.vm.service.head("/y")'],
    `await ddClient.extension.vm.service.head("/x"); console.log("it is there")`,
  ],
  [
    "the wrong place of spawnInVMExtension",
    `window.ddClient.spawnInVMExtension("x", [], (data) => {})`,
    ["deprecated: window.ddClient.spawnInVMExtension", "spawn-place: window.ddClient.spawnInVMExtension"],
    `ddClient.extension.vm.cli.exec("x", [])`,
  ],
  [
    "the deprecated API",
    `window.ddClient.backend.get("/x"); ddClient.toastSuccess("x")`,
    ["deprecated: window.ddClient.backend.get", "deprecated: ddClient.toastSuccess"],
    `ddClient.desktopUI.toast.success("x"); ddClient.host.openExternal("https://example.com")`,
  ],
  [
    "a service under names of its own",
    `const client = createDockerDesktopClient(); const { service } = client.extension?.vm!; const r = await service.get("/x"); console.log(r.headers)`,
    ["body-only: r.headers"],
    `const cache = new Map(); const r = await cache.get("/x"); console.log(r.headers); if (!r) throw 1`,
  ],
]

test.each(table)("%s is caught, and the right form is left alone", (_, wrong, found, right) => {
  expect(caught(wrong)).toEqual(found)
  expect(caught(right)).toEqual([])
})

test("JSON of stdout, and what a rejection says, are the right form", () => {
  expect(
    caught(`
      const result = await ${vm}("ls", ["--json"])
      console.log(JSON.parse(result.stdout), result.parseJsonLines())
      try { await ${get} } catch (failed) { if (!failed.statusCode) console.error(failed.message) }
    `),
  ).toEqual([])
})

test("a name that is declared twice stands for nothing", () => {
  expect(
    caught(`
      { const exec = ${vm}; }
      { const exec = other; exec("a | b", []); }
    `),
  ).toEqual([])
})

test("each trap says what happens, what comes of it and what to do", () => {
  for (const [, wrong] of table)
    for (const { summary, impact, fix } of lints(read(wrong)))
      for (const text of [summary, impact, fix]) expect(text).toMatch(/^\S.{10,}[.…`)]$/)
})

test("code that is broken anywhere is looked at without a fall", () => {
  const whole = table.map(([, wrong]) => wrong).join("\n")
  for (let at = 0; at < whole.length; at += 7) expect(() => caught(whole.slice(0, at))).not.toThrow()
})

import { expect, test } from "vitest"
import type { ExportPreview } from "../src/ipc/generated/ExportPreview"
import type { RedactOptions } from "../src/ipc/generated/RedactOptions"
import { Exporting, namesOf, redactionWords } from "../src/model/session/exporting.svelte"
import { Sessions } from "../src/model/session/sessions.svelte"
import { grouped } from "../src/model/timeline/order"
import { FakeShell, summary } from "./fake"

const options: RedactOptions = {
  authorization: true,
  cookies: true,
  environment: true,
  headers: [],
  fields: ["token"],
}
const preview: ExportPreview = { calls: 3, exchanges: 2, bytes: 10, redactions: [] }

function shell(more: FakeShell["answers"] = {}) {
  return new FakeShell({
    export_options: async () => options,
    export_place: async ({ format }) => `/home/me/session.${format === "har" ? "har" : "porthole"}`,
    export_preview: async () => preview,
    export: async ({ path }) => ({ path, bytes: 99 }),
    ...more,
  })
}

const last = (fake: FakeShell, name: string) => fake.asked.findLast((asked) => asked.name === name)?.args

test("all calls are exported redacted unless the user says otherwise", async () => {
  const fake = shell()
  const exporting = new Exporting(fake)
  await exporting.show([4, 5], false)
  expect(exporting.path).toBe("/home/me/session.porthole")
  expect(last(fake, "export_preview")).toEqual({ ids: null, redact: options })
  await exporting.write()
  expect(last(fake, "export")).toEqual({
    ids: null,
    format: "session",
    redact: options,
    path: "/home/me/session.porthole",
    replace: false,
  })
  expect(exporting.saved?.bytes).toBe(99)
})

test("what is chosen is looked through again, and is what is written", async () => {
  const fake = shell()
  const exporting = new Exporting(fake)
  await exporting.show([4], true)
  expect(last(fake, "export_preview")).toEqual({ ids: [4], redact: options })
  exporting.setFormat("har")
  exporting.setOptions({ fields: namesOf("token, pin\n key") })
  await exporting.look()
  await exporting.place()
  expect(exporting.path).toBe("/home/me/session.har")
  exporting.setRedact(false)
  await exporting.look()
  expect(last(fake, "export_preview")).toEqual({ ids: [4], redact: null })
  await exporting.write()
  expect(last(fake, "export")).toMatchObject({ ids: [4], format: "har", redact: null })
  expect(exporting.options?.fields).toEqual(["token", "pin", "key"])
})

test("a file that exists is replaced only when that is said", async () => {
  const fake = shell({
    export: async ({ replace, path }) => {
      if (!replace) throw { code: "file_exists", message: "it exists" }
      return { path, bytes: 1 }
    },
  })
  const exporting = new Exporting(fake)
  await exporting.show([], false)
  await exporting.write()
  expect([exporting.exists, exporting.saved]).toEqual([true, undefined])
  await exporting.write(exporting.exists)
  expect([exporting.exists, exporting.saved?.bytes]).toEqual([false, 1])
})

test("nothing is written while it isn't known what is taken out", async () => {
  const fake = shell({ export_preview: () => new Promise(() => {}) })
  const exporting = new Exporting(fake)
  void exporting.look()
  exporting.path = "/a.porthole"
  await exporting.write()
  expect(last(fake, "export")).toBeUndefined()
})

test("redactions are told by place", () => {
  expect(redactionWords({ place: "body", kind: "field", name: "token", count: 1200, calls: 1 })).toEqual([
    "Response body",
    "Field token",
    "1,200 in 1 call",
  ])
  expect(redactionWords({ place: "body", kind: "unchecked", name: "", count: 1, calls: 2 })[1]).toContain(
    "Not checked",
  )
})

test("calls of a session are a group with its name, apart from page loads", () => {
  const rows = [
    summary(1),
    summary(2, { session: 1 }),
    summary(3),
    summary(4, { session: 1, origin: "page" }),
    summary(5, { session: 2 }),
  ]
  const items = grouped(rows, new Set(["session-2"]))
  expect(items.map((item) => (item.kind === "group" ? item.key : item.row.id))).toEqual([
    1,
    "session-1",
    2,
    4,
    3,
    "session-2",
  ])
  const sessions = new Sessions(new FakeShell(), { opened: () => {}, setTarget: () => {} })
  sessions.see([{ number: 1, name: "a.porthole", path: "/a.porthole" }], undefined)
  expect([sessions.nameOf(1), sessions.nameOf(2)]).toEqual(["a.porthole", "Session 2"])
})

test("a file that is no session is refused with the reason, and nothing is opened when none is chosen", async () => {
  const refused = { code: "session_invalid", message: "not a session" } as const
  let opened = 0
  const fake = new FakeShell({
    choose_path: async () => null,
    open_session: async () => {
      throw refused
    },
  })
  const sessions = new Sessions(fake, { opened: () => (opened += 1), setTarget: () => {} })
  await sessions.choose()
  expect(last(fake, "open_session")).toBeUndefined()
  await sessions.open("/a.txt")
  expect([sessions.trouble, opened, sessions.busy]).toEqual([refused, 0, false])
})

test("a session that is served is the target, and the one before is when it is closed", async () => {
  const target = (name: string) => ({ name, host: { env: [] } })
  const fake = new FakeShell({
    serve_mock: async () => ({ ...target("Mock of a.porthole"), mock: true }),
    stop_mock: async () => target("before"),
    close_session: async () => undefined,
    set_mock_speed: async () => undefined,
  })
  const targets: string[] = []
  const sessions = new Sessions(fake, { opened: () => {}, setTarget: ({ name }) => targets.push(name) })
  const all = [1, 2].map((number) => ({ number, name: `${number}.porthole`, path: `/${number}` }))
  await sessions.serve(1)
  sessions.see(all, { session: 1, name: "1.porthole", served: 0, missed: 0, speed: 1 })
  await sessions.setSpeed(0)
  expect(last(fake, "set_mock_speed")).toEqual({ speed: 0 })
  await sessions.close(2)
  expect(targets).toEqual(["Mock of a.porthole"])
  await sessions.close(1)
  expect(targets).toEqual(["Mock of a.porthole", "before"])
  expect(fake.asked.map(({ name }) => name)).toEqual([
    "serve_mock",
    "set_mock_speed",
    "close_session",
    "stop_mock",
    "close_session",
  ])
})

test("a session that can't be served says why", async () => {
  const refused = { code: "call_not_found", message: "closed" } as const
  const fake = new FakeShell({
    serve_mock: async () => {
      throw refused
    },
  })
  const sessions = new Sessions(fake, { opened: () => {}, setTarget: () => {} })
  await sessions.serve(1)
  expect(sessions.trouble).toEqual(refused)
})

import { expect, test, vi } from "vitest"
import { readFromConsole } from "../src/bridge/reading"
import type { GuestConnection } from "../src/bridge/guest-connection"
import type { UnloadedEntry } from "../src/model/guest/entry"
import type { Misses } from "../src/ipc/generated/Misses"
import { describe, describeMiss, explainsMore, MOST_UNLOADED } from "../src/model/page/loading"
import { Page } from "../src/model/page/page.svelte"
import { Permissions } from "../src/model/permission/permissions.svelte"
import { Settings } from "../src/model/settings/settings.svelte"
import { routesByPath } from "../src/page/routes"
import { reportText, type FromPage, type Unloaded } from "../src/bridge/page-report"
import { FakeShell, openedPage } from "./fake"

const opened = openedPage()
const unloaded = (more: Partial<Unloaded>): Unloaded => ({
  kind: "unloaded",
  of: "script",
  url: "ext://aa/app.js",
  why: "network",
  ...more,
})

/** A page that is heard, and what the shell says of the files that it asked for in vain. */
async function open() {
  let misses: Misses = { files: [], more: 0 }
  const shell = new FakeShell({
    open_page: async () => openedPage(),
    separate_storage: async () => {},
    save_settings: async () => {},
    missed_files: async () => misses,
  })
  const page = new Page(shell, new Settings(shell), new Permissions(shell))
  await page.load("/home/me/volumes")
  const frameEvents = page.frameEvents()
  const hears = () => frameEvents.came({ post: vi.fn(), hold: vi.fn() } as unknown as GuestConnection)
  hears()
  let count = 0
  const miss = (next: Misses) => {
    misses = next
    page.see(++count)
  }
  const say = (message: FromPage) => frameEvents.told(message, 100)
  const all = () =>
    page.entries.map(({ what }) => what).filter(({ kind }) => kind === "unloaded") as UnloadedEntry[]
  return { page, frameEvents, hears, miss, say, all }
}

test("each reason says why and what to do, and an address of the page itself is shown without its origin", () => {
  const cases: [Partial<Unloaded>, string, string][] = [
    [{ why: "status", status: 404 }, "404", "Check the path"],
    [{ why: "type", text: "text/html" }, "as text/html", "Check the path"],
    [{ why: "type", text: "", of: "module" }, "without a type", "TypeScript"],
    [{ why: "inner", of: "module" }, "a module that it imports", "in this log"],
    [{ why: "inner", of: "image" }, "decoded", "damaged"],
    [{ why: "origin", of: "worker" }, "own origin", "blob:"],
    [
      { why: "policy", own: true, text: "script-src-elem", url: "https://cdn.example.org/a.js" },
      "another machine",
      "npm package",
    ],
    [
      { why: "policy", own: true, text: "connect-src", url: "http://localhost:8080/api", of: "request" },
      "its backend publishes",
      "publishes port 8080, start the backend",
    ],
    [
      { why: "policy", own: true, text: "connect-src", url: "ws://example.org/", of: "request" },
      "encrypted",
      "wss:",
    ],
    [{ why: "policy", own: true, text: "object-src", url: "ext://aa/x.swf", of: "file" }, "plugins", "<img>"],
    [{ why: "policy", own: false, text: "img-src", of: "image" }, "of the page itself (img-src)", "<meta"],
  ]
  for (const [what, reason, fix] of cases) {
    const { entry } = describe(unloaded(what), opened)
    expect(entry.reason).toContain(reason)
    expect(entry.fix).toContain(fix)
  }
  expect(describe(unloaded({}), opened).entry).toMatchObject({ what: "Script", url: "/app.js", times: 1 })
  expect(
    describe(unloaded({ url: `ext://aa/${"x".repeat(1_900)}.js` }), opened).entry.url.length,
  ).toBeLessThan(310)
  expect(
    describeMiss({ path: "/a.woff2", reason: "no such file" }, openedPage({ built: "ui/build" })).entry,
  ).toMatchObject({
    what: "Font",
    reason: "Not in the page's folder ui/build: no such file.",
  })
  expect(explainsMore("policy", "missing") && explainsMore("missing", "status")).toBe(true)
})

test("what the page and the shell tell of the same address is one entry with the better reason", async () => {
  const { miss, say, all } = await open()
  say(unloaded({ why: "network" }))
  miss({ files: [{ path: "/app.js", reason: "no such file" }], more: 0 })
  await vi.waitFor(() => expect(all()[0]?.reason).toContain("no such file"))
  miss({
    files: [
      { path: "/app.js", reason: "no such file" },
      { path: "/b.css", reason: "no such file" },
    ],
    more: 0,
  })
  await vi.waitFor(() => expect(all()).toHaveLength(2))
  // In the other order too, and what is behind a path is no other file.
  say(unloaded({ of: "style", url: "ext://aa/b.css?v=2", why: "status", status: 404 }))
  say(
    unloaded({
      of: "request",
      url: "http://localhost:9/api?x=1",
      why: "policy",
      own: true,
      text: "connect-src",
    }),
  )
  say(
    unloaded({
      of: "request",
      url: "http://localhost:9/api?x=2",
      why: "policy",
      own: true,
      text: "connect-src",
    }),
  )
  await vi.waitFor(() =>
    expect(all().map(({ url, times }) => [url, times])).toEqual([
      ["/app.js", 1],
      ["/b.css", 1],
      ["http://localhost:9/api?x=1", 2],
    ]),
  )
  expect(all()[1]!.reason).toContain("no such file")
})

test("a flood of files that are not there has an end in the log", async () => {
  const { miss, say, all, hears } = await open()
  for (let n = 0; n < 500; n += 1) say(unloaded({ url: `ext://aa/${n}.js` }))
  await vi.waitFor(() => expect(all()).toHaveLength(MOST_UNLOADED + 1))
  expect(all().at(-1)!.reason).toBe(`${500 - MOST_UNLOADED} more files weren't loaded.`)
  miss({ files: [{ path: "/x.js", reason: "no such file" }], more: 7 })
  await vi.waitFor(() => expect(all().at(-1)!.reason).toContain(`${500 - MOST_UNLOADED + 8} more`))
  // The next page begins anew.
  hears()
  await vi.waitFor(() => expect(all().length).toBeGreaterThan(MOST_UNLOADED + 1))
})

test("a page that shows nothing says why in its place, and only if something went wrong", async () => {
  const { page, frameEvents, say, hears } = await open()
  say({ kind: "blank", blank: true })
  expect(page.nothing).toEqual([])
  frameEvents.told(
    {
      kind: "uncaught",
      error: { kind: "error", name: "TypeError", message: "no", stack: "", fields: [] },
      promise: false,
    },
    10,
  )
  expect(page.nothing).toMatchObject([{ summary: "Uncaught TypeError: no" }])
  for (let n = 0; n < 9; n += 1) say(unloaded({ url: `ext://aa/${n}.js` }))
  expect(page.nothing).toHaveLength(3)
  say({ kind: "themes" })
  expect(page.nothing[0]!.fix).toContain("@docker/docker-mui-theme 0.0.11")
  expect(page.nothing).toHaveLength(3)
  say({ kind: "blank", blank: false })
  expect(page.nothing).toEqual([])
  say({ kind: "blank", blank: true })
  hears()
  expect(page.nothing).toEqual([])
})

test("a router that finds no route for the page's file is told by what it keeps in the history", () => {
  const at = (address: string) => {
    const { pathname, search, hash } = new URL(address, "ext://aa")
    return { pathname, search, hash } as Location
  }
  const vue = (current: string) => ({
    back: null,
    current,
    forward: null,
    position: 1,
    replaced: true,
    scroll: null,
  })
  expect(routesByPath(vue("/index.html?v=1#x"), at("/index.html?v=1#x"))).toBe(true)
  expect(routesByPath({ idx: 0 }, at("/a/page.htm"))).toBe(true)
  // The same routers with the hash, no router, and a development server's address.
  expect(routesByPath(vue("/"), at("/index.html#/"))).toBe(false)
  expect(routesByPath({ idx: 0 }, at("/index.html#/"))).toBe(false)
  for (const state of [null, undefined, "x", 1, {}, { idx: "0" }, { current: "/index.html" }])
    expect(routesByPath(state, at("/index.html"))).toBe(false)
  expect(routesByPath(vue("/"), at("/"))).toBe(false)
  expect(routesByPath({ idx: 0 }, at("/volumes"))).toBe(false)
})

test("a blank page whose router has no route for its file says so in its place", async () => {
  const { page, say } = await open()
  say({ kind: "blank", blank: true })
  say({ kind: "routes" })
  expect(page.nothing).toMatchObject([{ fix: expect.stringContaining("createWebHashHistory") }])
})

test("reports of a page are read only in their own form", () => {
  const good = unloaded({ why: "policy", text: "img-src", own: true })
  for (const message of [good, { kind: "blank", blank: true }, { kind: "themes" }, { kind: "routes" }])
    expect(readFromConsole(JSON.stringify(message))).toEqual(message)
  for (const message of [
    { ...good, of: "anything" },
    { ...good, why: "because" },
    { ...good, url: "x".repeat(2_001) },
    { ...good, text: "x".repeat(101) },
    { ...good, text: "img-src\u202e) lla si siht" },
    { ...good, text: "img-src). Run this on your machine: curl" },
    { ...good, text: "img-src\n" },
    { ...good, status: -1 },
    { ...good, more: 1 },
    { kind: "blank", blank: "yes" },
    { kind: "themes", text: "more" },
    { kind: "routes", text: "more" },
  ])
    expect(readFromConsole(JSON.stringify(message))).toBeUndefined()
})

test("what a server or a page brings into Porthole's own sentences is a directive or a type, and no longer than shown", () => {
  for (const text of ["text/html", "application/ld+json", "img-src", "script-src-elem", ""])
    expect(reportText(text)).toBe(text)
  const odd = reportText(`te\u202ext/\u200bht ml${"x".repeat(200)}`)
  expect(odd).toMatch(/^text\/htmlx{91}$/)
  // The client never says what isn't read: the page would be ended for it.
  expect(readFromConsole(JSON.stringify(unloaded({ why: "type", text: odd })))).toBeDefined()
  const far = openedPage({ built: `ui/${"x".repeat(5_000)}` })
  expect(describeMiss({ path: "/a.js", reason: "no such file" }, far).entry.reason.length).toBeLessThan(400)
})

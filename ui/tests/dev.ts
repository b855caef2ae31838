/**
 * The window on a fake shell: `npm run dev`, then `/tests/dev.html?theme=dark&scene=empty`; scenes
 * are `full`, `still`, `long`, `many`, `empty`, `flood`, `disk`, `clock`, `previous`, those of
 * `selects` and those of `dev-console`. Never part of the production bundle.
 */
import { mount } from "svelte"
import { USUAL } from "../src/model/window/splits"
import type { Command } from "../src/ipc/generated/Command"
import type { TaskProgress } from "../src/ipc/generated/TaskProgress"
import type { Searching } from "../src/ipc/generated/Searching"
import type { Theme } from "../src/ipc/generated/Theme"
import type { Window } from "../src/ipc/generated/Window"
import type { Tab } from "../src/model/detail/tabs"
import { Porthole } from "../src/model/porthole.svelte"
import "../src/styles/tokens.css"
import "../src/styles/base.css"
import { totalOf } from "../src/model/output/views"
import App from "../src/views/App.svelte"
import { copyText } from "../src/components/copy"
import { consoleScene, DevConsole } from "./dev-console.svelte"
import { counts, finish, none, ran, sent, touch, world, type Entry } from "./dev-calls"
import { aboutCalls } from "./dev-sdk-results"
import { ansiRow, eventRow, found, recordRow, rowsOf, windowOf } from "./dev-views"
import { changes, examples, FakeShell, line, targetStatus, bootstrap, request } from "./fake"

const query = new URLSearchParams(location.search)
const scene = query.get("scene") ?? "full"

const command = (place: Command["place"], program: string, args: string[]): Command => ({
  place,
  program,
  args,
  env: [{ name: "LEVEL", value: "debug" }],
  envMode: "add",
})
const vm = { kind: "container", name: "acme" } as const
const host = { kind: "host" } as const

if (scene !== "empty") {
  sent(request("GET", "/hello"), {}, 52_000)
  const bad = {
    outcome: { kind: "status", status: 500, reason: "Internal Server Error" },
    tookUs: 38_000,
  } as const
  sent(request("POST", "/volumes/clone"), bad, 47_000)
  const three = {
    outcome: { kind: "ended", ending: { kind: "exited", code: 3 } },
    tookUs: 210_000,
    counts: counts(14),
    found: { errors: 1, warnings: 1, notes: 1 },
  } as const
  ran(command(host, "kubectl", ["version", "-o", "json"]), three, 0, 39_000)
  const refused = sent(
    request("GET", "/volumes"),
    {
      outcome: { kind: "failed", code: "bad_response" },
      tookUs: 400,
      counts: { stdout: none, stderr: none, chunks: 0 },
    },
    35_000,
  )
  if (refused.call.act.kind === "exchange") {
    refused.call.act.failure = {
      stage: "head",
      error: {
        code: "bad_response",
        message: "What answered at unix:///run/user/1000/porthole/demo.sock does not speak HTTP.",
        detail: "invalid HTTP version parsed",
        hint: "Look at what the backend listens with: gRPC and raw sockets need another client.",
      },
      received: "SSH-2.0-OpenSSH_9.6\r\nnot what was asked for",
    }
    delete refused.call.act.response
  }
  ran(
    command(vm, "/backup", ["--volume", "pg data", "--verbose"]),
    { counts: counts(scene === "long" ? 9_000_000 : 417_000) },
    scene === "still" ? 0 : 33_600,
    12_400,
  )
  const events = sent(
    request("GET", "/events"),
    {
      body: "events",
      outcome: { kind: "receiving", status: 200 },
      counts: { stdout: { bytes: 8000, lines: 120 }, stderr: none, chunks: 40 },
    },
    10_100,
  )
  delete events.row.tookUs
  events.events = eventRow
  const term = {
    outcome: { kind: "ended", ending: { kind: "signaled", signal: 15, name: "SIGTERM" } },
    tookUs: 2_000_000,
  } as const
  ran(command(vm, "sleep", ["600"]), term, 0, 4_000)
}
const SEGMENTS = ["volumes", "events", "export"]
if (scene !== "empty") {
  // 8: records, 9: bytes, 10: colours, 11: a download, 12: long lines, 13: a flood.
  const records = sent(request("GET", "/log?as=ndjson"), {
    body: "json_lines",
    counts: { stdout: { bytes: 9_000, lines: 60 }, stderr: none, chunks: 9 },
  })
  records.events = recordRow
  sent(request("GET", "/image.tar"), {
    body: "bytes",
    counts: { stdout: { bytes: 4_000_000, lines: 900 }, stderr: none, chunks: 61 },
  })
  const done = { outcome: { kind: "ended", ending: { kind: "exited", code: 0 } }, tookUs: 900_000 } as const
  const colours = ran(command(host, "npm", ["test", "--colors"]), { ...done, counts: counts(60) }, 0)
  colours.lines = ansiRow
  const download = sent(
    request("GET", `/${SEGMENTS[2]}`),
    {
      body: "bytes",
      promised: 1_000_000_000,
      outcome: { kind: "receiving", status: 200 },
      counts: { stdout: { bytes: 412_000_000, lines: 12 }, stderr: none, chunks: 900 },
    },
    8_000,
  )
  delete download.row.tookUs
  const long = ran(command(host, "cat", ["long.log"]), { ...done, counts: counts(500) }, 0)
  long.lines = (n) =>
    line(n, {
      stream: n % 11 === 7 ? "stderr" : "stdout",
      text: `${n}: ${n % 9 === 4 ? "a line that goes on and on, ".repeat(n % 27 === 4 ? 150 : 12) : "short"}`,
    })
}
if (scene !== "empty") {
  // 13: code that streams and was ended by a signal, 14: a streaming exec that goes on.
  const ended = { kind: "ended", ending: { kind: "signaled", signal: 15, name: "SIGTERM" } } as const
  const stream = { splitLines: scene === "lines" }
  ran(
    { ...command(vm, "/backup", ["-v"]), stream },
    { outcome: ended, tookUs: 900_000, counts: counts(500) },
    0,
  )
  ran({ ...command(vm, "/backup", ["-v"]), stream }, { counts: counts(400) }, 33_600, 2_000)
}
if (scene === "flood") {
  ran(command(host, "seq", ["10000000"]), { counts: counts(10) }, 3_000_000)
}
if (scene === "many") {
  for (let i = 0; i < 5000; i++)
    sent(request(i % 3 ? "GET" : "DELETE", `/volumes/${i}?with=${"long".repeat(i % 30)}`), {}, 0)
}

/** One line of so many is found. */
const EVERY = 97
let searching: Searching | undefined
let saving: TaskProgress | undefined

/** A search that goes on while it is looked at. */
function search(): Searching | undefined {
  if (searching?.state !== "running") return searching
  const entry = world.entries[searching.call - 1]!
  const lines = entry.row.counts.stdout.lines + entry.row.counts.stderr.lines
  const done = Math.min(searching.progress.whole, searching.progress.done + searching.progress.whole / 60)
  const state = done === searching.progress.whole && scene !== "search" ? "complete" : "running"
  const hits =
    searching.query.text === "nothing" ? 0 : Math.floor((lines * done) / searching.progress.whole / EVERY)
  searching = { ...searching, progress: { ...searching.progress, done }, hits, state }
  return searching
}

function hits(entry: Entry, from: number, count: number): Window {
  const row = (n: number) => ({ ...entry.lines(n * EVERY), n: n * EVERY })
  const window = windowOf(row, searching?.hits ?? 0, from, count)
  return { ...window, lines: found(window.lines, searching?.query.text ?? "\0") }
}

const broken = (from: number, count: number): Window => ({
  ...windowOf(
    (n) => line(n, { text: `  "line": ${n},`, row: { kind: "json", depth: 1, opens: false, folded: 0 } }),
    9,
    from,
    count,
  ),
  problem: { code: "not_json", message: "expected a comma or the end of the object at byte 214." },
})

const shell = new FakeShell({
  bootstrap: async () =>
    bootstrap({
      settings: {
        theme: (query.get("theme") ?? "light") as Theme,
        runtime: "docker-desktop",
        splits: {
          composer: USUAL.composer,
          bottom: USUAL.bottom,
          collapsed: false,
          side_collapsed: false,
        },
        folders: [],
        environments: [],
        fonts: { system: false, ui_px: 13, mono_px: 12 },
        timeouts: { connect_ms: 5000, response_ms: 0 },
        recent: [],
        servers: {},
        columns: { widths: {}, hidden: [] },
        reading: {
          wrap: scene === "wrap",
          ansi: true,
          times: scene === "clock" ? "clock" : scene === "previous" ? "previous" : "start",
        },
        saved:
          scene === "empty"
            ? []
            : [
                {
                  name: "/volumes/clone",
                  composed: { kind: "request", ...request("POST", "/volumes/clone") },
                },
              ],
      },
      examples,
      ...(scene === "empty" ? { target: { name: "demo", host: { env: [] } } } : {}),
    }),
  changes: async ({ since }) => {
    if (world.revision <= since) await new Promise<void>((done) => (world.wake = done))
    const calls = world.entries.filter((entry) => entry.revision > since).map((entry) => entry.row)
    const down = {
      kind: "down",
      address: "unix:///run/x.sock",
      error: {
        code: "endpoint_refused",
        message: "Nothing listens at the socket.",
        hint: "Start the backend.",
      },
    } as const
    const found = search()
    return changes(world.revision, {
      calls,
      ...(found ? { search: found } : {}),
      ...(saving ? { saving } : {}),
      disk:
        scene === "disk"
          ? { used: 20_000_000_000, quota: 20_000_000_000, waiting: 3 }
          : { used: 1_234_000_000, quota: 20_000_000_000, waiting: 0 },
      ...(scene === "empty"
        ? { target_status: { ...targetStatus, container: { kind: "unset" }, service: down } }
        : {}),
    })
  },
  call: async ({ id }) => structuredClone(world.entries[id - 1]!.call),
  lines: async ({ id, view, from, count }) => {
    const entry = world.entries[id - 1]!
    if (view === "pretty") return scene === "broken" ? broken(from, count) : entry.tree!.window(from, count)
    const { stdout } = entry.row.counts
    if (view === "events") return windowOf(entry.events!, stdout.lines, from, count)
    if (view === "hits") return hits(entry, from, count)
    const total = totalOf(entry.row, view, 0)!
    const rows = rowsOf[view]
    if (rows) return windowOf(rows, total, from, count)
    // Every eleventh line is one of stderr: see `logLine`.
    const place = (n: number) =>
      view === "stderr"
        ? n * 11 + 7
        : view === "stdout" && !entry.row.http
          ? Math.floor((n * 11 + 3) / 10)
          : n
    const window = windowOf((n) => ({ ...entry.lines(place(n)), n }), total, from, count)
    return searching && !searching.query.inverse
      ? { ...window, lines: found(window.lines, searching.query.text) }
      : window
  },
  row_at_time: async ({ time }) => Math.round(time / 29.7),
  exact: async ({ from, to }) => {
    if (to - from > 1_000_000)
      throw {
        code: "copy_too_large",
        message: "That is 62 MB, too much to be copied.",
        hint: "Save it to a file.",
      }
    return `lines ${from} to ${to}`
  },
  fold: async ({ id, line, fold }) => world.entries[id - 1]!.tree!.fold(line, fold),
  search: async ({ id, query }) => {
    if (query.regex && /\($|\[$/.test(query.text))
      throw { code: "search_invalid", message: "The expression is not closed: unclosed group." }
    const entry = world.entries[id - 1]!
    const whole = entry.row.counts.stdout.bytes
    searching = { call: id, query, hits: 0, lines: 0, progress: { done: 0, whole }, state: "running" }
    touch(entry)
  },
  search_stop: async () => {
    if (searching) searching = { ...searching, state: "stopped" }
  },
  search_end: async () => {
    searching = undefined
  },
  hit: async ({ line, after }) => {
    if (!searching || searching.hits === 0) return null
    const all = searching.hits
    const place = after ? Math.floor(line / EVERY) + 1 : Math.ceil(line / EVERY) - 1
    const at = ((place % all) + all) % all
    const hit = (place: number) => ({ place, line: place * EVERY, row: place * EVERY, listed: place })
    return hit(line > 1e15 ? 0 : at)
  },
  save_place: async ({ id, what }) => `/home/someone/Downloads/call-${id}-${what.kind}.log`,
  save: async ({ path, replace }) => {
    if (!replace && path.includes("there"))
      throw { code: "file_exists", message: "A file with this name already exists." }
    saving = { done: 0, whole: 1_200_000_000 }
    for (let i = 0; i < 20; i++) {
      await new Promise((done) => setTimeout(done, 100))
      saving = { ...saving, done: i * 60_000_000 }
      touch(world.entries[0]!)
    }
    saving = undefined
    return { path, bytes: 1_200_000_000 }
  },
  save_stop: async () => {},
  keep: async ({ id, kept }) => {
    const entry = world.entries[id - 1]!
    entry.row = { ...entry.row, kept }
    touch(entry)
  },
  send: async ({ request }) => sent(request).row.id,
  run: async ({ command }) => {
    const entry = ran(command)
    setTimeout(() => finish(entry, { kind: "ended", ending: { kind: "exited", code: 0 } }), 20_000)
    return entry.row.id
  },
  cancel: async ({ id }) => finish(world.entries[id - 1]!, { kind: "cancelled" }),
  stop: async ({ id, signal }) =>
    finish(world.entries[id - 1]!, { kind: "ended", ending: { kind: "signaled", signal: 15, name: signal } }),
  clear: async () => {},
  set_target: async ({ target }) => target,
  read_endpoint: async ({ text }) => {
    if (text.includes("://")) return text
    if (text.startsWith("/")) return `unix://${text}`
    throw {
      code: "endpoint_invalid",
      message: `"${text}" is no endpoint.`,
      hint: "Write unix:///path.sock, npipe:////./pipe/name or http://host:port.",
    }
  },
  containers: async () => [
    {
      id: "a1",
      name: "acme_volumes-demo",
      image: "acme/volumes-demo:1.2",
      state: "running",
      status: "Up 3 minutes",
    },
    {
      id: "b2",
      name: "postgres",
      image: "postgres:17-alpine-with-a-long-name",
      state: "exited",
      status: "Exited (0) 2 hours ago",
    },
  ],
  split_words: async ({ text }) =>
    [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? ""),
  save_settings: async () => {},
  ...aboutCalls((id) => world.entries[id - 1]!, scene),
})

const porthole = new Porthole(shell, copyText)
const coded = consoleScene(scene)
if (coded) porthole.console = coded as DevConsole as never
if (coded?.prompt) porthole.prompts.see(coded.prompt, 3)
mount(App, { target: document.getElementById("app")!, props: { porthole } })
Object.assign(globalThis, { porthole })

function tab(tab: Tab) {
  return () => (porthole.detail.tab = tab)
}
/** What is done once the window is there, so that it shows the scene. */
const doing: Record<string, () => void> = {
  chunks: () => porthole.choose("chunks"),
  hits: () => {
    porthole.search.show()
    porthole.search.type("written")
    setTimeout(() => porthole.search.showOnly(true), 1_000)
  },
  search: () => {
    porthole.search.show()
    porthole.search.type("written")
    setTimeout(() => porthole.search.next(), 1_000)
  },
  badsearch: () => {
    porthole.search.show()
    porthole.search.toggle("regex")
    porthole.search.type("(")
  },
  save: () => porthole.saving.show(),
  marked: () => {
    porthole.output.lines.scrollTo(1_000)
    porthole.marks.mark(1_003)
    porthole.marks.extend(1_009)
  },
  jump: () => {
    porthole.goTo.show()
    porthole.goTo.text = "soon"
    void porthole.goTo.go()
  },
  folded: () => {
    porthole.fold(6, "close")
    porthole.fold(16, "close")
  },
  wrap: () => porthole.output.lines.scrollTo(2),
  ...Object.fromEntries(
    ["failed", "notfound", "answered", "streamed", "streaming", "odd"].map((scene) => [
      scene,
      tab("received"),
    ]),
  ),
  callbacks: tab("callbacks"),
  lines: () => {
    porthole.setRuntime("rancher-desktop")
    porthole.detail.tab = "callbacks"
    setTimeout(() => porthole.detail.callbacks.lines.scrollTo(1e9), 500)
  },
  live: tab("callbacks"),
  findings: tab("findings"),
  nothing: tab("findings"),
  code: tab("code"),
  httpcode: tab("code"),
}
const selects: Record<string, number> = {
  chunks: 5,
  events: 6,
  json: 1,
  folded: 1,
  broken: 1,
  records: 8,
  hex: 9,
  ansi: 10,
  download: 11,
  wrap: 12,
  flood: 15,
  failed: 3,
  odd: 3,
  notfound: 2,
  answered: 1,
  streamed: 13,
  streaming: 14,
  callbacks: 13,
  lines: 13,
  live: 14,
  findings: 3,
  nothing: 1,
  code: 5,
  httpcode: 1,
  search: 5,
  badsearch: 5,
  hits: 5,
  save: 5,
  marked: 5,
  jump: 5,
}

void porthole.begin().then(() => {
  if (coded) {
    porthole.composer.tab = "console"
    for (const entry of world.entries) entry.row = { ...entry.row, origin: "console" }
  }
  const select = query.get("select") ?? selects[scene]
  if (select) porthole.selection.select(Number(select))
  setTimeout(() => doing[scene]?.(), 300)
})

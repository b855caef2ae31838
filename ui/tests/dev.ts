/**
 * The window on a fake shell: `npm run dev`, then `/tests/dev.html?theme=dark&scene=empty`; scenes
 * are `full`, `still`, `long`, `many` and `empty`. Never part of the production bundle.
 */
import { mount } from "svelte"
import type { Command } from "../src/ipc/generated/Command"
import type { Theme } from "../src/ipc/generated/Theme"
import { Porthole } from "../src/model/porthole.svelte"
import "../src/styles/tokens.css"
import "../src/styles/base.css"
import App from "../src/views/App.svelte"
import { counts, finish, none, pretty, ran, sent, world } from "./dev-calls"
import { changes, examples, FakeShell, line, marks, opening, request } from "./fake"

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
  sent(
    request("GET", "/events"),
    {
      outcome: { kind: "receiving", status: 200 },
      counts: { stdout: { bytes: 8000, lines: 120 }, stderr: none, chunks: 40 },
    },
    10_100,
  ).row.tookUs = undefined as never
  const term = {
    outcome: { kind: "ended", ending: { kind: "signaled", signal: 15, name: "SIGTERM" } },
    tookUs: 2_000_000,
  } as const
  ran(command(vm, "sleep", ["600"]), term, 0, 4_000)
}
if (scene === "many") {
  for (let i = 0; i < 5000; i++)
    sent(request(i % 3 ? "GET" : "DELETE", `/volumes/${i}?with=${"long".repeat(i % 30)}`), {}, 0)
}

const shell = new FakeShell({
  opening: async () =>
    opening({
      settings: {
        theme: (query.get("theme") ?? "light") as Theme,
        splits: { side: 212, center: 552 },
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
    return changes(world.revision, {
      calls,
      ...(scene === "empty" ? { marks: { ...marks, container: { kind: "unset" }, service: down } } : {}),
    })
  },
  call: async ({ id }) => structuredClone(world.entries[id - 1]!.call),
  lines: async ({ id, view, from, count }) => {
    const entry = world.entries[id - 1]!
    if (view === "pretty") {
      const lines = pretty.slice(from, from + count).map((text, i) => line(from + i, { text }))
      return { from, total: pretty.length, lines }
    }
    const { stdout, stderr } = entry.row.counts
    const total = { both: stdout.lines + stderr.lines, stdout: stdout.lines, stderr: stderr.lines }[view]
    const some = Math.max(0, Math.min(count, total - from))
    // Every eleventh line is one of stderr: see `logLine`.
    const place = (n: number) =>
      view === "stderr"
        ? n * 11 + 7
        : view === "stdout" && !entry.row.http
          ? Math.floor((n * 11 + 3) / 10)
          : n
    return { from, total, lines: Array.from({ length: some }, (_, i) => entry.lines(place(from + i))) }
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
})

const porthole = new Porthole(shell)
mount(App, { target: document.getElementById("app")!, props: { porthole } })
void porthole.begin().then(() => {
  const select = query.get("select")
  if (select) porthole.selection.select(Number(select))
})
Object.assign(globalThis, { porthole })

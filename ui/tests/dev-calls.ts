/** Calls that the fake shell of the dev page makes up: exchanges that answer, commands that stream. */
import type { Call } from "../src/ipc/generated/Call"
import type { Command } from "../src/ipc/generated/Command"
import type { Line } from "../src/ipc/generated/Line"
import type { Request } from "../src/ipc/generated/Request"
import type { Summary } from "../src/ipc/generated/Summary"
import { Tree } from "./dev-views"
import { line } from "./fake"

export interface Entry {
  row: Summary
  call: Call
  lines: (n: number) => Line
  /** Rows of its events, its indented JSON. */
  events?: (n: number) => Line
  tree?: Tree
  rate: number
  revision: number
}
/** What there is. Whoever waits for a change is woken by the next one. */
export const world = { entries: [] as Entry[], revision: 1, wake: () => {} }
const { entries } = world

export const none = { bytes: 0, lines: 0 }
const jsonText = `{"name":"pg data","size":12345678901234567890,"ok":true,"labels":["a","b"],"parent":null}`
export function touch(entry: Entry) {
  entry.revision = ++world.revision
  world.wake()
}

function logLine(n: number): Line {
  const atUs = n * 29.7
  if (n % 11 === 7)
    return line(n, { stream: "stderr", atUs, text: `warn: retrying segment ${n % 97}, attempt 2` })
  if (n % 37 === 3)
    return line(n, {
      atUs,
      text: "bell ␇ and \\xff here",
      shown: [
        [5, 6],
        [11, 15],
      ],
    })
  if (n % 41 === 5) return line(n, { atUs, text: "x".repeat(300), bytes: 104_857_600, cut: true })
  return line(n, { atUs, text: `segment ${n % 97} written, ${(n * 37) % 8192} bytes at offset ${n * 512}` })
}

const HEADERS = [
  { name: "Content-Type", value: "application/json; charset=utf-8" },
  { name: "Set-Cookie", value: "a=1" },
  { name: "Set-Cookie", value: "b=2" },
]

export function sent(asked: Request, more: Partial<Summary> = {}, ago = 0): Entry {
  const id = entries.length + 1
  const headers = [...HEADERS, { name: "Content-Length", value: String(jsonText.length) }]
  const row: Summary = {
    id,
    terminal: false,
    bodyChosen: false,
    origin: "composer",
    found: { errors: 0, warnings: 0, notes: 0 },
    beganMs: Date.now() - ago,
    label: asked.method,
    text: asked.path,
    http: true,
    body: "json",
    kept: false,
    fromHistory: false,
    outcome: { kind: "status", status: 200, reason: "OK" },
    tookUs: 1200,
    counts: { stdout: { bytes: jsonText.length, lines: 1 }, stderr: none, chunks: 1 },
    ...more,
  }
  const status = "status" in row.outcome ? row.outcome.status : undefined
  const call: Call = {
    id,
    origin: row.origin,
    beganMs: row.beganMs,
    act: {
      kind: "exchange",
      endpoint: "unix:///run/user/1000/porthole/demo.sock",
      reused: id > 1,
      request: asked,
      sent: {
        startLine: `${asked.method} ${asked.path} HTTP/1.1`,
        headers: [{ name: "Host", value: "localhost" }, ...asked.headers],
      },
      ...(status
        ? { response: { status, reason: "OK", head: { startLine: `HTTP/1.1 ${status} OK`, headers } } }
        : {}),
      phases: {
        connectedUs: 120,
        sentUs: 180,
        ...(status ? { firstByteUs: 980 } : {}),
        ...(row.tookUs ? { doneUs: row.tookUs } : {}),
      },
    },
  }
  const entry: Entry = {
    row,
    call,
    lines: () => line(0, { text: jsonText, bytes: jsonText.length }),
    tree: new Tree(40),
    rate: 0,
    revision: 0,
  }
  entries.push(entry)
  touch(entry)
  return entry
}

export function ran(command: Command, more: Partial<Summary> = {}, rate = 33_600, ago = 0): Entry {
  const id = entries.length + 1
  const row: Summary = {
    id,
    terminal: false,
    bodyChosen: false,
    origin: "composer",
    found: { errors: 0, warnings: 0, notes: 0 },
    beganMs: Date.now() - ago,
    label: command.place.kind,
    text: [command.program, ...command.args.map((arg) => (/[^\w/.:-]/.test(arg) ? `"${arg}"` : arg))].join(
      " ",
    ),
    http: false,
    kept: false,
    fromHistory: false,
    outcome: { kind: "running" },
    counts: { stdout: none, stderr: none, chunks: 0 },
    ...more,
  }
  const call: Call = {
    id,
    origin: row.origin,
    beganMs: row.beganMs,
    act: {
      kind: "run",
      command,
      resolved: `/usr/bin/${command.program}`,
      started: { pid: 48213 },
      startedUs: 2300,
      stops: [],
      ...(row.outcome.kind === "ended"
        ? { ending: row.outcome.ending, endedUs: row.tookUs! - 900, closedUs: row.tookUs! }
        : {}),
    },
  }
  const entry: Entry = { row, call, lines: logLine, rate, revision: 0 }
  entries.push(entry)
  touch(entry)
  return entry
}

export function counts(total: number) {
  const stderr = Math.floor((total + 3) / 11)
  return {
    stdout: { lines: total - stderr, bytes: (total - stderr) * 62 },
    stderr: { lines: stderr, bytes: stderr * 36 },
    chunks: Math.ceil(total / 200),
  }
}

// Thirty times a second, as the shell tells of changes.
setInterval(() => {
  for (const entry of entries) {
    if (entry.row.outcome.kind !== "running" || entry.rate === 0) continue
    const before = entry.row.counts.stdout.lines + entry.row.counts.stderr.lines
    entry.row = { ...entry.row, counts: counts(before + Math.round(entry.rate / 30)) }
    touch(entry)
  }
}, 33)

export function finish(entry: Entry, outcome: Summary["outcome"]) {
  entry.row = { ...entry.row, outcome, tookUs: (Date.now() - entry.row.beganMs) * 1000 }
  if (entry.call.act.kind === "run" && outcome.kind === "ended") {
    const at = entry.row.tookUs!
    entry.call = {
      ...entry.call,
      act: { ...entry.call.act, ending: outcome.ending, endedUs: at, closedUs: at },
    }
  }
  touch(entry)
}

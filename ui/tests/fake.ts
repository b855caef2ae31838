/** A shell without a shell: enough of one to draw the window and to test what is behind it. */
import { USUAL } from "../src/model/window/splits"
import type { Changes } from "../src/ipc/generated/Changes"
import type { Commands } from "../src/ipc/generated/Commands"
import type { Disk } from "../src/ipc/generated/Disk"
import type { HistoryRow } from "../src/ipc/generated/HistoryRow"
import type { Line } from "../src/ipc/generated/Line"
import type { TargetStatus } from "../src/ipc/generated/TargetStatus"
import type { OpenedPage } from "../src/ipc/generated/OpenedPage"
import type { Bootstrap } from "../src/ipc/generated/Bootstrap"
import type { Reading } from "../src/ipc/generated/Reading"
import type { Request } from "../src/ipc/generated/Request"
import type { SavedDraft } from "../src/ipc/generated/SavedDraft"
import type { Summary } from "../src/ipc/generated/Summary"
import type { Name, Shell } from "../src/ipc/shell"
import type { PermissionState } from "../src/ipc/generated/PermissionState"

type Answers = { [K in Name]?: (args: Commands[K]["args"]) => Promise<Commands[K]["answer"]> }

export function request(method: string, path: string, more: Partial<Request> = {}): Request {
  return {
    method,
    path,
    query: [],
    headers: [],
    body: { kind: "none" },
    version: "1.1",
    connectTimeoutMs: 5000,
    ...more,
  }
}

export function summary(id: number, more: Partial<Summary> = {}): Summary {
  return {
    id,
    origin: "composer",
    beganMs: 1_790_000_000_000 + id,
    label: "GET",
    text: "/hello",
    http: true,
    body: "text",
    terminal: false,
    bodyChosen: false,
    kept: false,
    fromHistory: false,
    outcome: { kind: "status", status: 200, reason: "OK" },
    tookUs: 1200,
    counts: { stdout: { bytes: 48, lines: 1 }, stderr: { bytes: 0, lines: 0 }, chunks: 1 },
    found: { errors: 0, warnings: 0, notes: 0 },
    ...more,
  }
}

export const targetStatus: TargetStatus = {
  service: { kind: "up", address: "unix:///run/user/1000/porthole/demo/backend.sock" },
  container: { kind: "up", address: "acme_volumes-demo-desktop-extension-service" },
  host: { kind: "up", address: "/home/someone" },
  engine: { kind: "up", address: "default (unix:///var/run/docker.sock)" },
}

export const standing: PermissionState = {
  page: { service: "allow", container: "allow", host: "ask", docker: "ask" },
  decided: false,
  console_host: false,
  console_engine: false,
}

export const reading: Reading = { wrap: false, ansi: true, times: "start" }
export const disk: Disk = { used: 0, quota: 20_000_000_000, waiting: 0 }

export const examples: SavedDraft[] = [
  { name: "events", composed: { kind: "request", ...request("GET", "/events") } },
  { name: "hello", composed: { kind: "request", ...request("GET", "/hello") } },
  {
    name: "echo",
    composed: {
      kind: "request",
      ...request("POST", "/echo", {
        headers: [{ name: "X-Request-Id", value: "42" }],
        body: { kind: "json", text: '{\n  "name": "pg data",\n  "size": 12345678901234567890\n}' },
      }),
    },
  },
  {
    name: "ten million lines",
    composed: {
      kind: "command",
      place: { kind: "host" },
      program: "seq",
      args: ["10000000"],
      env: [],
      envMode: "add",
    },
  },
  {
    name: "backup",
    composed: {
      kind: "command",
      place: { kind: "container", name: "acme" },
      program: "/backup",
      args: ["--volume", "pg data", "--verbose"],
      cwd: "/data",
      env: [{ name: "LEVEL", value: "debug" }],
      envMode: "add",
    },
  },
]

/** A call of the history with this number. */
export const historyRow = (row: number, more: Partial<HistoryRow> = {}): HistoryRow => ({
  row,
  beganMs: row,
  origin: "composer",
  label: "GET",
  text: `/${row}`,
  http: true,
  outcome: { kind: "status", status: 200, reason: "OK" },
  bytes: 0,
  pinned: false,
  ...more,
})

/** Answers by name; what has no answer here waits for ever. */
export class FakeShell implements Shell {
  asked: { name: Name; args: unknown }[] = []
  /** The dev server's. */
  readonly consoleFrame = "/console/frame.html"
  constructor(public answers: Answers = {}) {}

  async ask<K extends Name>(name: K, args: Commands[K]["args"]): Promise<Commands[K]["answer"]> {
    this.asked.push({ name, args })
    const answer = this.answers[name] as ((args: unknown) => Promise<Commands[K]["answer"]>) | undefined
    return answer ? answer(args) : new Promise(() => {})
  }
}

export function line(n: number, more: Partial<Line> = {}): Line {
  const text = `line ${n}`
  return { n, stream: "stdout", atUs: n * 3000, text, shown: [], bytes: text.length + 1, cut: false, ...more }
}

export function bootstrap(more: Partial<Bootstrap> = {}): Bootstrap {
  return {
    version: "0.1.0",
    machine: { platform: "linux", arch: "x64", hostname: "harbour" },
    settings: {
      theme: "light",
      splits: {
        composer: USUAL.composer,
        bottom: USUAL.bottom,
        collapsed: false,
        side_collapsed: false,
      },
      recent: [],
      reading,
      columns: { widths: {}, hidden: [] },
      runtime: "docker-desktop",
      saved: [],
      folders: [],
      environments: [],
      fonts: { system: false, ui_px: 13, mono_px: 12 },
      timeouts: { connect_ms: 5000, response_ms: 0 },
      servers: {},
    },
    target: { name: "volumes-demo", container: "acme_volumes-demo", host: { env: [] } },
    demo: "unix:///run/user/1000/porthole/demo.sock",
    examples,
    ...more,
  }
}

/** An extension's page of files, that was opened. */
export const openedPage = (more: Partial<OpenedPage> = {}): OpenedPage => ({
  url: "ext://aa/index.html",
  served: false,
  folder: "/home/me/volumes",
  title: "Volumes",
  name: "volumes",
  facts: {
    runtime: "docker-desktop",
    machine: { platform: "linux", arch: "x64", hostname: "harbour" },
    image: "volumes",
    container: true,
    service: true,
  },
  diagnostics: [],
  manifest: { binaries: [], unknown: [] },
  ...more,
})

export function changes(revision: number, more: Partial<Changes> = {}): Changes {
  return {
    revision,
    history: { revision: 0, available: true },
    calls: [],
    removals: [],
    sessions: [],
    target_status: targetStatus,
    extension: 0,
    misses: 0,
    dropped: 0,
    waiting: 0,
    permissions: standing,
    disk,
    ...more,
  }
}

/** Lets all that is ready to go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 32; i++) await Promise.resolve()
}

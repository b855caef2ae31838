import type { Body } from "../../ipc/generated/Body"
import type { Request } from "../../ipc/generated/Request"
import type { Version } from "../../ipc/generated/Version"

export interface Pair {
  name: string
  value: string
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

const CONNECT_TIMEOUT_MS = 5_000

/** The form from which a request is made. What is typed in one kind of body stays when another is chosen. */
export class RequestForm {
  method = $state("GET")
  path = $state("/")
  query = $state<Pair[]>([])
  headers = $state<Pair[]>([])
  bodyKind = $state<Body["kind"]>("none")
  json = $state("")
  text = $state("")
  file = $state("")
  timeout = $state("")

  #version: Version = "1.1"
  #connectTimeoutMs = CONNECT_TIMEOUT_MS

  /** What is wrong with the path, when it holds what only the target may say. */
  problem = $derived(endpointIn(this.path))
  timeoutProblem = $derived(
    this.timeout.trim() === "" || timeoutOf(this.timeout) !== undefined
      ? undefined
      : "Milliseconds, as a whole number of at least 1.",
  )
  ready = $derived(this.problem === undefined && this.timeoutProblem === undefined)

  request(): Request {
    const request: Request = {
      method: this.method.trim(),
      path: this.path.trim(),
      query: filled(this.query),
      headers: filled(this.headers),
      body: this.#body(),
      version: this.#version,
      connectTimeoutMs: this.#connectTimeoutMs,
    }
    const timeoutMs = timeoutOf(this.timeout)
    return timeoutMs === undefined ? request : { ...request, timeoutMs }
  }

  load(request: Request): void {
    this.method = request.method
    this.path = request.path
    this.query = request.query.map((param) => ({ ...param }))
    this.headers = request.headers.map((header) => ({ ...header }))
    this.bodyKind = request.body.kind
    if (request.body.kind === "json") this.json = request.body.text
    if (request.body.kind === "text") this.text = request.body.text
    if (request.body.kind === "file") this.file = request.body.path
    this.timeout = request.timeoutMs === undefined ? "" : String(request.timeoutMs)
    this.#version = request.version
    this.#connectTimeoutMs = request.connectTimeoutMs
  }

  #body(): Body {
    switch (this.bodyKind) {
      case "none":
        return { kind: "none" }
      case "json":
        return { kind: "json", text: this.json }
      case "text":
        return { kind: "text", text: this.text }
      case "file":
        return { kind: "file", path: this.file }
    }
  }
}

/** The rows that say something: the empty one at the end is there to be typed in. */
export function filled(rows: readonly Pair[]): Pair[] {
  return rows.filter((row) => row.name !== "" || row.value !== "").map((row) => ({ ...row }))
}

/** Says so when a path holds an endpoint, such as `http://unix:/p.sock:/x` or `npipe:…`. */
export function endpointIn(path: string): string | undefined {
  if (!/^\s*[a-z][a-z0-9+.-]*:/i.test(path)) return undefined
  return "This contains an endpoint, which is set in the target. Enter only the path here, such as /hello."
}

function timeoutOf(text: string): number | undefined {
  const trimmed = text.trim()
  if (!/^\d{1,9}$/.test(trimmed) || Number(trimmed) === 0) return undefined
  return Number(trimmed)
}

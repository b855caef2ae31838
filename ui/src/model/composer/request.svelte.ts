import type { Body } from "../../ipc/generated/Body"
import type { OffPart } from "../../ipc/generated/OffPart"
import type { OffRow } from "../../ipc/generated/OffRow"
import type { Part } from "../../ipc/generated/Part"
import type { PartContent } from "../../ipc/generated/PartContent"
import type { Request } from "../../ipc/generated/Request"
import type { RowList } from "../../ipc/generated/RowList"
import type { Version } from "../../ipc/generated/Version"
import { edited, encoded, paramsOf, shownOf, withParams } from "./query"
import { filled, offOf, withOff, type Pair, type RowEdits } from "./rows"

/** A part of a multipart form. What is typed as a text stays while a file is chosen, and the other way round. */
export interface PartRow {
  name: string
  kind: PartContent["kind"]
  text: string
  path: string
  filename: string
  contentType: string
  off: boolean
}

interface QueryRow {
  raw: string
  off: boolean
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]

const CONNECT_TIMEOUT_MS = 5_000

/** The form from which a request is made. What is typed in one kind of body stays when another is chosen. */
export class RequestForm {
  method = $state("GET")
  path = $state("/")
  headers = $state<Pair[]>([])
  fields = $state<Pair[]>([])
  parts = $state<PartRow[]>([])
  follow = $state(false)
  bodyKind = $state<Body["kind"]>("none")
  json = $state("")
  text = $state("")
  file = $state("")
  timeout = $state("")
  /** The part of the form that is shown. */
  part = $state("query")
  /** What of the path is to be selected, for the user to type over. */
  select = $state.raw<[number, number]>()

  /** Parameters that are switched off; the others are in the path. */
  #offQuery = $state.raw<readonly OffRow[]>([])
  #version: Version = "1.1"
  #connectTimeoutMs = CONNECT_TIMEOUT_MS
  /** A limit of the request's own; the settings have the usual one. */
  #responseTimeoutMs: number | undefined

  /** What is wrong with the path, when it holds what only the target may say. */
  problem = $derived(endpointIn(this.path))
  timeoutProblem = $derived(
    this.timeout.trim() === "" || timeoutOf(this.timeout) !== undefined
      ? undefined
      : "Milliseconds, as a whole number of at least 1.",
  )
  ready = $derived(this.problem === undefined && this.timeoutProblem === undefined)
  /** The query of the path as rows, with what is switched off. */
  query = $derived(this.#queryRows().map(({ raw, off }): Pair => ({ ...shownOf(raw), ...(off && { off }) })))

  readonly queryEdits: RowEdits = {
    type: (at, part, text) =>
      this.#changeQuery((rows) => {
        const row = rows[at]
        const raw = edited(row?.raw, part, text)
        return rows.toSpliced(at, 1, { raw, off: row?.off ?? false })
      }),
    remove: (at) => this.#changeQuery((rows) => rows.toSpliced(at, 1)),
    toggle: (at) =>
      this.#changeQuery((rows) => rows.map((row, i) => (i === at ? { ...row, off: !row.off } : row))),
  }

  request(): Request {
    const request: Request = {
      method: this.method.trim(),
      path: this.path.trim(),
      query: [],
      headers: filled(this.headers),
      body: this.#body(),
      version: this.#version,
      connectTimeoutMs: this.#connectTimeoutMs,
    }
    if (this.follow) request.followRedirects = true
    const off = [
      ...this.#offQuery,
      ...offOf("headers", this.headers),
      ...(this.bodyKind === "form" ? offOf("form", this.fields) : []),
    ]
    if (off.length > 0) request.off = off
    const offParts = this.bodyKind === "multipart" ? offPartsOf(this.parts) : []
    if (offParts.length > 0) request.offParts = offParts
    if (this.#responseTimeoutMs !== undefined) request.responseTimeoutMs = this.#responseTimeoutMs
    const timeoutMs = timeoutOf(this.timeout)
    return timeoutMs === undefined ? request : { ...request, timeoutMs }
  }

  load(request: Request): void {
    this.method = request.method
    const off = (list: RowList) => (request.off ?? []).filter((row) => row.list === list)
    const params = request.query.map(({ name, value }) => `${encoded(name)}=${encoded(value)}`)
    this.path = params.reduce((path, param) => path + (path.includes("?") ? "&" : "?") + param, request.path)
    this.#offQuery = off("query")
    this.headers = withOff<Pair>(request.headers, off("headers"), pairOf).map((header) => ({ ...header }))
    this.follow = request.followRedirects ?? false
    this.bodyKind = request.body.kind
    if (request.body.kind === "json") this.json = request.body.text
    if (request.body.kind === "text") this.text = request.body.text
    if (request.body.kind === "file") this.file = request.body.path
    if (request.body.kind === "form") {
      this.fields = withOff<Pair>(request.body.fields, off("form"), pairOf).map((field) => ({ ...field }))
    }
    if (request.body.kind === "multipart") {
      this.parts = withOff<PartRow, OffPart>(
        request.body.parts.map(rowOf),
        request.offParts ?? [],
        (off) => ({
          ...rowOf(off.part),
          off: true,
        }),
      )
    }
    this.timeout = request.timeoutMs === undefined ? "" : String(request.timeoutMs)
    this.#version = request.version
    this.#connectTimeoutMs = request.connectTimeoutMs
    this.#responseTimeoutMs = request.responseTimeoutMs
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
      case "form":
        return { kind: "form", fields: filled(this.fields) }
      case "multipart":
        return { kind: "multipart", parts: this.parts.filter(isSent).map(partOf) }
    }
  }

  #queryRows(): QueryRow[] {
    const on = paramsOf(this.path).map((raw) => ({ raw, off: false }))
    return withOff<QueryRow>(on, this.#offQuery, ({ name }) => ({ raw: name, off: true }))
  }

  #changeQuery(change: (rows: QueryRow[]) => QueryRow[]): void {
    const rows = change(this.#queryRows())
    this.path = withParams(
      this.path,
      rows.filter((row) => !row.off).map((row) => row.raw),
    )
    this.#offQuery = rows.flatMap((row, at): OffRow[] =>
      row.off ? [{ list: "query", at, name: row.raw, value: "" }] : [],
    )
  }
}

const pairOf = ({ name, value }: OffRow): Pair => ({ name, value, off: true })

export const emptyPart = (): PartRow => ({
  name: "",
  kind: "text",
  text: "",
  path: "",
  filename: "",
  contentType: "",
  off: false,
})

export function isFilled(row: PartRow): boolean {
  return row.name !== "" || (row.kind === "text" ? row.text : row.path) !== ""
}

/** Whether a part is sent: it says something and is on. */
export const isSent = (row: PartRow) => isFilled(row) && !row.off

function offPartsOf(rows: readonly PartRow[]): OffPart[] {
  return rows.filter(isFilled).flatMap((row, at) => (row.off ? [{ at, part: partOf(row) }] : []))
}

function partOf({ name, kind, text, path, filename, contentType }: PartRow): Part {
  const part: Part = { name, content: kind === "text" ? { kind, text } : { kind, path } }
  if (filename !== "") part.filename = filename
  if (contentType.trim() !== "") part.contentType = contentType.trim()
  return part
}

function rowOf({ name, content, filename = "", contentType = "" }: Part): PartRow {
  return { ...emptyPart(), name, ...content, filename, contentType }
}

/** Says so when a path holds an endpoint, such as `http://unix:/p.sock:/x` or `npipe:…`. */
export function endpointIn(path: string): string | undefined {
  if (!/^\s*[a-z][a-z0-9+.-]*:/i.test(path)) return undefined
  return "This contains an endpoint, which is part of the target. Enter only the path here, such as /hello."
}

function timeoutOf(text: string): number | undefined {
  const trimmed = text.trim()
  if (!/^\d{1,9}$/.test(trimmed) || Number(trimmed) === 0) return undefined
  return Number(trimmed)
}

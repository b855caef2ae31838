import type { PathKind } from "../../ipc/generated/PathKind"
import type { Request } from "../../ipc/generated/Request"
import type { Route } from "../../ipc/generated/Route"
import type { Routes as Document } from "../../ipc/generated/Routes"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** The routes that an OpenAPI document describes. The document stays in the shell. */
export class Routes {
  document = $state.raw<Document>()
  busy = $state(false)
  trouble = $state.raw<Trouble>()

  #shell: Shell
  #use: (request: Request) => void
  #turn = 0

  /** `use`: takes the request of the route that was chosen. */
  constructor(shell: Shell, use: (request: Request) => void) {
    this.#shell = shell
    this.#use = use
  }

  /** What the shell has open: the window may have been loaded again. */
  async look(): Promise<void> {
    try {
      this.document = (await this.#shell.ask("routes", {})) ?? undefined
    } catch {
      // None is shown then.
    }
  }

  async find(): Promise<void> {
    await this.#open(() => this.#shell.ask("find_routes", {}))
  }

  async open(path: string): Promise<void> {
    if (path.trim() !== "") await this.#open(() => this.#shell.ask("open_routes", { path }))
  }

  async choose(): Promise<void> {
    const kind: PathKind = "file"
    let path: string | null = null
    await this.#try(async () => {
      path = await this.#shell.ask("choose_path", { kind, title: "Choose an OpenAPI document" })
    })
    if (path !== null) await this.open(path)
  }

  async close(): Promise<void> {
    this.#turn += 1
    this.document = undefined
    this.trouble = undefined
    await this.#try(() => this.#shell.ask("close_routes", {}))
  }

  /** Puts the request of a route into the composer. */
  async take(route: Route): Promise<void> {
    const { document } = this
    if (document === undefined) return
    await this.#try(async () => {
      const of = { document: document.document, number: route.number }
      this.#use(await this.#shell.ask("route", of))
    })
  }

  async #open(ask: () => Promise<Document>): Promise<void> {
    if (this.busy) return
    this.busy = true
    const turn = ++this.#turn
    await this.#try(async () => {
      const document = await ask()
      if (turn === this.#turn) this.document = document
    })
    this.busy = false
  }

  async #try(act: () => Promise<unknown>): Promise<void> {
    try {
      await act()
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}

/** The groups with the routes that match, by method, path and summary. */
export function matching(document: Document, filter: string): Document["groups"] {
  const words = filter.trim().toLowerCase().split(/\s+/)
  const matches = ({ method, path, summary }: Route) => {
    const text = `${method} ${path} ${summary}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  return document.groups
    .map((group) => ({ ...group, routes: group.routes.filter(matches) }))
    .filter(({ routes }) => routes.length > 0)
}

/** The first parameter in braces of a path: where it begins and ends. */
export function placeholderIn(path: string): [number, number] | undefined {
  const found = /\{[^{}/?]+\}/.exec(path.split("?")[0] ?? "")
  return found ? [found.index, found.index + found[0].length] : undefined
}

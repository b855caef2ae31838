import type { BackendStage } from "../../ipc/generated/BackendStage"
import type { ContextExtensions } from "../../ipc/generated/ContextExtensions"
import type { OpenExtension } from "../../ipc/generated/OpenExtension"
import type { ExtensionSource } from "../../ipc/generated/ExtensionSource"
import type { Target as Inspected } from "../../ipc/generated/Target"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { Closed } from "./closed.svelte"
import { Starting } from "./starting.svelte"
import type { Page } from "../page/page.svelte"

/** What the window around an extension does for it. */
export interface ExtensionDeps {
  page: Page
  /** What is inspected from now on. */
  setTarget(target: Inspected): void
  /** A Call began that is to be seen. */
  began(id: number): void
  /** What was typed led to an extension. */
  opened(what: string, engine: string | undefined): void
}

/** What is shown of an extension: one at a time. */
export type Side = "page" | "backend" | "manifest"

/** The extension that is open: where it is from, its backend, its page. */
export class Extension {
  /** What the field holds: a folder, a manifest, or the name of an image. */
  what = $state("")
  /** What the image of a folder is called; made of the folder's name when empty. */
  image = $state("")
  /** The docker context on whose engine it is opened; the one in use when empty. */
  on = $state("")
  open = $state.raw<OpenExtension>()
  side = $state<Side>("page")
  /** Something is being read. */
  reading = $state(false)
  trouble = $state.raw<Trouble>()
  /** The endpoint of the author's own process, as typed. */
  native = $state("")
  nativeTrouble = $state.raw<Trouble>()
  /** What runs, by docker context. */
  contexts = $state.raw<readonly ContextExtensions[]>([])
  looking = $state(false)
  lookTrouble = $state.raw<Trouble>()

  /** What was closed a moment ago, and can be opened again. */
  closed: Closed

  /** What starting its backend would do, and whether that is done. */
  starting: Starting

  #shell: Shell
  #deps: ExtensionDeps
  /** Its page is loaded once it is decided whether its backend starts. */
  #pageWaits = false
  /** How often the shell said that it changed. */
  #seen = 0
  /** Counts what is opened and closed: what was asked before that is of yesterday. */
  #turn = 0
  /** It is closed at this moment. */
  #closing = false
  /** Counts the looks: the newest answer wins. */
  #looks = 0

  constructor(shell: Shell, deps: ExtensionDeps) {
    this.#shell = shell
    this.#deps = deps
    this.closed = new Closed((source, engine) => this.openFrom(source, engine))
    this.starting = new Starting(shell, {
      start: (plan) => this.#change(() => shell.ask("start_backend", { plan })),
      failed: () => this.#look(),
      decided: () => this.#decided(),
    })
  }

  get stage(): BackendStage {
    return this.open?.stage ?? { kind: "none" }
  }

  /** It is up, and the container of its first service does not run any more. */
  get ended(): boolean {
    const parts = this.open?.parts ?? []
    const first = parts.find((part) => part.first) ?? (parts.length === 1 ? parts[0] : undefined)
    const runs = ["running", "paused", "restarting", "unknown"]
    return this.stage.kind === "up" && first !== undefined && !runs.includes(first.state)
  }

  /** Its backend starts or stops. */
  get moves(): boolean {
    return this.stage.kind === "starting" || this.stage.kind === "stopping"
  }

  /** What it is called here: the image where it is from one, else the folder. */
  get from(): string {
    const source = this.open?.extension.source
    if (source === undefined) return ""
    if (source.kind === "folder") return this.open?.extension.root ?? source.path
    return source.kind === "image" ? source.name : source.container
  }

  /** The shell's count of its changes: asked for again when it differs. */
  see(count: number): void {
    if (count === this.#seen) return
    this.#seen = count
    void this.#look()
  }

  /** Asks every engine which extensions run on it. */
  async lookAround(): Promise<void> {
    if (this.looking) return
    this.looking = true
    this.lookTrouble = undefined
    try {
      this.contexts = await this.#shell.ask("extensions", {})
    } catch (thrown) {
      this.lookTrouble = trouble(thrown)
    } finally {
      this.looking = false
    }
  }

  /** Opens what was typed. */
  async openTyped(): Promise<void> {
    const what = this.what.trim()
    if (what === "") return
    const source = sourceOf(what)
    const image = this.image.trim()
    if (source.kind === "folder" && image !== "") source.image = image
    const engine = this.on === "" ? undefined : this.on
    await this.openFrom(source, engine)
  }

  /** Opens an extension and shows what starting its backend asks for, unless that runs already. Nothing is started. */
  async openFrom(source: ExtensionSource, engine?: string): Promise<void> {
    if (this.reading) return
    this.closed.forget()
    this.starting.forget()
    const open = await this.#read(source, engine)
    if (!open) return
    if (source.kind !== "running")
      this.#deps.opened(source.kind === "folder" ? source.path : source.name, engine)
    const side = open.extension.manifest.tab ? "page" : "backend"
    this.side = side
    if (open.stage.kind !== "down") return this.#loadPage()
    this.side = "backend"
    await this.#offer()
    if (this.side === "backend" && this.stage.kind === "up") this.side = side
  }

  /** Reads it again and loads the page anew; the backend stays as it is. */
  async reload(): Promise<void> {
    const before = this.open
    if (!before || this.reading || this.moves) return
    const was = before.stage
    this.starting.forget()
    const open = await this.#read(before.extension.source, before.engine)
    if (!open) return
    // Another backend is in the manifest now: it may start in the place of the one that was up.
    if (was.kind === "up" && open.stage.kind === "down") {
      if (was.up.whose === "author") await this.useNative()
      else {
        this.side = "backend"
        return this.#offer()
      }
    }
    await this.#loadPage()
  }

  /** Attaches to its backend where that runs, and else shows what starting it asks for; then its page is loaded. */
  async #offer(): Promise<void> {
    this.#pageWaits = true
    const turn = this.#turn
    await this.#change(() => this.#shell.ask("attach_backend", {}))
    if (turn !== this.#turn) return
    if (this.stage.kind === "down" && this.stage.error === undefined) await this.starting.ask()
    else await this.#decided()
  }

  /** The backend starts, or it doesn't. */
  async #decided(): Promise<void> {
    if (!this.#pageWaits) return
    this.#pageWaits = false
    await this.#loadPage()
    if (this.side === "backend" && this.stage.kind === "up" && this.open?.extension.manifest.tab)
      this.side = "page"
  }

  async takeDown(): Promise<void> {
    await this.#change(() => this.#shell.ask("stop_backend", {}))
  }

  /** Takes a process that the author runs for the backend. */
  async useNative(): Promise<void> {
    this.nativeTrouble = undefined
    try {
      const endpoint = await this.#shell.ask("read_endpoint", { text: this.native })
      this.#has(await this.#shell.ask("use_native", { endpoint }))
    } catch (thrown) {
      this.nativeTrouble = trouble(thrown)
    }
  }

  async followLogs(container: string): Promise<void> {
    try {
      this.#deps.began(await this.#shell.ask("follow_logs", { container }))
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }

  async close(): Promise<void> {
    if (this.open) this.closed.offer(this.open)
    this.starting.forget()
    this.#pageWaits = false
    this.what = this.open?.extension.source.kind === "folder" ? this.from : this.what
    this.#deps.page.unload()
    this.open = undefined
    this.trouble = undefined
    this.#turn += 1
    this.#closing = true
    try {
      this.#deps.setTarget(await this.#shell.ask("close_extension", {}))
    } catch (thrown) {
      this.trouble = trouble(thrown)
    } finally {
      this.#closing = false
    }
  }

  async #read(source: ExtensionSource, engine: string | undefined): Promise<OpenExtension | undefined> {
    this.#turn += 1
    this.reading = true
    this.trouble = undefined
    this.nativeTrouble = undefined
    try {
      const open = await this.#shell.ask("open_extension", { source, engine: engine ?? null })
      this.#has(open)
      return open
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return undefined
    } finally {
      this.reading = false
    }
  }

  /** A page that is not there is no trouble for who has none. */
  async #loadPage(): Promise<void> {
    const { open } = this
    if (open?.extension.manifest.tab) await this.#deps.page.load(open.extension.root, this.from)
    else this.#deps.page.unload()
  }

  async #change(ask: () => Promise<OpenExtension>): Promise<void> {
    this.trouble = undefined
    const turn = this.#turn
    try {
      const open = await ask()
      if (turn === this.#turn) this.#has(open)
    } catch {
      // Why is in its stage, which the shell has told or tells now.
      await this.#look()
    }
  }

  #has(open: OpenExtension): void {
    this.open = open
    this.#deps.setTarget(open.target)
  }

  async #look(): Promise<void> {
    const turn = this.#turn
    const look = ++this.#looks
    try {
      const open = await this.#shell.ask("extension", {})
      if (this.#closing || turn !== this.#turn || look !== this.#looks) return
      if (open) this.#has(open)
      else this.open = undefined
    } catch {
      // The next change asks again.
    }
  }
}

/** How far a backend is, and its owner. */
export function stageInWords(stage: BackendStage): string {
  switch (stage.kind) {
    case "none":
      return "The extension has no backend."
    case "down":
      return stage.error ? "The backend didn't start." : "The backend isn't running."
    case "starting":
      return "The backend is starting…"
    case "stopping":
      return "The backend is stopping…"
    case "up":
      return {
        porthole: "Running. Porthole started it.",
        other: "Running. Porthole didn't start it.",
        author: "Your own process.",
      }[stage.up.whose]
  }
}

/** What happens to it when the extension is closed. */
export function endOf(stage: BackendStage): string {
  if (stage.kind !== "up") return ""
  return {
    porthole: "Porthole stops it when you close the extension.",
    other: "It keeps running after you close the extension.",
    author: "The page's container commands run on this machine and count as host commands.",
  }[stage.up.whose]
}

/** What was typed: a path, or else the name of an image. */
export function sourceOf(what: string): ExtensionSource {
  const isPath = /^([~./\\]|[A-Za-z]:[\\/])/.test(what) || what.endsWith("metadata.json")
  return isPath ? { kind: "folder", path: what } : { kind: "image", name: what }
}

import { tick } from "svelte"
import type { GuestConnection } from "../../bridge/guest-connection"
import type { FromConsole } from "../../bridge/messages"
import type { OpenedPage } from "../../ipc/generated/OpenedPage"
import type { Misses } from "../../ipc/generated/Misses"
import type { Prompt } from "../../ipc/generated/Prompt"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"
import { frameName, listenTo, originOf, type FrameEvents } from "../../page/frame"
import type { ToPage } from "../../bridge/page-messages"
import { GuestSession, type Problem } from "../guest/guest-session.svelte"
import { describe, describeMiss, themesFinding, ROUTES_FINDING } from "./loading"
import type { Permissions } from "../permission/permissions.svelte"
import { Served } from "./served.svelte"
import type { Settings } from "../settings/settings.svelte"

/** An extension's page: which one, what it may do, and what it said. */
export class Page {
  opened = $state.raw<OpenedPage>()
  /** Counts up when the frame is to be made anew. */
  loads = $state(0)
  /** A folder is being read. */
  busy = $state(false)
  /** The page in the frame is heard. */
  running = $state(false)
  /** It said what no client says: its frame is gone until it is loaded again. */
  broken = $state(false)
  trouble = $state.raw<Trouble>()
  /** It is in its own window. */
  away = $state(false)
  /** The frame is gone until the storage that it had is cleared. */
  clearing = $state(false)
  /** There is something to put into the frame: the page's files, or its server answers. */
  shown = $state(false)
  readonly served: Served
  /** Nothing of the page can be seen. */
  #blank = $state(false)
  /** A source is loaded all the same. */
  #anyway = $state(false)
  /** What the page asked for in vain, as far as that was told, and the count of the news of it. */
  #misses = { files: 0, more: 0, seen: 0 }

  /** What is loaded: its folder, and what its extension is known by. */
  #of: { folder: string; name: string } | undefined
  #shell: Shell
  #settings: Settings
  #permissions: Permissions
  #session: GuestSession
  /** The page in the frame, while it is heard. */
  #connection: GuestConnection | undefined
  /** Nobody sees it: nothing that it says is taken. */
  #paused = false

  constructor(shell: Shell, settings: Settings, permissions: Permissions) {
    this.#shell = shell
    this.#settings = settings
    this.#permissions = permissions
    this.served = new Served(shell)
    this.#session = new GuestSession(shell)
  }

  get entries() {
    return this.#session.entries
  }

  get dropped() {
    return this.#session.dropped
  }

  /** Its call that waits for the user, in whichever window it is. */
  get prompt(): Prompt | undefined {
    return this.#permissions.promptOf("page")
  }

  get permissions(): Permissions {
    return this.#permissions
  }

  /** The page shows nothing, and this is why. */
  get nothing(): readonly Problem[] {
    return this.running && this.#blank ? this.#session.problems : []
  }

  /** It is a source that no browser can run: what to do is shown in its place. */
  get unbuilt() {
    return this.#anyway ? undefined : this.opened?.source
  }

  get dialog() {
    return this.#session.dialog
  }

  /** What the page sees is no longer what is chosen: its `ddClient` was made before. */
  get outdated(): boolean {
    return this.opened !== undefined && this.opened.facts.runtime !== this.#settings.runtime
  }

  /**
   * Loads the page of an extension's folder again: that of the development server that was chosen for the
   * extension of this name. Without a name it comes from where it came from.
   */
  async load(folder: string, name?: string): Promise<void> {
    if (this.busy) return
    const before = this.opened?.served ? this.opened.url : undefined
    const built = this.opened?.folder === folder && this.opened.built !== undefined
    // What can be done in the place of a source is shown again.
    this.#anyway = false
    this.#of = { folder, name: name ?? this.#of?.name ?? folder }
    await this.#read(folder, name === undefined ? before : this.#settings.servers[name], built)
  }

  /** Loads it from the folder that it is built into. */
  async fromBuilt(): Promise<void> {
    if (this.#of && !this.busy && (await this.#read(this.#of.folder, undefined, true)))
      this.#settings.setServer(this.#of.name, undefined)
  }

  /** Loads the source as it is. */
  loadAnyway(): void {
    this.#anyway = true
  }

  /** The shell's count of files that the page asked for in vain: asked for when it differs. */
  see(count: number): void {
    if (count === this.#misses.seen) return
    this.#misses.seen = count
    if (this.running) void this.#readMisses()
  }

  /** Takes the page from a development server from now on, or from its folder; false when that is refused. */
  async from(server?: string): Promise<boolean> {
    if (!this.#of || this.busy) return false
    const { folder, name } = this.#of
    const loaded = await this.#read(folder, server)
    // The folder may be without a page, and is what was chosen all the same.
    if (server !== undefined && !loaded) return false
    this.#settings.setServer(name, server === undefined ? undefined : this.opened?.url)
    if (!loaded) this.#gone()
    this.served.asks = false
    return true
  }

  /** The page goes; nothing of it is answered any more. */
  unload(): void {
    const was = this.opened
    this.#gone()
    this.#of = undefined
    this.served.asks = false
    this.away = false
    this.trouble = undefined
    if (was) void this.#shell.ask("close_page", {}).catch(() => {})
  }

  /** Shows a page that is open. */
  show(opened: OpenedPage): void {
    this.#permissions.decline()
    this.opened = opened
    this.loads += 1
    this.broken = false
    this.#blank = false
    this.served.end()
    this.shown = !opened.served
    if (opened.served) void this.#wait(opened.url)
  }

  /** Moves it to its own window, or brings that to the front. */
  async toOwnWindow(): Promise<void> {
    const { opened } = this
    if (!opened || this.busy) return
    const moves = !this.away
    this.#permissions.decline()
    if (moves) this.#end("Moved to its own window.")
    this.away = true
    this.trouble = undefined
    try {
      await this.#shell.ask("open_page_window", { opened })
      if (moves) void this.#untilBack(opened)
    } catch (thrown) {
      this.trouble = trouble(thrown)
      if (!moves) return
      this.away = false
      this.broken = true
    }
  }

  /** Closes its own window and loads it here. */
  async bringBack(): Promise<void> {
    await this.#shell
      .ask("close_page_window", {})
      .catch((thrown: unknown) => (this.trouble = trouble(thrown)))
  }

  /** Finds it in its own window, which was there before this one was loaded. */
  async find(): Promise<void> {
    const own = await this.#shell.ask("page_window_state", {}).catch(() => null)
    if (!own || this.opened) return
    this.opened = own.opened
    this.away = true
    void this.#untilBack(own.opened)
  }

  answerDialog(paths?: readonly string[]): void {
    this.#session.answerDialog(paths)
  }

  clear(): void {
    this.#session.clear()
  }

  /** Takes nothing from the page while the user does not see it: its calls wait. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    this.#connection?.hold(paused)
    this.#connection?.post({ kind: "shown", shown: !paused })
  }

  /** Whether what the user types is for the page. */
  keys(may: boolean): void {
    this.#connection?.post({ kind: "keys", may })
  }

  /** What a page is told when it comes. */
  standing(keys: boolean): readonly ToPage[] {
    return [
      { kind: "shown", shown: !this.#paused },
      { kind: "keys", may: keys },
    ]
  }

  /** The user ends it from a prompt: its frame goes, with all that waits for it. */
  async stop(): Promise<void> {
    this.#end("Closed by you.")
    this.broken = true
    await this.#shell.ask("withdraw", { origin: "page" })
  }

  /** It takes the keyboard from whatever the user is at, again and again. */
  tookKeys(): void {
    this.#broke(
      "The page kept moving the keyboard focus to itself while you were using another part of Porthole.",
    )
  }

  /** The origin that the page has in its frame. */
  get origin(): string {
    return originOf(this.opened?.url ?? "")
  }

  /** What its frame is called. */
  get frameName(): string {
    return this.opened ? frameName(this.opened) : ""
  }

  /** The page in this frame is heard from its first word on; `keys`: whether it has the keyboard. Returns what ends it. */
  listen(frame: HTMLIFrameElement, keys: () => boolean): () => void {
    return listenTo(frame, this.origin, this.frameEvents(), () => this.standing(keys()))
  }

  /** Who is told what comes from the frame. */
  frameEvents(): FrameEvents {
    return {
      came: (connection) => this.#came(connection),
      left: () => this.#end("The page navigated away."),
      silent: () => this.#unheard(),
      told: (message: FromConsole, chars) => this.#told(message, chars),
      full: () => this.#session.full,
      broke: (_how, text) => this.#broke(text),
    }
  }

  #told(message: FromConsole, chars: number): void {
    const { opened } = this
    if (!opened) return
    if (message.kind === "unloaded") this.#session.unloaded(describe(message, opened))
    else if (message.kind === "blank") this.#blank = message.blank
    else if (message.kind === "themes") this.#session.finding(themesFinding(opened.facts.runtime))
    else if (message.kind === "routes") this.#session.finding(ROUTES_FINDING)
    else this.#session.told(message, chars)
  }

  /** Shows what the page asked for in vain since that was asked last. */
  async #readMisses(): Promise<void> {
    const { loads } = this
    const none: Misses = { files: [], more: 0 }
    const { files, more } = await this.#shell.ask("missed_files", {}).catch(() => none)
    const { opened } = this
    if (!opened || !this.running || loads !== this.loads) return
    const before = this.#misses
    this.#misses = { files: files.length, more, seen: before.seen }
    for (const file of files.slice(before.files)) this.#session.unloaded(describeMiss(file, opened))
    this.#session.unloadedMore(more - before.more)
  }

  #came(connection: GuestConnection): void {
    const opened = this.opened
    if (!opened) return
    if (this.running) this.#end("The page was reloaded.")
    this.running = true
    this.#blank = false
    this.#misses = { ...this.#misses, files: 0, more: 0 }
    // The frame is also loaded before the server's page is: with nothing, or with what leads there.
    if (this.trouble?.code === "page_server_no_page") this.trouble = undefined
    this.#connection = connection
    connection.hold(this.#paused)
    this.#session.begin({
      runtime: opened.facts.runtime,
      origin: "page",
      post: (message) => connection.post(message),
      place: () => undefined,
    })
    // What failed before the client came.
    if (!opened.served) void this.#readMisses()
  }

  /** What says things in no form of ours is not listened to again: the frame goes. */
  #broke(text: string): void {
    this.#end("Stopped. Choose Reload to load it again.")
    this.trouble = {
      code: "page_cut_off",
      message: "The page was stopped.",
      detail: text,
      hint: "Reload it to continue.",
    }
    this.broken = true
  }

  /** Waits until its own window is gone. It is still then, unless somebody asked for it here. */
  async #untilBack({ folder }: OpenedPage): Promise<void> {
    try {
      const { back, trouble } = await this.#shell.ask("page_window_closed", {})
      if (!this.away) return
      this.away = false
      this.broken = true
      this.trouble = trouble
      if (back) await this.load(folder)
    } catch (thrown) {
      this.away = false
      this.broken = true
      this.trouble = trouble(thrown)
    }
  }

  /** What the server sent has no `ddClient`: most likely the frame refused it. */
  #unheard(): void {
    if (!this.opened?.served) return
    this.trouble = {
      code: "page_server_no_page",
      message: `Messages from ${this.opened.url} are ignored: it isn't a page, or it can't be loaded in a frame.`,
      hint: "This machine must trust the certificate, and the page must allow framing.",
    }
  }

  async #read(folder: string, server?: string, built = false): Promise<boolean> {
    this.busy = true
    this.trouble = undefined
    try {
      if (this.away) {
        this.away = false
        await this.bringBack()
      }
      const { runtime } = this.#settings
      const opened = await this.#shell.ask("open_page", { folder, server: server ?? null, built, runtime })
      if (this.running) this.#end("Reloaded.")
      // The frame goes first: what it stores while the storage is cleared would be there for the next page.
      this.clearing = true
      await tick()
      await this.#shell.ask("separate_storage", {})
      if (opened.url !== this.opened?.url) this.#session.anew()
      this.show(opened)
      return true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      // What can't be kept apart from the page before is not shown, and neither is that one any more.
      if (this.clearing) this.#gone()
      return false
    } finally {
      this.busy = false
      this.clearing = false
    }
  }

  /** The frame is made when the server answers. */
  async #wait(server: string): Promise<void> {
    if (await this.served.wait(server)) this.shown = true
  }

  #gone(): void {
    this.#permissions.decline()
    this.served.end()
    this.shown = false
    this.#end("Closed.")
    this.opened = undefined
  }

  #end(text: string): void {
    this.#connection = undefined
    this.#session.end(this.running ? { kind: "end", how: "stopped", text } : undefined)
    this.running = false
  }
}

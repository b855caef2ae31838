import type { Changes } from "../ipc/generated/Changes"
import type { Error as ShellError } from "../ipc/generated/Error"
import type { Machine } from "../ipc/generated/Machine"
import type { Request } from "../ipc/generated/Request"
import type { Reading } from "../ipc/generated/Reading"
import type { Runtime } from "../ipc/generated/Runtime"
import type { ExtensionSource } from "../ipc/generated/ExtensionSource"
import type { Opened } from "../ipc/generated/Opened"
import type { SavedDraft } from "../ipc/generated/SavedDraft"
import { trouble, type Shell, type Trouble } from "../ipc/shell"
import { Building } from "./extension/building.svelte"
import { CallActions } from "./timeline/call-actions.svelte"
import { Clock } from "./timeline/clock.svelte"
import { Forms } from "./composer/code.svelte"
import { Drafts } from "./composer/drafts.svelte"
import { Composer, type ComposerDeps } from "./composer/composer.svelte"
import { asJavaScript, Console, type Compile } from "./console/console.svelte"
import { Disk } from "./output/disk.svelte"
import { ShownCall } from "./output/shown-call.svelte"
import { Extension, type ExtensionDeps } from "./extension/extension.svelte"
import { Page } from "./page/page.svelte"
import { PasteImport } from "./composer/paste-import.svelte"
import { Permissions } from "./permission/permissions.svelte"
import { Prompts } from "./permission/prompts.svelte"
import { History } from "./history/history.svelte"
import { Comparisons } from "./compare/comparisons"
import { Exporting } from "./session/exporting.svelte"
import { Sessions, type SessionsDeps } from "./session/sessions.svelte"
import { Selection } from "./timeline/selection.svelte"
import { Stored } from "./settings/stored.svelte"
import { Settings } from "./settings/settings.svelte"
import { Tapping } from "./tap/tapping.svelte"
import { Target } from "./target/target.svelte"
import { Terminals } from "./terminal/terminals.svelte"
import { Timeline } from "./timeline/timeline.svelte"
import { Clipboard } from "./window/clipboard"
import { placeholderIn } from "./side/routes.svelte"
import { Side } from "./side/side"
import { Background } from "./window/background"
import { Layout } from "./window/layout.svelte"
import type { Overlay } from "./window/overlay"

/** All state of the window, and how its parts tell each other. */
export class Porthole extends ShownCall {
  version = $state("")
  examples = $state.raw<readonly SavedDraft[]>([])
  /** What went wrong before the window was there. */
  bootstrapTrouble = $state.raw<ShellError>()
  /** The folder of the demo extension, where it was built. */
  demoExtension = $state<string>()
  /** The shell did not answer at all. */
  trouble = $state.raw<Trouble>()
  open = $state(false)
  /** This is the page's own window: there is nothing in it but the page. */
  own = $state(false)

  /** What lies over the window and is not a question. */
  overlay = $state<Overlay>()
  layout: Layout

  clock = new Clock()
  settings: Settings
  /** What Porthole keeps besides them. */
  stored: Stored
  target: Target
  timeline: Timeline
  selection: Selection
  calls: CallActions
  /** Session files that are open. */
  sessions: Sessions
  exporting: Exporting
  comparisons: Comparisons
  tapping: Tapping
  disk = new Disk()
  terminals: Terminals
  /** The calls of this start and earlier ones. */
  history: History
  /** Tells of what ends while nobody looks. */
  background: Background
  composer: Composer
  /** What the user saved. */
  drafts: Drafts
  side: Side
  clipboard: Clipboard
  /** What the composer holds, as code. */
  code: Forms
  pasteImport: PasteImport
  permissions: Permissions
  console: Console
  page: Page
  /** The commands of its project. */
  building: Building
  extension: Extension
  /** The question of a call that waits, in this window. */
  prompts: Prompts

  /** The welcome screen is there: because nothing was done yet, or because it was asked for. */
  #home = $state<"start" | "asked">()
  /** What the composer held when nothing was composed yet. */
  #pristine = ""
  /** Where Porthole writes its log, if it writes a file. */
  logFile = $state<string>()
  /** How often something was dropped on the window. */
  #dropped = 0
  #machine: Machine = { platform: "", arch: "", hostname: "" }
  #shell: Shell

  /** `put`: puts a text on the clipboard; `compile`: turns the console's code into JavaScript. */
  constructor(
    shell: Shell,
    put: (text: string) => Promise<void> = async () => {},
    compile: Compile = asJavaScript,
  ) {
    const settings = new Settings(shell)
    super(shell, put, settings)
    this.#shell = shell
    this.settings = settings
    this.stored = new Stored(shell)
    this.target = new Target(shell, (target) => {
      this.settings.setTarget(target)
      // The demo is always there to go back to.
      if (target.endpoint !== this.target.demo) this.settings.remember({ kind: "target", target })
    })
    this.timeline = new Timeline(
      shell,
      (changes) => this.#told(changes),
      () => this.clock.now,
    )
    this.calls = new CallActions(shell, put)
    this.sessions = new Sessions(shell, this.#sessionsDeps())
    this.exporting = new Exporting(shell)
    this.tapping = new Tapping(shell, () => (this.overlay = "tap"))
    this.history = new History(shell, (id) => this.show(id), this.calls)
    this.comparisons = new Comparisons(shell, (overlay) => (this.overlay = overlay))
    this.selection = new Selection(() => this.#changed())
    this.terminals = new Terminals(shell, put)
    this.drafts = new Drafts(this.settings)
    this.side = new Side(shell, this.settings, (request) => this.#composeRoute(request))
    this.clipboard = new Clipboard(shell)
    this.composer = new Composer(shell, this.#composerDeps())
    this.background = new Background(({ title, body }) =>
      this.#tell(() => shell.ask("notify", { title, body })),
    )
    this.layout = new Layout(this.settings, () => this.composer.tab)
    this.code = new Forms(shell)
    this.pasteImport = new PasteImport(shell, this.composer)
    this.permissions = new Permissions(shell)
    this.console = new Console(shell, {
      settings: this.settings,
      permissions: this.permissions,
      machine: () => this.#machine,
      target: () => this.target.current,
      compile,
    })
    this.page = new Page(shell, this.settings, this.permissions)
    this.building = new Building(shell, {
      row: (id) => this.timeline.row(id),
      began: (id) => this.show(id),
      changed: () => {
        if (this.page.opened) void this.page.load(this.page.opened.folder)
      },
    })
    // A page in its own window has its prompts there. One that was ended has no prompts any more.
    this.prompts = new Prompts(shell, ({ origin }) =>
      origin === "page" ? !this.page.broken && (this.own || !this.page.away) : !this.own,
    )
    this.extension = new Extension(shell, this.#extensionDeps())
  }

  #sessionsDeps(): SessionsDeps {
    return {
      opened: () => (this.#home = undefined),
      setTarget: (target) => (this.target.current = target),
    }
  }

  #extensionDeps(): ExtensionDeps {
    return {
      page: this.page,
      setTarget: (target) => (this.target.current = target),
      began: (id) => this.show(id),
      opened: (what, engine) => {
        this.settings.setExtension(what)
        this.settings.remember({ kind: "extension", what, ...(engine === undefined ? {} : { engine }) })
      },
    }
  }

  #composerDeps(): ComposerDeps {
    return {
      container: () => this.target.current.container,
      row: (id) => this.timeline.row(id),
      selected: () => this.selected,
      began: (id) => {
        this.timeline.followsEnd = true
        this.show(id)
      },
      opened: (id) => {
        this.terminals.opened(id)
        this.detail.tab = "output"
        this.output.drawTerminals()
      },
      acted: () => this.detail.refresh(),
      settled: () => this.settings.settled(),
      console: () => this.console,
      extension: () => this.extension,
    }
  }

  /** A dialog for files that code asked for. */
  get dialog() {
    return this.page.dialog ?? this.console.dialog
  }

  /** A question lies over the window. */
  get asks(): boolean {
    return (
      this.prompts.shown !== undefined ||
      this.permissions.confirming !== undefined ||
      this.dialog !== undefined
    )
  }

  get selected() {
    return this.timeline.row(this.selection.id)
  }

  /** What `ddClient.host` tells. */
  get machine(): Machine {
    return this.#machine
  }

  /** The welcome screen is shown in place of composer, detail and bottom panel. */
  get welcomes(): boolean {
    return this.#home !== undefined
  }

  /** What the window's title says: what is inspected, and what is running. */
  get title(): string {
    const running = this.timeline.live.length
    const parts = [this.target.current.name, ...(running === 0 ? [] : [`${running} running`])]
    return `${parts.filter((part) => part !== "").join(" · ")} — Porthole`
  }

  /** The size of everything, in percent. */
  get scale(): number {
    return Math.round(this.settings.zoom * (this.layout.presenting ? 1.25 : 1))
  }

  tellTitle(title: string): void {
    void this.#tell(() => this.#shell.ask("set_title", { title }))
  }

  tellZoom(percent: number): void {
    void this.#tell(() => this.#shell.ask("set_zoom", { percent }))
  }

  async openLog(): Promise<void> {
    await this.#tell(() => this.#shell.ask("open_log", {}))
  }

  async toggleFullScreen(): Promise<void> {
    await this.#tell(() => this.#shell.ask("toggle_full_screen", {}))
  }

  openTerminal(place: "host" | "container"): void {
    this.compose("command")
    this.composer.openTerminal(place)
  }

  goHome(): void {
    this.#home = "asked"
  }

  /** Shows a tab of the composer. */
  compose(tab: Composer["tab"]): void {
    this.#home = undefined
    if (!this.layout.shows("composer")) this.layout.maximized = undefined
    this.composer.tab = tab
  }

  /** Puts something saved into the composer. */
  load(saved: SavedDraft): void {
    this.drafts.selected = saved
    this.composer.load(saved.composed)
    this.compose(this.composer.tab)
  }

  /** Puts the request of a route into the composer, with the first parameter that needs a value selected. */
  #composeRoute(request: Request): void {
    this.drafts.selected = undefined
    this.composer.load({ kind: "request", ...request })
    this.compose("request")
    this.composer.request.select = placeholderIn(request.path)
  }

  /** Adds a header to the request in the composer. */
  addHeader(name: string, value: string): void {
    this.composer.request.headers.push({ name, value })
    this.composer.request.part = "headers"
    this.compose("request")
  }

  /** Shows a call of the timeline. */
  show(id: number): void {
    this.#home = undefined
    this.selection.select(id)
  }

  /** Compares the two selected calls; false when not exactly two are. */
  compare(): boolean {
    const [first, second, ...more] = [...this.selection.ids].sort((a, b) => a - b)
    if (first === undefined || second === undefined || more.length > 0) return false
    this.comparisons.compare(first, second)
    return true
  }

  /** Asks where calls are to be written: all, or only the selected ones. */
  export(selection: boolean): void {
    this.overlay = "export"
    void this.exporting.show([...this.selection.ids], selection)
  }

  /** Inspects the backend at an endpoint, as typed. */
  async connect(endpoint: string): Promise<void> {
    this.target.fill()
    this.target.endpoint = endpoint
    this.target.container = undefined
    if (await this.target.apply()) this.compose("request")
  }

  /** Inspects the demo backend; true when it does. */
  async useDemo(): Promise<boolean> {
    const does = await this.target.useDemo()
    if (does) this.compose("request")
    return does
  }

  openExtension(source: ExtensionSource, engine: string | undefined): void {
    this.compose("page")
    void this.extension.openFrom(source, engine)
  }

  /** Goes back to what was inspected before. */
  async reopen(opened: Opened): Promise<void> {
    if (opened.kind === "target") {
      if (await this.target.use(opened.target)) this.compose("request")
      return
    }
    this.compose("page")
    this.extension.what = opened.what
    this.extension.on = opened.engine ?? ""
    await this.extension.openTyped()
  }

  async begin(): Promise<void> {
    this.trouble = undefined
    try {
      const bootstrap = await this.#shell.ask("bootstrap", {})
      this.version = bootstrap.version
      this.examples = bootstrap.examples
      this.#machine = bootstrap.machine
      this.terminals.windowsBuild = bootstrap.windows_build
      this.demoExtension = bootstrap.demo_extension
      this.logFile = bootstrap.log_file
      this.bootstrapTrouble = bootstrap.trouble
      this.settings.load(bootstrap.settings)
      this.extension.what = bootstrap.settings.extension ?? ""
      this.output.lines.setWrap(bootstrap.settings.reading.wrap)
      this.target.load(bootstrap.target, bootstrap.demo)
      const first = bootstrap.settings.saved[0] ?? bootstrap.examples[0]
      if (first) this.composer.load(first.composed)
      this.#pristine = this.#composedNow()
      this.#home = "start"
      this.open = true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return
    }
    void this.timeline.watch()
    void this.page.find()
    void this.side.routes.look()
  }

  /** Begins as the page's own window. */
  async beginOwn(): Promise<void> {
    this.own = true
    this.trouble = undefined
    try {
      const own = await this.#shell.ask("page_window_state", {})
      if (!own) return
      this.settings.load(own.settings)
      this.page.show(own.opened)
      this.open = true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return
    }
    void this.timeline.watch()
  }

  /** Loads something saved and sends or runs it right away. */
  play(saved: SavedDraft): void {
    this.load(saved)
    this.composer.submit()
  }

  /** Changes how lines are drawn. */
  read(part: Partial<Reading>): void {
    this.settings.setReading({ ...this.settings.reading, ...part })
    this.output.lines.setWrap(this.settings.reading.wrap)
    this.output.show()
  }

  /** Chooses the runtime whose behavior is shown. */
  setRuntime(runtime: Runtime): void {
    this.settings.setRuntime(runtime)
    this.detail.again()
  }

  raiseQuota(): void {
    this.settings.setQuota(this.disk.more)
  }

  #told(changes: Changes): void {
    this.#seeHome(changes)
    this.background.see(changes.calls)
    if (changes.dropped !== this.#dropped && !this.own) void this.#takeDropped(changes.dropped)
    this.disk.see(changes.disk)
    this.history.see(changes.history)
    this.permissions.see(changes)
    this.prompts.see(changes.prompt, changes.waiting)
    this.#changed()
    this.search.see(changes.search)
    this.saving.see(changes.saving)
    this.exporting.see(changes.saving)
    this.sessions.see(changes.sessions, changes.mock)
    this.tapping.see(changes.tap)
    this.comparisons.replaying.see(changes.replay)
    this.page.see(changes.misses)
    if (!this.own) this.extension.see(changes.extension)
  }

  /** Tells the window something about itself. One that can't do it stays as it is. */
  async #tell(ask: () => Promise<unknown>): Promise<void> {
    try {
      await ask()
    } catch (thrown) {
      this.settings.trouble = trouble(thrown)
    }
  }

  /** Opens what was dropped on the window, or takes it for the body of the request. */
  async #takeDropped(count: number): Promise<void> {
    this.#dropped = count
    await this.#tell(async () => {
      const dropped = await this.#shell.ask("take_dropped", {})
      if (dropped?.kind === "extension") this.openExtension({ kind: "folder", path: dropped.path }, undefined)
      else if (dropped?.kind === "session") await this.sessions.open(dropped.path)
      else if (dropped?.kind === "file") {
        this.composer.request.bodyKind = "file"
        this.composer.request.file = dropped.path
        this.compose("request")
      }
    })
  }

  /** Calls of an earlier start are there to be looked at; when all are cleared, it is as at the start. */
  #seeHome({ cleared }: Changes): void {
    const none = this.timeline.rows.length === 0
    if (!none && this.#home === "start") this.#home = undefined
    if (none && cleared !== undefined && this.#composedNow() === this.#pristine) this.#home = "start"
  }

  #composedNow(): string {
    return JSON.stringify([
      this.composer.tab,
      this.composer.request.request(),
      this.composer.command.command(""),
    ])
  }

  #changed(): void {
    this.clock.run(this.timeline.live.length > 0)
    if (this.timeline.isGone(this.selection.id)) {
      this.selection.forget((id) => this.timeline.isGone(id))
      return
    }
    this.selection.forget((id) => this.timeline.isGone(id))
    this.look(this.selection.id, this.selected)
  }
}

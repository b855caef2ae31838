import type { Changes } from "../ipc/generated/Changes"
import type { Error as ShellError } from "../ipc/generated/Error"
import type { Machine } from "../ipc/generated/Machine"
import type { Reading } from "../ipc/generated/Reading"
import type { Runtime } from "../ipc/generated/Runtime"
import type { SavedDraft } from "../ipc/generated/SavedDraft"
import { trouble, type Shell, type Trouble } from "../ipc/shell"
import { Building } from "./extension/building.svelte"
import { Clock } from "./timeline/clock.svelte"
import { Forms } from "./composer/code.svelte"
import { Composer } from "./composer/composer.svelte"
import { asJavaScript, Console, type Compile } from "./console/console.svelte"
import { Copying } from "./output/copying.svelte"
import { Detail } from "./detail/detail.svelte"
import { Disk } from "./output/disk.svelte"
import { Extension } from "./extension/extension.svelte"
import { GoTo } from "./output/go-to.svelte"
import { MarkedRows } from "./output/marked-rows.svelte"
import { Output } from "./output/output.svelte"
import { Page } from "./page/page.svelte"
import { PasteImport } from "./composer/paste-import.svelte"
import { Permissions } from "./permission/permissions.svelte"
import { Prompts } from "./permission/prompts.svelte"
import { Saving } from "./output/saving.svelte"
import { JsonMenu } from "./output/json-menu.svelte"
import { PathFilter } from "./output/path-filter.svelte"
import { Search } from "./output/search.svelte"
import { Selection } from "./timeline/selection.svelte"
import { Settings } from "./settings/settings.svelte"
import { Target } from "./target/target.svelte"
import { Timeline } from "./timeline/timeline.svelte"
import { isLines, type Chosen } from "./output/views"

/** All state of the window, and how its parts tell each other. */
export class Porthole {
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

  clock = new Clock()
  settings: Settings
  target: Target
  timeline: Timeline
  selection: Selection
  detail: Detail
  output: Output
  search: Search
  pathFilter: PathFilter
  jsonMenu: JsonMenu
  goTo: GoTo
  marks = new MarkedRows()
  copying: Copying
  saving: Saving
  disk = new Disk()
  composer: Composer
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

  #machine: Machine = { platform: "", arch: "", hostname: "" }
  #shell: Shell
  /** What the marked rows are rows of. */
  #marked = ""

  /** `put`: puts a text on the clipboard; `compile`: turns the console's code into JavaScript. */
  constructor(
    shell: Shell,
    put: (text: string) => Promise<void> = async () => {},
    compile: Compile = asJavaScript,
  ) {
    this.#shell = shell
    this.settings = new Settings(shell)
    this.target = new Target(shell, (target) => this.settings.setTarget(target))
    this.timeline = new Timeline(shell, (changes) => this.#told(changes))
    this.selection = new Selection(() => this.#changed())
    this.detail = new Detail(shell, () => this.settings.runtime)
    this.output = new Output(shell, () => this.settings.reading.ansi)
    this.search = new Search(shell, this.output)
    this.goTo = new GoTo(shell, this.output)
    this.pathFilter = new PathFilter(shell, this.output, () => this.#lookAtRows())
    this.copying = new Copying(shell, this.output, put)
    this.jsonMenu = new JsonMenu(shell, this.output, this.copying, this.pathFilter)
    this.saving = new Saving(shell, this.output, this.marks)
    this.composer = new Composer(shell, {
      container: () => this.target.current.container,
      row: (id) => this.timeline.row(id),
      selected: () => this.selected,
      began: (id) => {
        this.timeline.followsEnd = true
        this.selection.select(id)
      },
      acted: () => this.detail.refresh(),
      console: () => this.console,
      extension: () => this.extension,
    })
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
      began: (id) => this.selection.select(id),
      changed: () => {
        if (this.page.opened) void this.page.load(this.page.opened.folder)
      },
    })
    // A page in its own window is asked about there. One that was ended has no prompts any more.
    this.prompts = new Prompts(shell, ({ origin }) =>
      origin === "page" ? !this.page.broken && (this.own || !this.page.away) : !this.own,
    )
    this.extension = new Extension(shell, {
      page: this.page,
      setTarget: (target) => (this.target.current = target),
      began: (id) => this.selection.select(id),
      opened: (what) => this.settings.setExtension(what),
    })
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

  async begin(): Promise<void> {
    this.trouble = undefined
    try {
      const bootstrap = await this.#shell.ask("bootstrap", {})
      this.version = bootstrap.version
      this.examples = bootstrap.examples
      this.#machine = bootstrap.machine
      this.demoExtension = bootstrap.demo_extension
      this.bootstrapTrouble = bootstrap.trouble
      this.settings.load(bootstrap.settings)
      this.extension.what = bootstrap.settings.extension ?? ""
      this.output.lines.setWrap(bootstrap.settings.reading.wrap)
      this.target.load(bootstrap.target, bootstrap.demo)
      const first = bootstrap.settings.saved[0] ?? bootstrap.examples[0]
      if (first) this.composer.load(first.composed)
      this.open = true
    } catch (thrown) {
      this.trouble = trouble(thrown)
      return
    }
    void this.timeline.watch()
    void this.page.find()
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
    this.composer.load(saved.composed)
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

  /** Chooses a view. One that has no lines to search closes the search. */
  choose(chosen: Chosen): void {
    if (!isLines(chosen) && chosen !== "pretty") this.search.close()
    else if (this.search.only) this.search.showOnly(false)
    this.output.choose(chosen)
    this.#lookAtRows()
  }

  /** Folds or unfolds: rows are other rows then. */
  fold(...args: Parameters<Output["fold"]>): void {
    this.marks.clear()
    void this.output.fold(...args)
  }

  raiseQuota(): void {
    this.settings.setQuota(this.disk.more)
  }

  #told(changes: Changes): void {
    this.disk.see(changes.disk)
    this.permissions.see(changes)
    this.prompts.see(changes.prompt, changes.waiting)
    this.#changed()
    this.search.see(changes.search)
    this.saving.see(changes.saving)
    this.page.see(changes.misses)
    if (!this.own) this.extension.see(changes.extension)
  }

  #changed(): void {
    this.clock.run(this.timeline.live.length > 0)
    if (this.timeline.isGone(this.selection.id)) {
      this.selection.select(undefined)
      return
    }
    this.detail.look(this.selection.id, this.selected)
    this.output.see(this.selected)
    this.pathFilter.look()
    this.search.look()
    this.#unmark()
  }

  /** Other rows are shown, or may be. */
  #lookAtRows(): void {
    this.search.look()
    this.#unmark()
  }

  /** Marks are of rows of one view of one Call. */
  #unmark(): void {
    const { row, view, edition, filterEdition } = this.output
    const of = `${row?.id} ${view} ${view === "hits" ? edition : ""} ${view === "filtered" ? filterEdition : ""}`
    if (of === this.#marked) return
    this.#marked = of
    this.marks.clear()
    this.copying.trouble = undefined
  }
}

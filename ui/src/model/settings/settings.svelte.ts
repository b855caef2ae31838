import type { Draft } from "../../ipc/generated/Draft"
import type { Environment } from "../../ipc/generated/Environment"
import type { Folder } from "../../ipc/generated/Folder"
import type { Fonts } from "../../ipc/generated/Fonts"
import type { Reading } from "../../ipc/generated/Reading"
import type { Runtime } from "../../ipc/generated/Runtime"
import type { SavedDraft } from "../../ipc/generated/SavedDraft"
import type { Settings as Remembered } from "../../ipc/generated/Settings"
import type { Splits } from "../../ipc/generated/Splits"
import type { Target } from "../../ipc/generated/Target"
import type { TimelineColumns } from "../../ipc/generated/TimelineColumns"
import type { Theme } from "../../ipc/generated/Theme"
import type { Timeouts } from "../../ipc/generated/Timeouts"
import type { Opened } from "../../ipc/generated/Opened"
import type { Recent } from "../../ipc/generated/Recent"
import { USUAL } from "../window/splits"
import { withOpened } from "../window/recent"
import { trouble, type Shell, type Trouble } from "../../ipc/shell"

/** How long a pause in typing is. */
const TYPING_MS = 400

/**
 * What is remembered from one start to the next. Written at once: the window may be closed at any
 * moment. One write is in flight; what changes meanwhile is the next one.
 */
export class Settings {
  theme = $state<Theme>("system")
  splits = $state.raw<Splits>({
    composer: USUAL.composer,
    bottom: USUAL.bottom,
    collapsed: false,
    side_collapsed: false,
  })
  runtime = $state<Runtime>("docker-desktop")
  saved = $state.raw<readonly SavedDraft[]>([])
  reading = $state.raw<Reading>({ wrap: false, ansi: true, times: "start" })
  /** The columns of the timeline. */
  columns = $state.raw<TimelineColumns>({ widths: {}, hidden: [] })
  /** What was inspected before, the last one first. */
  recent = $state.raw<readonly Recent[]>([])
  /** The size of the window's content, in percent. */
  zoom = $state(100)
  /** How much of the disk outputs may take; the shell's own limit when absent. */
  quota = $state<number>()
  /** Whether calls are kept for later starts. */
  history = $state(true)
  /** What the console's editor holds; its first example when absent. */
  console = $state<string>()
  /** The folder of the extension that was opened last. */
  extension = $state<string>()
  /** Development servers that pages come from, by the folder or image of their extension. */
  servers = $state.raw<Readonly<Record<string, string>>>({})
  /** The folders of what is saved. */
  folders = $state.raw<readonly Folder[]>([])
  /** Named sets of variables, and the name of the one that is used. */
  environments = $state.raw<readonly Environment[]>([])
  environment = $state<string>()
  fonts = $state.raw<Fonts>({ system: false, ui_px: 13, mono_px: 12 })
  timeouts = $state.raw<Timeouts>({ connect_ms: 5_000, response_ms: 0 })
  /** The docker context that is used where none is named; the docker CLI's own when absent. */
  engine = $state<string>()
  trouble = $state.raw<Trouble>()

  #target: Target | undefined
  #shell: Shell
  #writing: Promise<void> | undefined
  #changed = false
  #typing: ReturnType<typeof setTimeout> | undefined

  constructor(shell: Shell) {
    this.#shell = shell
  }

  load(remembered: Remembered): void {
    this.theme = remembered.theme
    this.runtime = remembered.runtime
    this.splits = remembered.splits
    this.saved = remembered.saved
    this.reading = remembered.reading
    this.columns = remembered.columns
    this.recent = remembered.recent
    this.zoom = remembered.zoom ?? 100
    this.quota = remembered.quota
    this.history = remembered.history ?? true
    this.console = remembered.console
    this.extension = remembered.extension
    this.servers = remembered.servers
    this.#target = remembered.target
    this.folders = remembered.folders
    this.environments = remembered.environments
    this.environment = remembered.environment
    this.fonts = remembered.fonts
    this.timeouts = remembered.timeouts
    this.engine = remembered.engine
  }

  /** When the shell knows all that was changed so far. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Changes folders and what is in them. */
  setSaved(folders: readonly Folder[], saved: readonly SavedDraft[] = this.saved): void {
    this.folders = folders
    this.saved = saved
    void this.#keep()
  }

  /** Changes environments, and which one is used. */
  setEnvironments(environments: readonly Environment[], active: string | undefined): void {
    this.environments = environments
    this.environment = environments.some(({ name }) => name === active) ? active : undefined
    void this.#keep()
  }

  setFonts(fonts: Fonts): void {
    this.fonts = fonts
    void this.#keep()
  }

  setTimeouts(timeouts: Timeouts): void {
    this.timeouts = timeouts
    void this.#keep()
  }

  setEngine(engine: string | undefined): void {
    this.engine = engine
    void this.#keep()
  }

  /** Forgets what was opened before. What the user saved or set stays. */
  forgetUse(): void {
    this.recent = []
    this.extension = undefined
    this.servers = {}
    void this.#keep()
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    void this.#keep()
  }

  setRuntime(runtime: Runtime): void {
    this.runtime = runtime
    void this.#keep()
  }

  setColumns(columns: TimelineColumns): void {
    this.columns = columns
    void this.#keep()
  }

  setSplits(splits: Splits): void {
    this.splits = splits
    void this.#keep()
  }

  setZoom(zoom: number): void {
    this.zoom = zoom
    void this.#keep()
  }

  remember(opened: Opened): void {
    this.recent = withOpened(this.recent, opened, Date.now())
    void this.#keep()
  }

  forgetRecent(): void {
    this.recent = []
    void this.#keep()
  }

  setTarget(target: Target): void {
    this.#target = target
    void this.#keep()
  }

  setReading(reading: Reading): void {
    this.reading = reading
    void this.#keep()
  }

  /** Typed text is written when a pause is made: not at every letter. */
  setConsole(code: string): void {
    this.console = code
    clearTimeout(this.#typing)
    this.#typing = setTimeout(() => void this.#keep(), TYPING_MS)
  }

  setExtension(folder: string): void {
    this.extension = folder
    void this.#keep()
  }

  /** Where the page of an extension comes from: its files when absent. */
  setServer(extension: string, server?: string): void {
    const others = Object.entries(this.servers).filter(([name]) => name !== extension)
    this.servers = Object.fromEntries(server === undefined ? others : [...others, [extension, server]])
    void this.#keep()
  }

  setQuota(quota: number): void {
    this.quota = quota
    void this.#keep()
  }

  setHistory(history: boolean): void {
    this.history = history
    void this.#keep()
  }

  /** Puts it at the end, or in the place of the one of the same name. */
  save(name: string, composed: Draft): void {
    const at = this.saved.findIndex((saved) => saved.name === name)
    const before = this.saved[at]
    this.saved =
      before === undefined
        ? [...this.saved, { name, composed }]
        : this.saved.with(at, { ...before, composed })
    void this.#keep()
  }

  /** Puts it at a place among the others. */
  insert(at: number, saved: SavedDraft): void {
    this.saved = this.saved.toSpliced(at, 0, saved)
    void this.#keep()
  }

  remove(name: string): void {
    this.saved = this.saved.filter((saved) => saved.name !== name)
    void this.#keep()
  }

  /** Gives it another name, which no other one has; false when it is taken or empty. */
  rename(name: string, to: string): boolean {
    const wanted = to.trim()
    if (wanted === name) return true
    if (wanted === "" || this.saved.some((saved) => saved.name === wanted)) return false
    this.saved = this.saved.map((saved) => (saved.name === name ? { ...saved, name: wanted } : saved))
    void this.#keep()
    return true
  }

  async #keep(): Promise<void> {
    this.#changed = true
    if (this.#writing !== undefined) return
    this.#writing = this.#writeAll()
    await this.#writing
    this.#writing = undefined
  }

  async #writeAll(): Promise<void> {
    while (this.#changed) {
      this.#changed = false
      await this.#write()
    }
  }

  async #write(): Promise<void> {
    const { theme, splits, reading, columns, runtime, fonts, timeouts } = this
    const settings: Remembered = {
      theme,
      splits,
      reading,
      columns,
      runtime,
      saved: [...this.saved],
      recent: [...this.recent],
      servers: { ...this.servers },
      folders: [...this.folders],
      environments: [...this.environments],
      fonts,
      timeouts,
    }
    if (this.environment !== undefined) settings.environment = this.environment
    if (this.engine !== undefined) settings.engine = this.engine
    if (this.zoom !== 100) settings.zoom = this.zoom
    if (this.quota !== undefined) settings.quota = this.quota
    if (!this.history) settings.history = false
    if (this.console !== undefined) settings.console = this.console
    if (this.extension !== undefined) settings.extension = this.extension
    if (this.#target !== undefined) settings.target = this.#target
    try {
      await this.#shell.ask("save_settings", { settings })
      this.trouble = undefined
    } catch (thrown) {
      this.trouble = trouble(thrown)
    }
  }
}
